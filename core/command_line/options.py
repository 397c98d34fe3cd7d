"""What commands share: the options of a contrast, the loading of a model, and the line of progress."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.records import (
    ALL_TESTS,
    CAREFUL,
    CORRECTIONS,
    CUSTOM,
    DTYPES,
    FAMILIES,
    HOOK_SIDES,
    NOTEBOOK,
    POOLINGS,
    TESTS,
    UNITS,
    ContrastSpec,
)
from core.records.link import SIDES
from core.records.names import check_name

if TYPE_CHECKING:
    from core.models import LoadedModel

DTYPE_HELP = "the model's number format; bfloat16 takes half the memory, and rounds to 8 significant bits"
# Activations of more bytes than this become mapped files in the cache folder.
LARGE = 256_000_000
_shown = [""]  # the line of progress that is on the screen


def add_contrast_options(one: argparse.ArgumentParser) -> None:
    """Add an option for each field of a spec that a command line can give."""
    one.add_argument("--preset", choices=["notebook", "careful"], default="notebook")
    one.add_argument("--model", help="bundled, a hub id or a folder")
    one.add_argument("--dtype", choices=DTYPES, help=DTYPE_HELP)
    one.add_argument("--layer", type=int)
    one.add_argument("--target", help="the word class that a positive statistic favours")
    one.add_argument("--baseline", help="the word class that it is compared with")
    for side in SIDES:
        one.add_argument(f"--{side}-words", metavar="FILE", help=f"the {side}: a list of your own, one word a line")
        one.add_argument(f"--{side}-name", metavar="NAME", help="what that list is called in the output")
    one.add_argument("--words", type=int, metavar="N", help="words of each class, the most frequent first")
    one.add_argument("--n-target", type=int, metavar="N", help="words of the target, if not as many as of the baseline")
    one.add_argument("--n-baseline", type=int, metavar="N", help="words of the baseline")
    one.add_argument("--word-source", metavar="SOURCE", help="notebook, bundled, or a folder of lists")
    one.add_argument("--unit", choices=UNITS, help="what is compared: words, or the mean over each lemma's forms")
    one.add_argument("--test", choices=TESTS, help=" ".join(f"{name}: {one.about}" for name, one in ALL_TESTS.items()))
    one.add_argument("--correction", choices=CORRECTIONS, help="for many tests; max_t permutes, and takes longer")
    one.add_argument("--family", choices=FAMILIES, help="which tests are corrected together")
    one.add_argument("--alpha", type=float, help="an adjusted p of at most this is significant")
    one.add_argument("--seed", type=int, help="of max_t's random permutations, and of shuffled labels")
    one.add_argument("--pooling", choices=POOLINGS, help="over a word's tokens")
    one.add_argument(
        "--hook-side", "--side", dest="hook_side", choices=HOOK_SIDES, help="test before or after the nonlinearity"
    )
    one.add_argument("--leading-space", action=argparse.BooleanOptionalAction)
    one.add_argument("--prefix", action=argparse.BooleanOptionalAction, help="beginning-of-text token first")
    one.add_argument("--drop-shared", action=argparse.BooleanOptionalAction, help="drop words of both lists")
    one.add_argument("--shuffle-labels", action=argparse.BooleanOptionalAction, help="a control: deal words at random")


def spec_of(options: argparse.Namespace) -> ContrastSpec:
    """The preset's values, replaced where the command line gives others.

    Raises
    ------
    UserError
        A value is not allowed; a file of words cannot be read, or is no list; a name is for no list.
    """
    preset = CAREFUL if options.preset == "careful" else NOTEBOOK
    names = {item.name for item in fields(ContrastSpec)}
    given = {name: value for name, value in vars(options).items() if name in names and value is not None}
    lists = {side: _own_list(options, side) for side in SIDES}
    if options.words is not None:
        given = {"n_target": options.words, "n_baseline": options.words} | given
    elif ALL_TESTS[given.get("test", preset["test"])].paired:  # as many of the other class as the list has
        for side, other in (SIDES, SIDES[::-1]):
            if lists[side] and not lists[other]:
                given = {f"n_{other}": given.get(f"n_{side}", len(lists[side][f"{side}_words"]))} | given
    for side, of_list in lists.items():
        given = ({f"n_{side}": len(of_list[f"{side}_words"])} if of_list else {}) | given | of_list
    return ContrastSpec(**{**preset, **given})


def _own_list(options: argparse.Namespace, side: str) -> dict[str, Any]:
    """The fields of a spec for a list of one's own, with a note of what was changed in it; none without a list."""
    from core.words import custom_list
    from core.words.entries import written

    file, name = getattr(options, f"{side}_words"), getattr(options, f"{side}_name")
    word_class = getattr(options, side)
    if file is None:
        if name is not None:
            raise UserError(f"--{side}-name is “{name}”, but no list is given: --{side}-words FILE names its file.")
        if word_class == CUSTOM:
            raise UserError(f"--{side} is {CUSTOM}, but no list is given: --{side}-words FILE names its file.")
        return {}
    if word_class not in (None, CUSTOM):
        raise UserError(f"--{side} is “{word_class}”, and --{side}-words gives a list: leave one of them out.")
    if name is not None:
        check_name(f"--{side}-name", name)
    words = custom_list(_content(file), file)
    for note in words.notes:
        print(f"note: {file}: {note}", file=sys.stderr)
    return {side: CUSTOM, f"{side}_words": written(words.words, words.lemmas), f"{side}_name": name or ""}


