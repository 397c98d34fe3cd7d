"""text: read some neurons at every token of a text."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.command_line.options import DTYPE_HELP, check_can_write, load, write_file
from core.errors import UserError
from core.records import DTYPES, HOOK_SIDES, ModelInfo, TokenActivations


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("text", help="read some neurons at every token of a text")
    parser.set_defaults(command=text)
    parser.add_argument("--model", default="bundled", help="bundled, a hub id (perhaps with @REVISION) or a folder")
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help=DTYPE_HELP)
    parser.add_argument("--layer", type=int, required=True)
    parser.add_argument("--neurons", type=_numbers, required=True, metavar="N,N", help="neuron indices")
    parser.add_argument("--file", type=Path, required=True, help="a UTF-8 text")
    parser.add_argument("--hook-side", choices=HOOK_SIDES, default="pre-activation")
    parser.add_argument("--prefix", action="store_true", help="beginning-of-text token first, as in the careful preset")
    parser.add_argument("--csv", type=Path, help="write the table here instead of to the screen")
    parser.add_argument("--json", type=Path, help="write the table as one object per token")
    parser.add_argument("--html", type=Path, help="write the coloured text as a page that needs no network")


def text(options: argparse.Namespace) -> None:
    """Read a text file and write the chosen neurons' value at every token."""
    from core.activations import token_activations
    from core.report.sentences import after_start
    from core.report.tables import text_table

    try:
        content = options.file.read_text(encoding="utf-8-sig")  # without a byte-order mark
    except UnicodeDecodeError as error:
        raise UserError(f"{options.file} is not UTF-8 text.") from error
    options.limits.check_characters(content)
    check_can_write(options.csv, options.json, options.html)
    lm = load(options, options.model, options.dtype)
    for neuron in options.neurons:
        if not 0 <= neuron < lm.d_mlp:
            raise UserError(f"Neuron {neuron} was asked for; a layer of {lm.info.name} has 0 to {lm.d_mlp - 1}.")
    how = {"side": options.hook_side, "prefix": options.prefix, "max_tokens": options.limits.limits().max_tokens}
    activations = token_activations(lm, content, options.layer, **how)
    table, counted = text_table(activations, options.neurons), f"{len(activations.pieces):,} tokens"
    if options.prefix:
        print(f"note: The text is read{after_start(lm.info, True)}.", file=sys.stderr)
    for note in (*lm.info.notes, *activations.notes):
        print(f"note: {note}", file=sys.stderr)
    write_file(options.csv, table.csv, counted, mark=True)
    write_file(options.json, table.json, counted)
    write_file(options.html, lambda: _page(options, lm.info, activations), counted)
    if not (options.csv or options.json or options.html):
        print(table.csv(), end="")


def _page(options: argparse.Namespace, model: ModelInfo, found: TokenActivations) -> str:
    """The coloured text, each neuron on the range of its own values. Without word lists, no neuron has a class."""
    from core.report.colour_scales import scales_of
    from core.report.sentences import after_start, where
    from core.report.text_page import TextBlock, text_page
    from core.version import __version__

    blocks = []
    for neuron in options.neurons:
        values = found.values[:, neuron]  # [n_tokens, d_mlp] -> [n_tokens]
        scale = scales_of(values, values)["text90"]
        blocks.append(TextBlock(f"Neuron {neuron}", "", values, scale, ends="5th to 95th percentile of this text"))
    read = f"{model.name} ({model.revision}), layer {options.layer}, {where(options.hook_side)}"
    lines = (f"{read}; the text was read{after_start(model, options.prefix) or ' without a token before it'}.",)
    versions = f"Grammar Neurons {__version__}, {options.file.name}."
    return text_page(found.pieces, found.parts, blocks, title="Coloured text", lines=(*lines, *found.notes, versions))


def _numbers(value: str) -> list[int]:
    try:
        return [int(part) for part in value.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{value}” is not a list of numbers such as 12,40") from None
