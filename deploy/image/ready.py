"""Whether the server in this container is ready: exit status 0 if it is, 1 if not. For health checks.

    python -I -S ready.py

It needs no shell, no curl and none of the app's libraries, and asks no proxy that the environment may name.
"""

from __future__ import annotations

import http.client
import os
import sys


def main() -> int:
    """Ask the server at the loopback address. Any error means that it is not ready."""
    port = int(os.environ.get("STREAMLIT_SERVER_PORT", "8501"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/readyz")
        return int(connection.getresponse().status != 200)
    except (OSError, http.client.HTTPException) as error:
        print(f"127.0.0.1:{port} does not answer: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
