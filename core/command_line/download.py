"""download, repair: fetch a model, word lists or a treebank ahead of a class, and fetch damaged files again."""

from __future__ import annotations

import argparse
import sys

from core.command_line.options import DTYPE_HELP, fetch_treebank, load, show_share
from core.errors import UserError
from core.records import DTYPES

_AN_ID = "a hub id such as EleutherAI/gpt-neo-125m, perhaps with @REVISION"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of both commands."""
    one = commands.add_parser("download", help="fetch a model, the word lists or a treebank ahead of a class")
    one.set_defaults(command=download)
    what = one.add_mutually_exclusive_group(required=True)
    what.add_argument("model", metavar="MODEL", nargs="?", help=_AN_ID)
    one.add_argument("--dtype", choices=DTYPES, help=f"{DTYPE_HELP}; by default what fits")
    what.add_argument("--words", action="store_true", help="all of the notebook's word lists")
    what.add_argument("--treebank", metavar="NAME", help="ewt or gum: text with parts of speech, for --gold")

    two = commands.add_parser("repair", help="download the damaged files of a hub model in the cache again")
    two.set_defaults(command=repair)
    two.add_argument("model", metavar="MODEL", help=_AN_ID)


def download(options: argparse.Namespace) -> None:
    """Download a model, the notebook's word lists or a treebank into the cache, before a class needs them.

    A model is also loaded, so that the class meets no surprise: in float32 or, if it does not fit, in bfloat16.
    """
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
        print(f"note: {error}", file=sys.stderr)
        info, ready = load(options, options.model, "bfloat16").info, "ready with --dtype bfloat16"
    print(f"{info.name} at revision {info.revision}: {info.n_layers} layers of {info.d_mlp:,} neurons, {ready}.")


def repair(options: argparse.Namespace) -> None:
    """Download the damaged files of a cached hub model again."""
    from core.models.hub import repair as repair_copy

    repaired = repair_copy(options.model, progress=show_share)
    print(f"Fetched anew: {', '.join(repaired)}." if repaired else f"No file of {options.model} is damaged.")


def _download_words(options: argparse.Namespace) -> None:
    """Download every list of the notebook's source; stop with a reason at the first failure."""
    from core.words.download import download
    from core.words.source import FILE_NAMES

    for word_class in FILE_NAMES:
        words = download(word_class, options.folders.downloads()).words
        print(f"{len(words):,} {word_class}, ready in {options.folders.cache_folder()}.")


def _download_treebank(options: argparse.Namespace) -> None:
    """Download a treebank, after a note about its licence."""
    from core.words import read_conllu

    name = options.treebank
    text = read_conllu(fetch_treebank(options, name), name)
    print(f"{len(text.sentences):,} sentences of {name}, ready in {options.folders.cache_folder()}.")
