"""Which session a connection belongs to: Streamlit decides it once the connection has been accepted."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Connection:
    """A websocket: the address that it is counted for, and the id of its session, once it is known."""

    address: str
    session: str | None = None


# The connection whose task this is. ``streamlit_patches.tell_connections_of_sessions`` sets its session.
current: ContextVar[Connection | None] = ContextVar("current", default=None)
