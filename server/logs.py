"""Logs: one JSON object a line on standard output, with nothing in it that a user wrote.

A line's text is one that is written in a program's source, with numbers put into it at most. A text that was put
together at run time may quote somebody, and so may an exception's message: of those, only the type and the place
in the code are told. What we want told of ourselves comes as fields:

    log = logging.getLogger(__name__)
    log.info("ready", extra=fields(seconds=3.2))
"""

from __future__ import annotations

import ast
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
from types import TracebackType
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parent.parent
WITHHELD = "message withheld: it was put together at run time and may quote a user"
_OURS = ("serve", "server", "core", "ui")
_FIELDS = "_fields"
_PLACES = 25
_CAUSES = 5

_log = logging.getLogger(__name__)


def fields(**values: str | float | int | bool | None) -> dict[str, Any]:
    """What goes to ``extra``: fields of a line of ours. No user's text belongs here."""
    return {_FIELDS: values}


def configure(stream: TextIO | None = None) -> None:
    """Send all logs of this process through one handler, and what threads would print of their accord.

    Libraries give their loggers handlers of their own, some of them long after the start. So it is not those that
    are replaced, one by one, but the step at which any logger looks for its handlers.
    """
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonLines())
    handler.addFilter(_is_worth_a_line)

    def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
        handler.handle(record)

    logging.Logger.callHandlers = call_handlers  # type: ignore[assignment, method-assign]
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    warnings.showwarning = _show_warning
    sys.unraisablehook = lambda info: _tell_uncaught("error that could not be raised", info.exc_value)
    threading.excepthook = lambda info: _tell_uncaught("uncaught error in a thread", info.exc_value)


def withhold_last_words() -> None:
    """Log the error that ends the process, too. Until users come, Python's own way tells more."""
    sys.excepthook = _on_uncaught


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, event; then its fields, place and error."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a line break in or after it."""
        event = event_of(record)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": event or WITHHELD,
            **getattr(record, _FIELDS, {}),
        }
        if event is None or record.levelno >= logging.WARNING:
            line["place"] = f"{short_path(record.pathname)}:{record.lineno}"
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def event_of(record: logging.LogRecord) -> str | None:
    """A record's text where its source has it word for word; None where it was put together at run time.

    Arguments are put in only if all of them are numbers.
    """
    if not isinstance(record.msg, str) or record.msg not in _literals(record.pathname):
        return None
    text = record.msg
    if record.args and isinstance(record.args, tuple) and all(isinstance(value, int | float) for value in record.args):
        with suppress(TypeError, ValueError):  # arguments that do not fit: the text is told without them
            text = record.getMessage()
    return " ".join(text.split())


def describe(error: BaseException, causes: int = _CAUSES) -> dict[str, Any]:
    """An error's type and where it came from, innermost last; never its message, which may quote a user."""
    kind = type(error)
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{short_path(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    told: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}", "places": places[-_PLACES:]}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and causes > 0:
        told["cause"] = describe(cause, causes - 1)
    return told


def short_path(path: str) -> str:
    """A source file's path below the project or the packages; of any other file, only the name."""
    file = Path(path)
    if file.is_relative_to(ROOT):
        return file.relative_to(ROOT).as_posix()
    parts = file.parts
    return "/".join(parts[parts.index("site-packages") + 1 :]) if "site-packages" in parts else file.name


@lru_cache(maxsize=256)
def _literals(path: str) -> frozenset[str]:
    """Every text that is written out in a source file; none where there is no such file, as in a frozen module."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(value for value in constants if isinstance(value, str))


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Of libraries, only warnings and errors."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in _OURS


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
) -> None:
    _log.warning("Python warning", extra=fields(kind=category.__name__, at=f"{short_path(filename)}:{lineno}"))


def _on_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    _tell_uncaught("uncaught error", error)


def _tell_uncaught(event: str, error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        _log.error(event, exc_info=error)