def _content(file: str) -> bytes:
    """The bytes of a file of words; UserError if it cannot be read."""
    from core.words.entries import MAX_BYTES

    try:
        with open(file, "rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise cannot_be_read(f"The list {file!r}", error) from None
    if not content.strip():
        raise UserError(f"The list {file!r} is empty; one word a line is expected.")
    return content


def cannot_be_read(what: str, error: OSError | ValueError) -> UserError:
    """The mistake of a file that cannot be read. A ValueError is that of a path with a NUL."""
    return UserError(f"{what} cannot be read: {error.strerror if isinstance(error, OSError) else error}.")


def check_can_write(*files: Path | None) -> None:
    """Raise UserError if a result cannot be written to its file: said now, not after the work."""
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise UserError(f"There is no folder {file.parent} to write {file} to.")
        if file is not None and file.is_dir():
            raise UserError(f"{file} is a folder; the name of a file is expected.")
        if file is not None and not os.access(file if file.exists() else file.parent, os.W_OK):
            raise UserError(f"{file} cannot be written: no permission, or a read-only disk.")


def write_file(file: Path | None, make: Callable[[], str], what: str, *, mark: bool = False) -> None:
    """Write a result to its file, if one was given, and say so. With ``mark``, a byte-order mark is before it.

    A spreadsheet knows by the mark that a CSV file is UTF-8. A pipe gets none: other tools take it for a letter.
    """
    if file is None:
        return
    # /dev/stdout and its like are a pipe or the screen
    file.write_text(make(), encoding="utf-8-sig" if mark and (file.is_file() or not file.exists()) else "utf-8")
    print(f"Wrote {what} to {file}")


def load(options: argparse.Namespace, name: str, dtype: str = "float32") -> LoadedModel:
    """Load a model, if this computer's limits allow it."""
    from core.models import load_model

    options.limits.check_allowed(name)
    return load_model(name, dtype, folders=options.folders.model_folders(), progress=show_share)


def fetch_treebank(options: argparse.Namespace, name: str) -> bytes:
    """A treebank from the cache or the network, after a note about its licence."""
    from core.words import TREEBANKS, treebank

    if name in TREEBANKS:
        print(f"note: {TREEBANKS[name].title} has the licence {TREEBANKS[name].licence}.", file=sys.stderr)
    return treebank(name, options.folders.downloads(), show_share)


def show_share(share: float, message: str) -> None:
    """Show progress on the last line of a terminal: the callback of long work."""
    if sys.stderr.isatty():
        room = max(20, shutil.get_terminal_size().columns - 6)
        line = f"\r{share:4.0%} {message:<{room}.{room}}"
        if line != _shown[0]:  # the last report of a download may come again
            print(line, end="\n" if share >= 1 else "", file=sys.stderr, flush=True)
        _shown[0] = line
