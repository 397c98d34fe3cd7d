"""contrast: test every neuron of a layer on two word classes."""

from __future__ import annotations

import argparse

from core.command_line import all_layers
from core.command_line.files import add_output, check_files, outputs_of, write_text
from core.command_line.options import LARGE, add_contrast_options, load
from core.command_line.parser import Parser
from core.command_line.spec import spec_of
from core.command_line.status import UsageError, typed
from core.command_line.tables import add_table_options, extremes_text, wanted_table, write_table
from core.records import AdjustedTests, ContrastResult, NeuronTests, WordActivations

DOES = "Test every neuron of a layer on two word classes, and say which differ."
EXAMPLES = (
    (
        "Singular and plural nouns in layer 3 of the bundled model; without --contrast, nouns and verbs",
        "{prog} contrast --contrast singular-plural --layer 3",
    ),
    (
        "The course notebook's analysis with the lists that are here, as a table for a spreadsheet",
        "{prog} contrast --preset notebook --word-source bundled --csv neurons.csv",
    ),
    (
        "Keep an experiment, and do it again in another layer",
        "{prog} contrast --words 50 --json experiment.json && {prog} contrast --spec experiment.json --layer 4",
    ),
    (
        "A list of your own from a pipe, and the strongest neurons to look at",
        'printf "tea\\nale\\nsoup\\nbread\\nrice\\n" | {prog} contrast --target-words - --words 5 --format table',
    ),
)


def add(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("contrast", help=DOES, does=DOES, examples=EXAMPLES)
    parser.set_defaults(command=contrast)
    add_contrast_options(parser)
    table = parser.add_argument_group(
        "The table: one row for each neuron", "Without these options, a summary is printed, and no table."
    )
    add_table_options(table)
    add_output(table, "--csv", "csv", help="the table as CSV, beside others")
    add_output(table, "--table-json", "json", help="the table as JSON, one object for each neuron")
    all_layers.add(parser)
    files = parser.add_argument_group(
        "Other files", "Each may be - for standard output, one at most: the summary then goes to standard error."
    )
    add_output(files, "--json", "json", help="the settings and the summary, which --spec reads")
    add_output(files, "--manifest", "json", help="versions, hashes, what each column means")
    add_output(files, "--report", "html", metavar="FILE.html", help="a report that any browser opens")
    about = "a notebook in plain PyTorch that computes it again"
    add_output(files, "--notebook", "notebook", metavar="FILE.ipynb", help=about)
    parser.add_other_options()


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

    table_file, output = wanted_table(options), options.output
    wanted = [*([table_file] if table_file else []), *outputs_of(options)]
    check_files(options, wanted)
    spec = spec_of(options, output)
    all_layers.check(options, spec)
    with typed():
        options.limits.check_counts(spec)
    if options.notebook and (missing := without_plain_version(spec)):
        raise UsageError(f"--notebook: {missing}")
    lm, store = load(options, spec.model, spec.dtype), options.folders.disk_store(min_bytes=LARGE)
    model_of(spec, lm)
    reads_all = spec.family == "model" or options.report or all_layers.wanted(options)
    layers = range(lm.n_layers) if reads_all else [spec.layer]
    steps = run_steps(spec, lm, layers, downloads=options.folders.downloads(), progress=output.progress, store=store)
    result = steps[-1]
    if not (output.quiet and wanted):
        output.show(terminal_summary(result, LABELS[spec.correction]))
    table, neurons = contrast_table(result), f"{result.n_neurons:,} neurons"
    if table_file:
        write_table(output, table_file, table, lambda: extremes_text(result), neurons)
    write_text(output, options.csv, table.csv, neurons, mark=True)
    write_text(output, options.table_json, table.json, neurons)
    if all_layers.wanted(options):
        all_layers.write(options, spec, lm, steps[:3])
    write_text(output, options.json, lambda: summary_json(result), "the summary")
    write_text(output, options.manifest, lambda: manifest_json(result), "the manifest")
    write_text(output, options.report, lambda: _report(*steps), "the report")
    write_text(output, options.notebook, lambda: notebook(result), "the notebook")


def _report(activations: WordActivations, tests: NeuronTests, adjusted: AdjustedTests, result: ContrastResult) -> str:
    """The report of a contrast of which all layers were read."""
    from core.comparison import shuffled_points
    from core.documents import report
    from core.experiment import layer_counts

    spec = result.spec
    return report(result, layer_counts(spec, tests, adjusted), shuffled_points(spec, activations))
