"""board: what the classes of a server have posted: list it, save it, clear it."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from core.command_line.files import check_files
from core.command_line.parser import Parser, add_value
from core.command_line.status import UsageError, typed
from core.command_line.tables import add_table_options, aligned, aligned_table, wanted_table, write_table
from core.errors import UserError
from core.records.replication import class_code
from core.report.board import board_table, time_of

DOES = "List, save or clear what the classes of a server have posted on their board."
EXAMPLES = (
    ("All classes, with their numbers of seats, studies and effects", "{prog} board"),
    ("The studies of one class", "{prog} board --class meadow-7b"),
    ("After the course: save a class, then clear it", "{prog} board --class meadow-7b --out meadow.csv --clear --yes"),
)
_SHOWN = 12  # characters of a digest on a terminal: enough to tell classes apart


def add(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("board", help=DOES, does=DOES, examples=EXAMPLES)
    parser.set_defaults(command=board)
    about = "only this class; a code is not kept, so that lists show a digest of it"
    add_value(parser, "--class", dest="class_code", metavar="CODE", help=about, default="all classes")
    add_table_options(parser.add_argument_group("Save the effects"))
    group = parser.add_argument_group("Clear")
    about = "remove the effects; with --out, once they are saved (default: no)"
    group.add_argument("--clear", action="store_true", help=about)
    group.add_argument("--yes", action="store_true", help="do not ask before --clear (default: no)")
    parser.add_other_options()


def board(options: argparse.Namespace) -> None:
    """List the classes or the studies of one; or save and clear their effects, in this order."""
    keeps, wanted = options.board, wanted_table(options)
    if options.yes and not options.clear:
        raise UsageError("--yes is for --clear.")
    if wanted:
        check_files(options, [wanted])
    with typed():
        code = None if options.class_code is None else class_code(options.class_code)
    if not wanted and not options.clear:
        options.output.show(_classes(keeps.classes()) if code is None else _studies(keeps.studies(code), code))
        return
    effects = keeps.kept(code)
    if not effects:  # a file with a header only could replace the sole copy of what was cleared
        raise _nothing(code)
    if options.clear:  # asked before a file is written, which may replace another
        _ask(options, len(effects), code)
    if wanted:
        table = board_table((each.digest, each.study, each.effect) for each in effects)
        write_table(options.output, wanted, table, lambda: aligned_table(table), f"{len(effects):,} effects")
    if options.clear:
        # What has come since is in no file, and stays.
        removed = keeps.clear(code, max((each.effect.at for each in effects), default=0.0))
        options.output.show(f"{removed:,} effects removed.")


def _ask(options: argparse.Namespace, n_effects: int, code: str | None) -> None:
    """Ask whether to clear; UsageError if there is nobody to ask, or if the answer is not yes."""
    whose = "all classes" if code is None else f"class {code}"
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"--clear removes {n_effects:,} effects of {whose}: give --yes, too.")
    print(f"Remove {n_effects:,} effects of {whose}? Type yes: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise UsageError("Nothing was removed: the answer was not yes.")


def _nothing(code: str | None) -> UserError:
    """What is said where there is nothing to list, save or clear."""
    return UserError("The board is empty." if code is None else "The class has nothing on the board.")


def _classes(classes: tuple[Any, ...]) -> str:
    """The classes, aligned."""
    if not classes:
        return str(_nothing(None))
    rows = [
        (each.digest[:_SHOWN], f"{each.n_seats:,}", f"{each.n_studies:,}", f"{each.n_effects:,}", time_of(each.at))
        for each in classes
    ]
    return aligned(("class", "seats", "studies", "effects", "newest"), rows, left=("class",))


def _studies(studies: tuple[Any, ...], code: str) -> str:
    """The studies of a class, aligned."""
    if not studies:
        return str(_nothing(code))
    rows = [(each.study, f"{each.n_effects:,}", time_of(each.at)) for each in studies]
    return aligned(("study", "effects", "newest"), rows, left=("study",))
