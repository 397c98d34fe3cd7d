"""Measure the app and compare it with alternatives: ``python -m benchmarks [SECTION ...]``.

Every section prints Markdown tables; progress goes to standard error. ``--out benchmarks/results`` also writes
each section between its markers on a page of that folder. The exit code is 1 if another method gave other
values than ours, and 2 for a user's mistake. A missed mark is printed, but is not an error.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.machine import MATRIX, describe
from benchmarks.models import NEO_125M, QUICK, build, shape_of
from benchmarks.options import Options
from benchmarks.table import Section, update_page
from benchmarks.timing import say
from core.console import print_anything
from core.errors import UserError

SECTIONS = (
    "words",
    "text",
    "statistics",
    "memory",
    "growth",
    "start",
    "first_visit",
    "interaction",
    "neuron_map",
    "costs",
)
# Run only if named: their tables belong to another page, docs/methods.md.
ON_REQUEST = ("validity", "quiz")
_SECTIONS_HELP = f"of {', '.join(SECTIONS)} (all by default), or {', '.join(ON_REQUEST)}"
_OUT_HELP = "also write the sections between the markers of this page, or of the pages in this folder"
_NEED_MODEL = {"words", "text", "memory", "growth"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sections, print and write them, and return the exit code."""
    wanted = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            sections = _run(wanted, Path(folder))
        if wanted.out:
            update_page(wanted.out, sections)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(_marks(sections))
    return 1 if any(section.wrong for section in sections) else 0


def _run(wanted: argparse.Namespace, folder: Path) -> list[Section]:
    """Run the requested sections in the order of ``SECTIONS``. Each is printed when it is finished."""
    names = [name for name in (*SECTIONS, *ON_REQUEST) if name in (wanted.sections or SECTIONS)]
    model = wanted.model or folder
    if wanted.model:
        shape_of(model)  # fail early with one sentence
    elif _NEED_MODEL & set(names):
        say("Making a model with random weights")
        build(QUICK if wanted.quick else NEO_125M, wanted.tokenizer, folder)
    options = Options(wanted.quick, model, wanted.results)
    machine = str(describe(options.pick(MATRIX, 256)))
    if wanted.quick:
        machine = f"A quick run on small inputs: it shows that all works, and its figures mean nothing. {machine}"
    sections = []
    for name in names:
        start = time.perf_counter()
        section: Section = importlib.import_module(f"benchmarks.{name}").section(options)
        section = replace(section, parts=(*section.parts, machine))
        say(f"{name}: {time.perf_counter() - start:.0f} s")
        print(f"## {section.title}\n\n{section}\n", flush=True)
        sections.append(section)
    return sections


def _marks(sections: Sequence[Section]) -> str:
    """The number of marks that are met, and one sentence for each missed one."""
    marks = [mark for section in sections for mark in section.marks]
    missed = [f"Missed: {mark.what}: {mark.value:.3g}{mark.unit}, {mark}." for mark in marks if not mark.met]
    return "\n".join([f"{len(marks) - len(missed)} of {len(marks)} marks are met.", *missed])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=_SECTIONS_HELP)
    parser.add_argument("--results", type=Path, metavar="FILE", help="where validity saves its runs, to go on later")
    parser.add_argument("--quick", action="store_true", help="small inputs and a small model: whether it works")
    parser.add_argument("--out", type=Path, metavar="PAGE", help=_OUT_HELP)
    parser.add_argument(
        "--model", type=Path, metavar="FOLDER", help="a GPT-Neo in hub layout, not one with random weights"
    )
    parser.add_argument(
        "--tokenizer", type=Path, metavar="FOLDER", help="vocab.json and merges.txt for the random model"
    )
    return parser


if __name__ == "__main__":
    print_anything()
    sys.exit(main())
