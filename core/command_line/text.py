"""text: read some neurons at every token of a text."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.command_line.files import Written, add_output, check_files, outputs_of, write_text
from core.command_line.inputs import STDIN, content_of, shown_name, text_of
from core.command_line.options import DTYPE_HELP, LAYER_HELP, MODEL_HELP, load, of_field
from core.command_line.output import STDOUT, without_repeats
from core.command_line.parser import Parser, add_value, braces, one_of, whole_number
from core.command_line.status import UsageError
from core.command_line.tables import add_table_options, aligned_table, wanted_table, write_table
from core.errors import UserError
from core.records import DTYPES, HOOK_SIDES, ModelInfo, TokenActivations
from core.records.spec import quoted

DOES = "Read some neurons of a layer at every token of a text."
EXAMPLES = (
    (
        "Two neurons of layer 3, at each token of a text from a pipe, to look at",
        'echo "The dogs bark at night." | {prog} text --layer 3 --neurons 12,40 --file - --format table',
    ),
    (
        "As a table for a spreadsheet, and as a coloured page",
        'echo "They walk to the market." | {prog} text --layer 3 --neurons 12,40 --file - --csv tokens.csv '
        "--html tokens.html",
    ),
)


def add(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("text", help=DOES, does=DOES, examples=EXAMPLES)
    parser.set_defaults(command=text)
    what = parser.add_argument_group("What is read")
    add_value(what, "--file", dest="text_file", required=True, metavar="FILE", help="UTF-8 text; - is standard input")
    add_value(what, "--layer", convert=of_field("layer", whole_number), required=True, metavar="N", help=LAYER_HELP)
    numbers = "neurons of the layer, 0-based: 0 is the first"
    add_value(what, "--neurons", convert=neuron_numbers, required=True, metavar="N,N", help=numbers)
    model = parser.add_argument_group("How")
    add_value(model, "--model", metavar="MODEL", help=MODEL_HELP, default="bundled")
    add_value(model, "--dtype", convert=one_of(DTYPES), metavar=braces(DTYPES), help=DTYPE_HELP, default="float32")
    about = "the value before or after the nonlinearity"
    choices: dict[str, Any] = {"convert": one_of(HOOK_SIDES), "metavar": braces(HOOK_SIDES), "dest": "hook_side"}
    add_value(model, "--hook-side", "--side", help=about, default="pre-activation", **choices)
    about = "read the beginning-of-text token first, as in the careful preset (default: no)"
    model.add_argument("--prefix", action=argparse.BooleanOptionalAction, help=about)
    table = parser.add_argument_group("The table: one row for each token")
    add_table_options(table, default="standard output, if no file is named")
    add_output(table, "--csv", "csv", help="the table as CSV, beside others; - is standard output")
    add_output(table, "--json", "json", help="the table as JSON, one object for each token")
    other = parser.add_argument_group("Other files")
    add_output(other, "--html", "html", metavar="FILE.html", help="the coloured text as a page that needs no network")
    parser.add_other_options()


def text(options: argparse.Namespace) -> None:
    """Read a text file and write the chosen neurons' value at every token."""
    from core.activations import token_activations
    from core.report.sentences import after_start
    from core.report.tables import text_table

    output, table_file, files = options.output, wanted_table(options), outputs_of(options)
    if table_file is None and not files:
        table_file = Written("--out", STDOUT, "csv")
    check_files(options, [*([table_file] if table_file else []), *files])
    neurons = options.neurons = without_repeats(options.neurons, "--neurons", output)
    prefix, side = bool(options.prefix), options.hook_side or HOOK_SIDES[0]
    content = _content(options)
    lm = load(options, options.model or "bundled", options.dtype or DTYPES[0])
    lm.info.check_layer(options.layer)
    for neuron in neurons:
        if not 0 <= neuron < lm.d_mlp:
            sentence = f"--neurons: Neuron {neuron} was asked for; a layer of {lm.info.name} has 0 to {lm.d_mlp - 1}."
            raise UsageError(sentence)
    how = {"side": side, "prefix": prefix, "max_tokens": options.limits.limits().max_tokens}
    activations = token_activations(lm, content, options.layer, **how)
    table, counted = text_table(activations, neurons), f"{len(activations.pieces):,} tokens"
    if prefix:
        output.note(f"The text is read{after_start(lm.info, True)}.")
    for note in (*lm.info.notes, *activations.notes):
        output.note(note)
    if table_file:
        write_table(output, table_file, table, lambda: aligned_table(table), counted)
    write_text(output, options.csv, table.csv, counted, mark=True)
    write_text(output, options.json, table.json, counted)
    write_text(output, options.html, lambda: _page(options, lm.info, activations, side), counted)


def _content(options: argparse.Namespace) -> str:
    """The text, within the limits of this computer."""
    file = options.text_file
    shown = shown_name(file)
    content = text_of(content_of(file, f"--file {shown}" if file != STDIN else "--file"), shown)
    content = content.replace("\r\n", "\n").replace("\r", "\n")  # as Python reads a text
    options.limits.check_characters(content)
    return content


def _page(options: argparse.Namespace, model: ModelInfo, found: TokenActivations, side: str) -> str:
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
    read = f"{model.name} ({model.revision}), layer {options.layer}, {where(side)}"
    before = after_start(model, bool(options.prefix)) or " without a token before it"
    file = shown_name(options.text_file)
    versions = f"Grammar Neurons {__version__}, {file if file != options.text_file else Path(file).name}."
    lines = (f"{read}; the text was read{before}.", *found.notes, versions)
    return text_page(found.pieces, found.parts, blocks, title="Coloured text", lines=lines)


def neuron_numbers(flag: str, typed: str) -> list[int]:
    """A conversion to numbers of neurons, as they were typed.

    Examples
    --------
    >>> neuron_numbers("--neurons", "12,40")
    [12, 40]
    """
    try:
        return [int(part) for part in typed.split(",")]
    except ValueError:
        raise UserError(f"{flag} is {quoted(typed)}; whole numbers are expected, such as 12,40.") from None
