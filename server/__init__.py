"""What a class server adds to the app: warm start, probes, metrics, headers, logs, shutdown. See serve.py."""
