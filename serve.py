"""The class server: the app with a warm start, probes, metrics, security headers, structured logs, an orderly end.

    python serve.py

It listens on all interfaces, port 8501, and offers the bundled model alone. docs/class-server.md tells what can be
set, and what it answers and logs. ``app`` is the ASGI application, for another ASGI server than this one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from server import logs, options
from server.application import Application

logs.configure()
app = Application(
    Path(__file__).resolve().parent / "app.py",
    options.read(sys.argv[1:] if __name__ == "__main__" else ()),
)

if __name__ == "__main__":
    from server.listening import serve_and_exit

    serve_and_exit(app)
