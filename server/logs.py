"""Logs: one JSON object per line on standard output; on a terminal, warnings and errors as plain lines.

No line contains anything that a user wrote.

The text of a line is a string literal of the source code; only numbers may be formatted into it. A text that was built
at run time may quote a user, and so may the message of an exception. For these, only the type and the place in the code
are logged. Our own values are logged as fields: ``log.info("ready", extra=fields(seconds=3.2))``.
"""

from __future__ import annotations

import ast
import io
import json
import logging
import sys
import threading
import traceback
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parent.parent
WITHHELD = "message withheld: it was put together at run time and may quote a user"
_OURS = ("serve", "server", "engine", "core", "ui")
_FIELDS = "_fields"

_log = logging.getLogger(__name__)


def fields(**values: str | float | int | bool | None) -> dict[str, Any]:
    """Fields of a log line, for the argument ``extra``. They must not contain a user's text."""
    return {_FIELDS: values}


def configure(stream: TextIO | None = None) -> None:
    """Send all logs of this process, and uncaught errors of threads, through one handler.

    Call it before libraries are imported: an existing logger loses its current handlers, but may get new ones.
    """
    out = stream or sys.stdout
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(encoding="utf-8")  # as JSON has to be, on Windows too
    handler = logging.StreamHandler(out)
    handler.setFormatter(PlainLines() if out.isatty() else JsonLines())
    handler.addFilter(_is_worth_a_line)
    if out.isatty():
        handler.setLevel(logging.WARNING)  # what somebody must see; the rest is for programs that collect logs
    logging.basicConfig(handlers=[handler], force=True)
    logging.setLogRecordFactory(SafeRecord)
    logging.setLoggerClass(BareLogger)
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):  # not a placeholder for a parent
            logger.handlers, logger.propagate = [], True
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    warnings.showwarning = _on_warning  # type: ignore[assignment]  # the remaining arguments have no names here
    sys.unraisablehook = lambda info: _log_uncaught("error that could not be raised", info.exc_value)
    threading.excepthook = lambda info: _log_uncaught("uncaught error in a thread", info.exc_value)


def log_fatal_errors() -> None:
    """Also log the error that ends the process. Before users connect, Python's own traceback is more helpful."""
    sys.excepthook = lambda kind, error, trace: _log_uncaught("uncaught error", error)


class BareLogger(logging.Logger):
    """A logger without handlers. It always passes its records to the root, whatever its library sets."""

    propagate = property(lambda self: True, lambda self, value: None)

    def addHandler(self, hdlr: logging.Handler) -> None:  # noqa: N802
        """Ignore the handler: a library may add one long after the start."""


class SafeRecord(logging.LogRecord):
    """A log record that contains only what may be logged, so that no handler can print more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._event = event_of(self)
        self._error = describe(self.exc_info[1]) if self.exc_info and self.exc_info[1] else None
        self.msg, self.args, self.exc_info, self.stack_info = self._event or WITHHELD, None, None, None


class JsonLines(logging.Formatter):
    """Format a record as one line of JSON: time (UTC), level, logger, event, then fields, place and error."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. It contains no line break, and does not end with one."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": (event := getattr(record, "_event", None)) or WITHHELD,
            **getattr(record, _FIELDS, {}),
        }
        if event is None or record.levelno >= logging.WARNING:
            line["place"] = f"{short_path(record.pathname)}:{record.lineno}"
        if error := getattr(record, "_error", None):
            line["error"] = error
        return json.dumps(line, ensure_ascii=False)


class PlainLines(logging.Formatter):
    """Format a record as one line for people: time (of this computer), level, event, then fields and error."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. It contains no line break, and does not end with one."""
        event = getattr(record, "_event", None) or WITHHELD
        said = [f"{name}: {value}" for name, value in getattr(record, _FIELDS, {}).items()]
        if error := getattr(record, "_error", None):
            said += [error["type"], *error["places"][-1:]]
        more = f" ({'; '.join(said)})" if said else ""
        clock = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        return f"{clock} {record.levelname.lower()}: {event}{more}"


def event_of(record: logging.LogRecord) -> str | None:
    """A record's text, with its numbers, if it is a literal of its source file; None if it was built at run time."""
    if not isinstance(record.msg, str) or record.msg not in _literals_or_none(record.pathname):
        return None
    text = record.msg
    if isinstance(record.args, tuple) and all(isinstance(value, int | float) for value in record.args):
        with suppress(TypeError, ValueError):  # wrong arguments: the text is logged without them
            text = record.getMessage()
    return " ".join(text.split())


def describe(error: BaseException, causes: int = 5) -> dict[str, Any]:
    """The type of an error and its places in the code, innermost last. Its message is left out: it may quote a user."""
    kind = type(error)
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{short_path(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    description: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}", "places": places[-25:]}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and causes > 0:
        description["cause"] = describe(cause, causes - 1)
    return description


def short_path(path: str) -> str:
    """The path of a source file relative to the project or to the packages; for any other file, only its name."""
    file, parts = Path(path), Path(path).parts
    if file.is_relative_to(ROOT):
        return file.relative_to(ROOT).as_posix()
    return "/".join(parts[parts.index("site-packages") + 1 :]) if "site-packages" in parts else file.name


def _literals_or_none(path: str) -> frozenset[str]:
    """All string literals of a source file; none while it cannot be read, as without a free descriptor."""
    try:
        return _literals(path)
    except OSError:
        return frozenset()


@lru_cache(maxsize=256)
def _literals(path: str) -> frozenset[str]:
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (SyntaxError, ValueError):
        return frozenset()
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(value for value in constants if isinstance(value, str))


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """True for our own records, and for warnings and errors of libraries."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in _OURS


def _on_warning(_: object, category: type[Warning], filename: str, lineno: int, *__: object, **___: object) -> None:
    _log.warning("Python warning", extra=fields(kind=category.__name__, at=f"{short_path(filename)}:{lineno}"))


def _log_uncaught(event: str, error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit | KeyboardInterrupt):
        _log.error(event, exc_info=error)
