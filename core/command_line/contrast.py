"""contrast: test every neuron of a layer on two word classes."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.command_line.options import (
    LARGE,
    add_contrast_options,
    check_can_write,
    load,
    show_share,
    spec_of,
    write_file,
)
from core.errors import UserError
from core.records import AdjustedTests, ContrastResult, NeuronTests, WordActivations


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("contrast", help="test every neuron of a layer on two word classes")
    parser.set_defaults(command=contrast)
    add_contrast_options(parser)
    parser.add_argument("--csv", type=Path, help="write one row per neuron")
    parser.add_argument("--json", type=Path, help="write the spec and the summary")
    parser.add_argument(
        "--table-json", type=Path, metavar="FILE", help="write one object per neuron, as --csv has rows"
    )
    parser.add_argument("--manifest", type=Path, metavar="FILE", help="write versions, hashes, what each column means")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a report that any browser opens")
    parser.add_argument(
        "--notebook", type=Path, metavar="FILE.ipynb", help="write a notebook in plain PyTorch that computes it again"
    )


def contrast(options: argparse.Namespace) -> None:
    """Run one contrast, print its summary, and write the files that are asked for."""
    from core.documents import notebook
    from core.experiment import model_of, run_steps
    from core.report.manifest import manifest_json
    from core.report.notebook.testing import without_plain_version
    from core.report.summary import summary_json
    from core.report.tables import contrast_table
    from core.report.terminal import terminal_summary
    from core.stats.correction import LABELS

    spec = spec_of(options)
    options.limits.check_counts(spec)
    if options.notebook and (missing := without_plain_version(spec)):
        raise UserError(missing)
    check_can_write(options.csv, options.json, options.table_json, options.manifest, options.report, options.notebook)
    lm, store = load(options, spec.model, spec.dtype), options.folders.disk_store(min_bytes=LARGE)
    model_of(spec, lm)
    layers = range(lm.n_layers) if spec.family == "model" or options.report else [spec.layer]
    steps = run_steps(spec, lm, layers, downloads=options.folders.downloads(), progress=show_share, store=store)
    result = steps[-1]
    print(terminal_summary(result, LABELS[spec.correction]))
    table, neurons = contrast_table(result), f"{result.n_neurons:,} neurons"
    write_file(options.csv, table.csv, neurons, mark=True)
    write_file(options.table_json, table.json, neurons)
    write_file(options.json, lambda: summary_json(result), "the summary")
    write_file(options.manifest, lambda: manifest_json(result), "the manifest")
    write_file(options.report, lambda: _report(*steps), "the report")
    write_file(options.notebook, lambda: notebook(result), "the notebook")


def _report(activations: WordActivations, tests: NeuronTests, adjusted: AdjustedTests, result: ContrastResult) -> str:
    """The report of a contrast of which all layers were read."""
    from core.comparison import shuffled_points
    from core.documents import report
    from core.experiment import layer_counts

    spec = result.spec
    return report(result, layer_counts(spec, tests, adjusted), shuffled_points(spec, activations))
