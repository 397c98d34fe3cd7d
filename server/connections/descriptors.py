"""File descriptors: as many as the system allows, and no more connections than these suffice for."""

from __future__ import annotations

import logging

from server.logs import fields

_log = logging.getLogger(__name__)

# A session has a socket and three more descriptors; none once its connection is gone (server/sessions/retained.py).
_A_SESSION = 4
_OTHER_FILES = 384  # libraries, mapped arrays, models, downloads, and the connections of the reserve
_LEAST = 16


def raise_descriptors() -> int | None:
    """Raise this process's limit of open files as far as it may, and return it; None where there is no such limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = soft
    if soft not in (hard, resource.RLIM_INFINITY):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            allowed = hard
        except (ValueError, OSError):  # macOS says "no limit", and does not allow it
            _log.warning("the limit of open files could not be raised", extra=fields(allowed=soft))
    _log.info("limit of open files", extra=fields(before=soft, allowed=allowed))
    return None if allowed == resource.RLIM_INFINITY else allowed


def connections_for(descriptors: int | None, wanted: int) -> int:
    """How many connections there may be with so many descriptors, if each is a session: at most as many as wanted.

    Examples
    --------
    >>> connections_for(20_000, 1_500), connections_for(1_024, 1_500), connections_for(None, 1_500)
    (1500, 160, 1500)
    """
    if descriptors is None:
        return wanted
    enough = max(_LEAST, (descriptors - _OTHER_FILES) // _A_SESSION)
    if enough < wanted:
        _log.warning("fewer connections than asked for, because of the limit of open files", extra=fields(most=enough))
    return min(wanted, enough)
