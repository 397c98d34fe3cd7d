"""check: compare our reading of a model with plain PyTorch, before a class."""

from __future__ import annotations

import argparse

from core.command_line.options import LAYER_HELP, of_field, word_source
from core.command_line.parser import Parser, add_value, whole_number
from core.command_line.status import DONE, REFUSED, UsageError, typed
from core.records import NOTEBOOK, ContrastSpec
from core.records.presets import NOTEBOOK_LAYER, NOTEBOOK_MODEL

DOES = "Compare our reading of a model with plain PyTorch, before a class."
EXAMPLES = (
    ("Every layer of the bundled model, ten words", "{prog} check"),
    ("A model of the hub, which is downloaded if it is not here", "{prog} check EleutherAI/pythia-70m"),
    ("The course notebook's own loop, on the notebook's model", "{prog} check --notebook"),
)


def add(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("check", help=DOES, does=DOES, examples=EXAMPLES, usage="%(prog)s [OPTIONS] [MODEL]")
    parser.set_defaults(command=check)
    about = "bundled, a hub id or a folder (default: bundled; with --notebook: EleutherAI/gpt-neo-125m)"
    parser.add_argument("model", metavar="MODEL", nargs="?", help=about)
    group = parser.add_argument_group("The notebook")
    group.add_argument(
        "--notebook", action="store_true", help="run the course notebook's own loop, and compare all its numbers"
    )
    add_value(
        group,
        "--layer",
        convert=of_field("layer", whole_number),
        metavar="N",
        help=f"with --notebook: {LAYER_HELP}",
        default=f"{NOTEBOOK_LAYER}, or the middle one of a model that has fewer",
    )
    about = "with --notebook: notebook, bundled, or a folder of lists"
    add_value(group, "--word-source", convert=word_source, metavar="SOURCE", help=about, default="notebook")
    parser.add_other_options()


def check(options: argparse.Namespace) -> int:
    """Compare our reading of a model with plain PyTorch, or our notebook preset with the notebook's own loop."""
    from core.check import check_notebook, check_reading
    from core.models import count_layers
    from core.report.comparisons import notebook_lines, reading_lines

    if not options.notebook and (options.layer is not None or options.word_source):
        raise UsageError(
            "--layer and --word-source are for --notebook; without it, every layer and ten words are read."
        )
    model = options.model or (NOTEBOOK_MODEL if options.notebook else "bundled")
    with typed():
        options.limits.check_allowed(model)
        read = options.class_file()
    folders, progress = options.folders.model_folders(), options.output.progress
    if options.notebook:
        source = options.word_source or NOTEBOOK["word_source"]
        layer = NOTEBOOK_LAYER if options.layer is None else options.layer
        n_layers = count_layers(model, folders)
        if options.layer is None and n_layers is not None and n_layers <= layer:
            layer = n_layers // 2
        spec = ContrastSpec.notebook(model=model, layer=layer, word_source=source)
        downloads = options.folders.downloads()
        same, lines = notebook_lines(check_notebook(spec, downloads, folders=folders, progress=progress))
    else:
        same, lines = reading_lines(*check_reading(model, folders=folders, progress=progress))
    options.output.show("\n".join([*lines, *([f"Read {read}."] if read else [])]))
    return DONE if same else REFUSED
