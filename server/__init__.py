"""What a class server adds to the app: a warm start, probes, metrics, headers, logs, an orderly end. See serve.py."""
