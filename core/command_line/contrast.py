"""contrast: test every neuron of a layer on two word classes."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.command_line.options import LARGE, add_contrast_options, check_can_write, load, show_share, spec_of


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("contrast", help="test every neuron of a layer on two word classes")
    parser.set_defaults(command=contrast)
    add_contrast_options(parser)
    parser.add_argument("--csv", type=Path, help="write one row per neuron")
    parser.add_argument("--json", type=Path, help="write the spec and the summary")


def contrast(options: argparse.Namespace) -> None:
    """Run one contrast, print its summary, and write the table of neurons if ``--csv`` is given."""
    from core.experiment import run_contrast
    from core.report.summary import summary_json
    from core.report.tables import contrast_csv
    from core.report.terminal import terminal_summary
    from core.stats.correction import LABELS

    spec = spec_of(options)
    options.limits.check_counts(spec)
    check_can_write(options.csv, options.json)
    lm, store = load(options, spec.model, spec.dtype), options.folders.disk_store(min_bytes=LARGE)
    result = run_contrast(spec, lm, downloads=options.folders.downloads(), progress=show_share, store=store)
    print(terminal_summary(result, LABELS[spec.correction]))
    if options.csv:
        options.csv.write_text(contrast_csv(result), encoding="utf-8")
        print(f"Wrote {result.n_neurons:,} neurons to {options.csv}")
    if options.json:
        options.json.write_text(summary_json(result), encoding="utf-8")
        print(f"Wrote the summary to {options.json}")
