"""The experiment without a browser: ``python -m core contrast | text | check | download | repair``."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from core.models.hub import canonical
from core.records import (
    CAREFUL,
    CORRECTIONS,
    DTYPES,
    FAMILIES,
    HOOK_SIDES,
    NOTEBOOK,
    POOLINGS,
    TESTS,
    UNITS,
    ContrastSpec,
)

if TYPE_CHECKING:
    from core.models import LoadedModel

# Only this module of core imports the engine: it joins the science with this computer's folders and limits.
# Activations of more bytes than this become mapped files in the cache folder.
_LARGE = 256_000_000
_shown = [""]  # the line of progress that is on the screen
_NOTEBOOK_LAYER = 8  # the layer that the course notebook reads
_INTERRUPTED = 130  # the exit status of shells for Ctrl-C
_DTYPE_HELP = "the model's number format; bfloat16 takes half the memory, and rounds to 8 significant bits"


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Return the exit status.

    2, after one sentence on stderr, for a user's mistake; 130 after Ctrl-C; 1 if ``check`` finds other values.
    """
    options = _parser().parse_args(arguments)
    if vars(options).get("model"):
        options.model = canonical(options.model)
    try:
        return options.command(options) or 0
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        fetching = options.command in (download, repair)
        kept = ": files that have arrived whole are kept, and the same command fetches the rest" if fetching else ""
        print(f"\nStopped{kept}.", file=sys.stderr)
        return _INTERRUPTED


def contrast(options: argparse.Namespace) -> None:
    """Run one contrast, print its summary, and write the table of neurons if ``--csv`` is given."""
    from core.experiment import run_contrast
    from core.report.summary import summary_json
    from core.report.tables import contrast_csv
    from core.report.terminal import terminal_summary
    from core.stats.correction import LABELS
    from engine.folders import disk_store, downloads
    from engine.limits import check_counts

    spec = _spec(options)
    check_counts(spec)
    lm, store = _load(spec.model, spec.dtype), disk_store(min_bytes=_LARGE)
    result = run_contrast(spec, lm, downloads=downloads(), progress=_show_share, store=store)
    print(terminal_summary(result, LABELS[spec.correction]))
    if options.csv:
        options.csv.write_text(contrast_csv(result), encoding="utf-8")
        print(f"Wrote {result.n_neurons:,} neurons to {options.csv}")
    if options.json:
        options.json.write_text(summary_json(result), encoding="utf-8")
        print(f"Wrote the summary to {options.json}")


def text(options: argparse.Namespace) -> None:
    """Read a text file and write the chosen neurons' value at every token."""
    from core.activations import token_activations
    from core.report.sentences import after_start
    from core.report.tables import text_csv
    from engine.limits import check_characters, limits

    try:
        content = options.file.read_text(encoding="utf-8-sig")  # without a byte-order mark
    except UnicodeDecodeError as error:
        raise UserError(f"{options.file} is not UTF-8 text.") from error
    check_characters(content)
    lm = _load(options.model, options.dtype)
    for neuron in options.neurons:
        if not 0 <= neuron < lm.d_mlp:
            raise UserError(f"Neuron {neuron} was asked for; a layer of {lm.info.name} has 0 to {lm.d_mlp - 1}.")
    how = {"side": options.hook_side, "prefix": options.prefix, "max_tokens": limits().max_tokens}
    activations = token_activations(lm, content, options.layer, **how)
    table = text_csv(activations, options.neurons)
    if options.prefix:
        print(f"note: The text is read{after_start(lm.info, True)}.", file=sys.stderr)
    for note in (*lm.info.notes, *activations.notes):
        print(f"note: {note}", file=sys.stderr)
    if options.csv:
        options.csv.write_text(table, encoding="utf-8")
        print(f"Wrote {len(activations.pieces):,} tokens to {options.csv}")
    else:
        print(table, end="")


