"""The class server: the app with a warm start, probes, metrics, security headers, JSON logs, a clean shutdown.

    python serve.py

By default it listens on all interfaces, port 8501, and offers only the bundled model. ``python serve.py --help`` shows
its options, docs/reference/server.md its variables, answers and logs. ``app`` is the ASGI application, for other ASGI
servers.
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

    # Before the rest is imported, since it may be --help.
    given = options.read(sys.argv[1:] if __name__ == "__main__" else ())
    from server.application import Application

    return Application(Path(__file__).resolve().parent / "app.py", given)


if __name__ == "__main__":
    try:
        app = _application()
        from server.listening import serve_and_exit
    except KeyboardInterrupt:  # while it is imported
        from core.command_line.status import INTERRUPTED
        from server import terminal

        terminal.say_stopped()
        sys.exit(INTERRUPTED)
    serve_and_exit(app)
else:
    app = _application()
