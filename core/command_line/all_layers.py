"""contrast --all-layers: the neurons of every layer as one table, filtered and sorted."""

from __future__ import annotations

import argparse

from core.command_line.files import add_output, write_text
from core.command_line.parser import Parser, add_value
from core.command_line.status import UsageError
from core.errors import UserError
from core.models import LoadedModel
from core.records import AdjustedTests, ContrastSpec, NeuronTests, WordActivations
from core.records.layers import GoldLayers


def add(parser: Parser) -> None:
    """Add the options of the table to the parser of contrast."""
    group = parser.add_argument_group(
        "The table of every layer",
        "One row for each neuron of each layer, with its AUC in the project's tagged sentences if a part of speech "
        "stands for each class. Every layer is read.",
    )
    add_output(group, "--all-layers", "csv", help="the neurons of every layer as CSV; - is standard output")
    add_output(group, "--all-layers-json", "json", help="the same as JSON, one object for each neuron")
    about = "only rows for which this holds, such as 'auc_after >= 0.9 and not reverses'; the columns are its names"
    add_value(group, "--filter", dest="condition", metavar="CONDITION", help=about)
    about = "the order: a column, lowest first, or --sort=-COLUMN, highest first"
    shown = "how far the AUC of the tested side is from 0.5"
    add_value(group, "--sort", dest="sort", metavar="COLUMN", help=about, default=shown)


def wanted(options: argparse.Namespace) -> bool:
    """Whether a table of every layer is asked for."""
    return options.all_layers is not None or options.all_layers_json is not None


def check(options: argparse.Namespace, spec: ContrastSpec) -> None:
    """Raise UsageError, before the work, if the filter or the order is none here, or there is no table to filter."""
    from core.report.neuron_table import condition_of, sort_of

    flags = {"--filter": options.condition, "--sort": options.sort}
    if not wanted(options) and (given := [flag for flag, value in flags.items() if value is not None]):
        raise UsageError(f"{given[0]} is for the table of every layer: name its file with --all-layers FILE.csv.")
    try:
        names = condition_of(options.condition, spec.test).names if options.condition is not None else frozenset()
        column = sort_of(options.sort, spec.test)[0] if options.sort is not None else ""
    except UserError as error:
        raise UsageError(str(error)) from error
    if "gold_auc" in {*names, column} and (why := _no_gold(spec)):
        raise UsageError(f"There is no gold_auc here. {why}")


def write(
    options: argparse.Namespace,
    spec: ContrastSpec,
    lm: LoadedModel,
    steps: tuple[WordActivations, NeuronTests, AdjustedTests],
) -> None:
    """Write the table, of a contrast of which all layers were read."""
    from core.report.neuron_table import NeuronTable
    from core.whole_model import measure_layers

    output, no_gold = options.output, _no_gold(spec)
    if no_gold:
        output.note(f"The table of every layer has no gold_auc. {no_gold}")
    every = measure_layers(spec, lm.info, *steps, progress=output.progress)
    table = NeuronTable(every, None if no_gold else _gold(options, spec, lm), no_gold)
    rows = table.rows(options.condition or "", options.sort or "")
    saved, counted = table.saved(rows), f"{len(rows):,} of {table.n_rows:,} neurons of every layer"
    write_text(output, options.all_layers, saved.csv, counted, mark=True)
    write_text(output, options.all_layers_json, saved.json, counted)


def _no_gold(spec: ContrastSpec) -> str:
    """Why no tagged text has the classes; "" if it has."""
    from core.whole_model import gold_tags

    try:
        gold_tags(spec)
    except UserError as error:
        return str(error)
    return ""


def _gold(options: argparse.Namespace, spec: ContrastSpec, lm: LoadedModel) -> GoldLayers:
    from core.whole_model import gold_layers
    from core.words import bundled_gold

    return gold_layers(spec, lm, bundled_gold(), progress=options.output.progress)