def check(options: argparse.Namespace) -> int:
    """Compare our reading of a model with plain PyTorch, or our notebook preset with the notebook's own loop."""
    from core.check import check_notebook, check_reading
    from core.models import count_layers
    from core.report.comparisons import notebook_lines, reading_lines
    from engine.folders import downloads, model_folders
    from engine.limits import check_allowed

    if not options.notebook and (options.layer is not None or options.word_source):
        raise UserError("--layer and --word-source are for --notebook; without it, every layer and ten words are read.")
    model = options.model or ("EleutherAI/gpt-neo-125m" if options.notebook else "bundled")
    check_allowed(model)
    if options.notebook:
        source = options.word_source or NOTEBOOK["word_source"]
        layer = _NOTEBOOK_LAYER if options.layer is None else options.layer
        n_layers = count_layers(model, model_folders())
        if options.layer is None and n_layers is not None and n_layers <= layer:
            layer = n_layers // 2
        spec = ContrastSpec.notebook(model=model, layer=layer, word_source=source)
        same, lines = notebook_lines(check_notebook(spec, downloads(), folders=model_folders(), progress=_show_share))
    else:
        same, lines = reading_lines(*check_reading(model, folders=model_folders(), progress=_show_share))
    print("\n".join(lines))
    return 0 if same else 1


def download(options: argparse.Namespace) -> None:
    """Download a model, or the notebook's word lists, into the cache, before a class needs them.

    A model is also loaded, so that the class meets no surprise: in float32 or, if it does not fit, in bfloat16.
    """
    if options.words:
        _download_words()
        return
    ready = "ready"
    try:
        info = _load(options.model, options.dtype or "float32").info
    except UserError as error:
        if options.dtype or error.about != "number_format":
            raise
        print(f"note: {error}", file=sys.stderr)
        info, ready = _load(options.model, "bfloat16").info, "ready with --dtype bfloat16"
    print(f"{info.name} at revision {info.revision}: {info.n_layers} layers of {info.d_mlp:,} neurons, {ready}.")


def repair(options: argparse.Namespace) -> None:
    """Download the damaged files of a cached hub model again."""
    from core.models.hub import repair as repair_copy

    repaired = repair_copy(options.model, progress=_show_share)
    print(f"Fetched anew: {', '.join(repaired)}." if repaired else f"No file of {options.model} is damaged.")


def _download_words() -> None:
    """Download every list of the notebook's source; stop with a reason at the first failure."""
    from core.words.download import download
    from core.words.source import FILE_NAMES
    from engine.folders import cache_folder, downloads

    for word_class in FILE_NAMES:
        words = download(word_class, downloads()).words
        print(f"{len(words):,} {word_class}, ready in {cache_folder()}.")


def _load(name: str, dtype: str = "float32") -> LoadedModel:
    """Load a model, if this computer's limits allow it."""
    from core.models import load_model
    from engine.folders import model_folders
    from engine.limits import check_allowed

    check_allowed(name)
    return load_model(name, dtype, folders=model_folders(), progress=_show_share)


def _spec(options: argparse.Namespace) -> ContrastSpec:
    """The preset's values, replaced where the command line gives others."""
    preset = CAREFUL if options.preset == "careful" else NOTEBOOK
    names = {item.name for item in fields(ContrastSpec)}
    given = {name: value for name, value in vars(options).items() if name in names and value is not None}
    if options.words is not None:
        given = {"n_target": options.words, "n_baseline": options.words} | given
    return ContrastSpec(**{**preset, **given})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("contrast", help="test every neuron of a layer on two word classes")
    one.set_defaults(command=contrast)
    _add_contrast_options(one)

    two = commands.add_parser("text", help="read some neurons at every token of a text")
    two.set_defaults(command=text)
    two.add_argument("--model", default="bundled", help="bundled, a hub id (perhaps with @REVISION) or a folder")
    two.add_argument("--dtype", choices=DTYPES, default="float32", help=_DTYPE_HELP)
    two.add_argument("--layer", type=int, required=True)
    two.add_argument("--neurons", type=_numbers, required=True, metavar="N,N", help="neuron indices")
    two.add_argument("--file", type=Path, required=True, help="a UTF-8 text")
    two.add_argument("--hook-side", choices=HOOK_SIDES, default="pre-activation")
    two.add_argument("--prefix", action="store_true", help="beginning-of-text token first, as in the careful preset")
    two.add_argument("--csv", type=Path, help="write the table here instead of to the screen")

    check_parser = commands.add_parser(
        "check", help="compare our reading of a model with plain PyTorch, before a class"
    )
    check_parser.set_defaults(command=check)
    check_parser.add_argument("model", metavar="MODEL", nargs="?", help="bundled (the default), a hub id or a folder")
    check_parser.add_argument(
        "--notebook",
        action="store_true",
        help="run the course notebook's own loop, by default on EleutherAI/gpt-neo-125m, and compare all its numbers",
    )
    check_parser.add_argument("--layer", type=int, help="with --notebook: the layer, 8 or the middle one")
    check_parser.add_argument("--word-source", metavar="SOURCE", help="with --notebook: a folder of lists")

    an_id = "a hub id such as EleutherAI/gpt-neo-125m, perhaps with @REVISION"
    three = commands.add_parser("download", help="fetch a model, or the word lists, ahead of a class")
    three.set_defaults(command=download)
    what = three.add_mutually_exclusive_group(required=True)
    what.add_argument("model", metavar="MODEL", nargs="?", help=an_id)
    three.add_argument("--dtype", choices=DTYPES, help=f"{_DTYPE_HELP}; by default what fits")
    what.add_argument("--words", action="store_true", help="all of the notebook's word lists")

    four = commands.add_parser("repair", help="download the damaged files of a hub model in the cache again")
    four.set_defaults(command=repair)
    four.add_argument("model", metavar="MODEL", help=an_id)
    return parser


