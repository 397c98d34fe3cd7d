"""Files that a command writes: checked before the work, written after it. A hyphen is standard output."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.command_line.inputs import STDIN, files_read
from core.command_line.output import STDOUT, Output
from core.command_line.parser import add_value
from core.command_line.status import UsageError

# What the ending of a file's name says that it holds.
_ENDINGS = {
    ".csv": "csv",
    ".json": "json",
    ".parquet": "parquet",
    ".html": "html",
    ".htm": "html",
    ".ipynb": "notebook",
}
_CALLED = {"csv": "CSV", "json": "JSON", "parquet": "Parquet", "html": "HTML", "notebook": "a notebook"}


@dataclass(frozen=True)
class Written:
    """A file to write: the flag that names it, its name, and what it holds, such as ``csv``."""

    flag: str
    file: str
    holds: str


def add_output(group: Any, flag: str, holds: str, **more: Any) -> None:
    """Add an option that names a file to write, and what it will hold: ``outputs_of`` finds those that were given."""
    action = add_value(group, flag, **{"metavar": "FILE", **more})
    group.set_defaults(written=(*(group.get_default("written") or ()), (action.dest, flag, holds)))


def outputs_of(options: argparse.Namespace) -> list[Written]:
    """The files that a command writes beside its table (``core.command_line.tables.wanted_table``)."""
    added = vars(options).get("written", ())
    return [Written(flag, file, holds) for name, flag, holds in added if (file := getattr(options, name)) is not None]


def files_written(options: argparse.Namespace) -> list[str]:
    """The files that a command writes, and a hyphen for each that is standard output."""
    out, form = (vars(options).get(name) for name in ("out", "format"))
    table = [STDOUT if out is None else out] if (out, form) != (None, None) else []
    return [*table, *(each.file for each in outputs_of(options))]


def check_files(options: argparse.Namespace, wanted: Sequence[Written]) -> None:
    """Raise UsageError if a result cannot be written as it is asked for: said now, not after the work."""
    outputs = [each for each in wanted if each.file == STDOUT]
    if len(outputs) > 1:
        flags = " and ".join(each.flag for each in outputs)
        raise UsageError(f"{flags} both write to standard output: only one can be “-”.")
    for each in wanted:
        if "\0" in each.file:
            raise UsageError(f"{each.flag} has a character that no name of a file has.")
        if each.file != STDOUT:
            _check_ending(each)
            _check_place(Path(each.file))
    _check_different(wanted, files_read(options))


def _check_ending(each: Written) -> None:
    """Refuse a name that says that the file holds something else."""
    ending = Path(each.file).suffix.lower()
    says = _ENDINGS.get(ending)
    if says is not None and says != each.holds:
        called = _CALLED.get(each.holds, f"a {each.holds}")
        raise UsageError(f"{each.flag} writes {called}, but {each.file} ends with {ending}: give it another name.")


def _check_place(file: Path) -> None:
    if not file.parent.is_dir():
        raise UsageError(f"There is no folder {file.parent} to write {file} to.")
    if file.is_dir():
        raise UsageError(f"{file} is a folder; the name of a file is expected.")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise UsageError(f"{file} cannot be written: no permission, or a read-only disk.")


def _check_different(wanted: Sequence[Written], read: Mapping[str, list[str]]) -> None:
    """Refuse a file that two results are written to, or that is read, too."""
    files = ((flag, file) for flag, names in read.items() for file in names if file != STDIN and "\0" not in file)
    seen = {os.path.realpath(file): flag for flag, file in files}
    for each in wanted:
        path = os.path.realpath(each.file)
        if each.file == STDOUT or (os.path.exists(path) and not os.path.isfile(path)):
            continue  # a pipe or a screen takes several
        if path in seen:
            raise UsageError(f"{seen[path]} and {each.flag} are the same file, {each.file}: give another name.")
        seen[path] = each.flag


def write_text(output: Output, file: str | None, make: Callable[[], str], what: str, *, mark: bool = False) -> None:
    """Write a result to its file, if one was given, and say so. With ``mark``, a byte-order mark is before it.

    A spreadsheet knows by the mark that a CSV file is UTF-8. A pipe gets none: other tools take it for a letter.
    """
    if file is None:
        return
    if file == STDOUT:
        output.clear_line()
        if output.result_on_stdout and not output.quiet and sys.stdout.isatty():
            print(file=sys.stderr)  # between a summary and a table on one screen
        text = make()
        with _writing("Standard output"):
            sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
            sys.stdout.flush()
        return
    path = Path(file)
    # /dev/stdout and its like are a pipe or the screen
    encoding = "utf-8-sig" if mark and (path.is_file() or not path.exists()) else "utf-8"
    text = make()
    with _writing(file):
        path.write_text(text, encoding=encoding)
    output.wrote(what, file)


def write_bytes(output: Output, file: str, make: Callable[[], bytes], what: str) -> None:
    """As ``write_text``, of bytes."""
    content = make()
    if file == STDOUT:
        output.clear_line()
        with _writing("Standard output"):
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        return
    with _writing(file):
        Path(file).write_bytes(content)
    output.wrote(what, file)


@contextmanager
def _writing(file: str) -> Iterator[None]:
    """Name the file where writing fails, as on a full disk: the system's error has no name then."""
    try:
        yield
    except BrokenPipeError:  # no mistake: its reader has seen enough
        raise
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from error
