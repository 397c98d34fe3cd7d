"""One sentence for what a database can say or fail to say: for a page, without a name, an address or a password."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_BUSY = "The class board is busy: others have held it for some seconds."
_FULL = "The class board takes nothing more: the disk that it is on is full."
_REFUSED = "The class board cannot be written: this server has no right to write where it is kept."
_DAMAGED = "The class board's file is damaged or is none: whoever runs this server has to move it away."
_UNREACHABLE = "The class board's database cannot be reached now."
_NO_ENTRY = "The class board's database refuses the user or the password of this server."
_UNKNOWN = "The class board does not answer as it should; the server's log has the kind of error."

# By the beginning of SQLite's name of an error.
_OF_SQLITE = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_PROTOCOL": _BUSY,
    "SQLITE_FULL": _FULL,
    "SQLITE_IOERR": _FULL,
    "SQLITE_READONLY": _REFUSED,
    "SQLITE_CANTOPEN": _REFUSED,
    "SQLITE_PERM": _REFUSED,
    "SQLITE_AUTH": _REFUSED,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
}
# By the beginning of PostgreSQL's code of an error (its documentation, appendix A).
_OF_POSTGRESQL = {
    "55P03": _BUSY,  # a lock was not free in time
    "57014": _BUSY,  # a statement took too long
    "40": _BUSY,  # a transaction had to be given up
    "53100": _FULL,
    "25006": _REFUSED,  # a transaction that may only read
    "42501": _REFUSED,
    "28": _NO_ENTRY,
    "53300": _UNREACHABLE,  # too many connections
    "57P": _UNREACHABLE,  # it shuts down, or starts
    "08": _UNREACHABLE,
}


@dataclass(frozen=True)
class Refusal:
    """Why a database did not do what was asked: a sentence for a page, and a short reason for the log."""

    sentence: str
    reason: str


class Unreachable(Refusal):
    """Nobody was there, or nobody who would speak to this server."""


def refusal(error: SQLAlchemyError | OSError) -> Refusal:
    """What to say of an error.

    Examples
    --------
    >>> refusal(OSError(28, "No space left on device")).sentence
    'The class board takes nothing more: the disk that it is on is full.'
    """
    if isinstance(error, TimeoutError | PoolTimeoutError):  # of a lock's file, or of the pool of connections
        return Refusal(_BUSY, "waited in vain")
    if isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return Refusal(_FULL if full else _REFUSED, errno.errorcode.get(error.errno or 0, "OSError"))
    original = error.orig if isinstance(error, DBAPIError) else error
    if name := getattr(original, "sqlite_errorname", ""):
        return Refusal(_first(_OF_SQLITE, name), name)
    if state := getattr(original, "sqlstate", ""):
        sentence = _first(_OF_POSTGRESQL, state)
        return (Unreachable if sentence in (_NO_ENTRY, _UNREACHABLE) else Refusal)(sentence, f"SQLSTATE {state}")
    if type(original).__module__.startswith("psycopg") and type(original).__name__ == "OperationalError":
        return _no_connection(str(original))
    return Refusal(_UNKNOWN, type(original).__name__)


def _no_connection(message: str) -> Refusal:
    """There was no connection, or it has ended. libpq has no code for why, but an English sentence."""
    refused = "password authentication failed" in message or "no password supplied" in message
    return Unreachable(_NO_ENTRY if refused else _UNREACHABLE, "password" if refused else "no connection")


def is_missing_table(error: DBAPIError) -> bool:
    """Whether a table was asked for that is not there."""
    return getattr(error.orig, "sqlstate", None) == "42P01" or str(error.orig).startswith("no such table")


def _first(known: dict[str, str], name: str) -> str:
    return next((sentence for begin, sentence in known.items() if name.startswith(begin)), _UNKNOWN)
