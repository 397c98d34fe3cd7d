"""Prometheus metrics of a server. ``serve.py`` serves them at ``/metrics``.

No label contains a user's word, text, file name or link.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

SESSIONS = Gauge("grammar_neurons_sessions", "Browser sessions that are connected now")
MODEL_LOADS = Counter("grammar_neurons_model_loads", "Models loaded into memory since the start")
FORWARD_PASSES = Counter("grammar_neurons_forward_passes", "Forward passes since the start", ["kind"])  # words, text
QUEUE_LENGTH = Gauge("grammar_neurons_queue_length", "Readings and calculations that wait for their turn now")
CACHE_REQUESTS = Counter(
    "grammar_neurons_cache_requests",
    "What was asked for, by where it was kept and whether it was there",
    ["cache", "outcome"],  # outcome: hit, miss, wait (somebody else's work was already under way)
)
SECONDS = Histogram(
    "grammar_neurons_operation_seconds", "Seconds that one piece of work took", ["operation"], buckets=_BUCKETS
)
READY = Gauge("grammar_neurons_ready", "1 once the warm start is done and until the server begins to stop, else 0")
SCRIPT_ERRORS = Counter("grammar_neurons_script_errors", "Runs of a page that ended in an error, since the start")
REFUSED = Counter(
    "grammar_neurons_refused", "What was refused, closed or slowed down to protect others, since the start", ["what"]
)