def _add_contrast_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("--preset", choices=["notebook", "careful"], default="notebook")
    one.add_argument("--model", help="bundled, a hub id or a folder")
    one.add_argument("--dtype", choices=DTYPES, help=_DTYPE_HELP)
    one.add_argument("--layer", type=int)
    one.add_argument("--target", help="the word class that a positive statistic favours")
    one.add_argument("--baseline", help="the word class that it is compared with")
    one.add_argument("--words", type=int, metavar="N", help="words of each class, the most frequent first")
    one.add_argument("--n-target", type=int, metavar="N", help="words of the target, if not as many as of the baseline")
    one.add_argument("--n-baseline", type=int, metavar="N", help="words of the baseline")
    one.add_argument("--word-source", metavar="SOURCE", help="notebook, bundled, or a folder of lists")
    one.add_argument("--unit", choices=UNITS, help="what is compared: words, or the mean over each lemma's forms")
    one.add_argument("--test", choices=TESTS, help="paired and welch compare means, mannwhitney ranks")
    one.add_argument("--correction", choices=CORRECTIONS, help="for many tests; max_t permutes, and takes longer")
    one.add_argument("--family", choices=FAMILIES, help="which tests are corrected together")
    one.add_argument("--alpha", type=float, help="an adjusted p of at most this is significant")
    one.add_argument("--seed", type=int, help="of max_t's random permutations")
    one.add_argument("--pooling", choices=POOLINGS, help="over a word's tokens")
    one.add_argument("--hook-side", choices=HOOK_SIDES, help="test before or after the nonlinearity")
    one.add_argument("--leading-space", action=argparse.BooleanOptionalAction)
    one.add_argument("--prefix", action=argparse.BooleanOptionalAction, help="beginning-of-text token first")
    one.add_argument("--drop-shared", action=argparse.BooleanOptionalAction, help="drop words of both lists")
    one.add_argument("--csv", type=Path, help="write one row per neuron")
    one.add_argument("--json", type=Path, help="write the spec and the summary")


def _numbers(value: str) -> list[int]:
    try:
        return [int(part) for part in value.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{value}” is not a list of numbers such as 12,40") from None


def _show_share(share: float, message: str) -> None:
    if sys.stderr.isatty():
        room = max(20, shutil.get_terminal_size().columns - 6)
        line = f"\r{share:4.0%} {message:<{room}.{room}}"
        if line != _shown[0]:  # the last report of a download may come again
            print(line, end="\n" if share >= 1 else "", file=sys.stderr, flush=True)
        _shown[0] = line


if __name__ == "__main__":
    status = main()
    if status == _INTERRUPTED:
        sys.stderr.flush()
        os._exit(status)  # without a wait for the threads of the hub's library, which may hang with the network
    sys.exit(status)
