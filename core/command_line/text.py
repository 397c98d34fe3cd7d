"""text: read some neurons at every token of a text."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.command_line.options import DTYPE_HELP, check_can_write, load
from core.errors import UserError
from core.records import DTYPES, HOOK_SIDES


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


def text(options: argparse.Namespace) -> None:
    """Read a text file and write the chosen neurons' value at every token."""
    from core.activations import token_activations
    from core.report.sentences import after_start
    from core.report.tables import text_csv

    try:
        content = options.file.read_text(encoding="utf-8-sig")  # without a byte-order mark
    except UnicodeDecodeError as error:
        raise UserError(f"{options.file} is not UTF-8 text.") from error
    options.limits.check_characters(content)
    check_can_write(options.csv)
    lm = load(options, options.model, options.dtype)
    for neuron in options.neurons:
        if not 0 <= neuron < lm.d_mlp:
            raise UserError(f"Neuron {neuron} was asked for; a layer of {lm.info.name} has 0 to {lm.d_mlp - 1}.")
    how = {"side": options.hook_side, "prefix": options.prefix, "max_tokens": options.limits.limits().max_tokens}
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


def _numbers(value: str) -> list[int]:
    try:
        return [int(part) for part in value.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{value}” is not a list of numbers such as 12,40") from None
