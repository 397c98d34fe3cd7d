"""check: compare our reading of a model with plain PyTorch, before a class."""

from __future__ import annotations

import argparse

from core.command_line.options import show_share
from core.errors import UserError
from core.records import NOTEBOOK, ContrastSpec

_NOTEBOOK_LAYER = 8  # the layer that the course notebook reads


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("check", help="compare our reading of a model with plain PyTorch, before a class")
    parser.set_defaults(command=check)
    parser.add_argument("model", metavar="MODEL", nargs="?", help="bundled (the default), a hub id or a folder")
    parser.add_argument(
        "--notebook",
        action="store_true",
        help="run the course notebook's own loop, by default on EleutherAI/gpt-neo-125m, and compare all its numbers",
    )
    parser.add_argument("--layer", type=int, help="with --notebook: the layer, 8 or the middle one")
    parser.add_argument("--word-source", metavar="SOURCE", help="with --notebook: a folder of lists")


def check(options: argparse.Namespace) -> int:
    """Compare our reading of a model with plain PyTorch, or our notebook preset with the notebook's own loop."""
    from core.check import check_notebook, check_reading
    from core.models import count_layers
    from core.report.comparisons import notebook_lines, reading_lines

    if not options.notebook and (options.layer is not None or options.word_source):
        raise UserError("--layer and --word-source are for --notebook; without it, every layer and ten words are read.")
    model = options.model or ("EleutherAI/gpt-neo-125m" if options.notebook else "bundled")
    options.limits.check_allowed(model)
    folders = options.folders.model_folders()
    if options.notebook:
        source = options.word_source or NOTEBOOK["word_source"]
        layer = _NOTEBOOK_LAYER if options.layer is None else options.layer
        n_layers = count_layers(model, folders)
        if options.layer is None and n_layers is not None and n_layers <= layer:
            layer = n_layers // 2
        spec = ContrastSpec.notebook(model=model, layer=layer, word_source=source)
        downloads = options.folders.downloads()
        same, lines = notebook_lines(check_notebook(spec, downloads, folders=folders, progress=show_share))
    else:
        same, lines = reading_lines(*check_reading(model, folders=folders, progress=show_share))
    print("\n".join(lines))
    return 0 if same else 1
