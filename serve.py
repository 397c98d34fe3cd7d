"""The class server: the app with a warm start, probes, metrics, security headers, JSON logs, a clean shutdown.

    python serve.py

By default it listens on all interfaces, port 8501, and offers only the bundled model. docs/reference/server.md has its
settings, answers and logs. ``app`` is the ASGI application, for other ASGI servers.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from server import logs

if TYPE_CHECKING:
    from server.application import Application


def _application() -> Application:
    """Make the application. Logs are configured first, so that no library sets up its own."""
    logs.configure()
    from server import options
    from server.application import Application

    arguments = sys.argv[1:] if __name__ == "__main__" else ()
    return Application(Path(__file__).resolve().parent / "app.py", options.read(arguments))


app = _application()

if __name__ == "__main__":
    from server.listening import serve_and_exit

    serve_and_exit(app)
