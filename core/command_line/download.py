"""download, repair: fetch a model, word lists or a treebank ahead of a class, and fetch damaged files again."""

from __future__ import annotations

import argparse

from core.command_line.options import DTYPE_HELP, fetch_treebank, load
from core.command_line.parser import Parser, add_value, braces, one_of
from core.command_line.status import UsageError
from core.errors import UserError
from core.records import DTYPES
from core.words import TREEBANKS

_AN_ID = "a hub id such as EleutherAI/gpt-neo-125m, perhaps with @REVISION"
DOES = "Fetch a model, the notebook's word lists or a treebank into the cache, ahead of a class."
EXAMPLES = (
    ("The course notebook's model", "{prog} download EleutherAI/gpt-neo-125m"),
    ("The course notebook's word lists", "{prog} download --words"),
    ("Text with parts of speech, for evidence --gold", "{prog} download --treebank ewt"),
)
REPAIRS = "Fetch the damaged files of a hub model in the cache again."
REPAIR_EXAMPLES = (("After an error that names a damaged file", "{prog} repair EleutherAI/gpt-neo-125m"),)


def add(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the parsers of both commands."""
    usage = "%(prog)s [OPTIONS] (MODEL | --words | --treebank NAME)"
    one = commands.add_parser("download", help=DOES, does=DOES, examples=EXAMPLES, usage=usage)
    one.set_defaults(command=download)
    what = one.add_mutually_exclusive_group(required=True)
    what.add_argument("model", metavar="MODEL", nargs="?", help=_AN_ID)
    what.add_argument("--words", action="store_true", help="all of the notebook's word lists")
    names = tuple(TREEBANKS)
    about = "text with parts of speech, for --gold"
    add_value(what, "--treebank", convert=one_of(names), metavar=braces(names), help=about)
    add_value(
        one,
        "--dtype",
        convert=one_of(DTYPES),
        metavar=braces(DTYPES),
        help=f"of a model: {DTYPE_HELP}",
        default="what fits into memory, float32 first",
    )
    one.add_other_options()

    usage = "%(prog)s [OPTIONS] MODEL"
    two = commands.add_parser("repair", help=REPAIRS, does=REPAIRS, examples=REPAIR_EXAMPLES, usage=usage)
    two.set_defaults(command=repair)
    two.add_argument("model", metavar="MODEL", help=_AN_ID)
    two.add_other_options()


def download(options: argparse.Namespace) -> None:
    """Download a model, the notebook's word lists or a treebank into the cache, before a class needs them.

    A model is also loaded, so that the class meets no surprise: in float32 or, if it does not fit, in bfloat16.
    """
    if options.dtype and not options.model:
        raise UsageError("--dtype is for a model; word lists and treebanks have no number format.")
    if options.words:
        _download_words(options)
        return
    if options.treebank:
        _download_treebank(options)
        return
    ready = "ready"
    try:
        info = load(options, options.model, options.dtype or "float32").info
    except UserError as error:
        if options.dtype or error.about != "number_format":
            raise
        options.output.note(str(error))
        info, ready = load(options, options.model, "bfloat16").info, "ready with --dtype bfloat16"
    options.output.show(
        f"{info.name} at revision {info.revision}: {info.n_layers} layers of {info.d_mlp:,} neurons, {ready}."
    )


def repair(options: argparse.Namespace) -> None:
    """Download the damaged files of a cached hub model again."""
    from core.models.hub import repair as repair_copy

    repaired = repair_copy(options.model, progress=options.output.progress)
    said = f"Fetched anew: {', '.join(repaired)}." if repaired else f"No file of {options.model} is damaged."
    options.output.show(said)


def _download_words(options: argparse.Namespace) -> None:
    """Download every list of the notebook's source; stop with a reason at the first failure."""
    from core.words.download import download
    from core.words.source import FILE_NAMES

    for word_class in FILE_NAMES:
        words = download(word_class, options.folders.downloads()).words
        options.output.show(f"{len(words):,} {word_class}, ready in {options.folders.cache_folder()}.")


def _download_treebank(options: argparse.Namespace) -> None:
    """Download a treebank, after a note about its licence."""
    from core.words import read_conllu

    name = options.treebank
    text = read_conllu(fetch_treebank(options, name), name)
    options.output.show(f"{len(text.sentences):,} sentences of {name}, ready in {options.folders.cache_folder()}.")
