"""Every family of models: how far our values lie from those of a plain pass through the whole network.

    python -m benchmarks.families --out docs/reference/models.md

A tiny model of each family is made with random weights. Ten words, alone and as inside a sentence, and a text are read
at every layer on both sides of the nonlinearity (``core.check``). Then each layer is read alone: a pass that ends early
must give the same bits as one that goes to the last layer.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.table import Section, markdown, update_page
from benchmarks.timing import say
from benchmarks.tiny_models import TINY, random_model, save_tokenizer
from core.activations import read_both_sides
from core.check import WORDS, check_reading
from core.console import print_anything
from core.models import load_model
from core.models.hook_points import HOOK_POINTS
from core.records import HOOK_SIDES, TOLERANCE

_HEADER = ("family", "words", "words as inside a sentence", "a text", "a pass that ends early")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, and write it if a page is given. The exit code is 1 if a family differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.families", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="PAGE", help="also write the table on this page")
    wanted = parser.parse_args(arguments)
    section = compare(TINY)
    print(section)
    if wanted.out:
        update_page(wanted.out, [section])
    return 1 if section.wrong else 0


def compare(names: Iterable[str]) -> Section:
    """The table of some families: keys of ``TINY``."""
    rows, wrong = [], []
    names = list(names)
    for name in names:
        say(f"Comparing {name}")
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            random_model(name, save_tokenizer(folder)).save_pretrained(folder)
            worst = _worst(folder)
            same_bits = _ends_early(folder)
        rows.append(
            [f"`{name}`", *(f"{each:.1e}" for each in worst.values()), "same bits" if same_bits else "**other**"]
        )
        if max(worst.values()) > TOLERANCE or not same_bits:
            wrong.append(f"{name} differs")
    missing = sorted(set(HOOK_POINTS) - {name.partition(" ")[0] for name in names})
    if missing:
        wrong.append(f"not compared: {', '.join(missing)}")
    versions = f"transformers {version('transformers')}, torch {version('torch')}, float32, on a CPU"
    return Section("families", "Families", (f"Measured with {versions}.", markdown(_HEADER, rows)), wrong=tuple(wrong))


def _worst(folder: Path) -> dict[str, float]:
    """By what was read: the largest difference, of both sides, as a share of the largest value of its layer."""
    worst: dict[str, float] = {}
    for each in check_reading(str(folder))[1]:
        worst[each.what] = max(worst.get(each.what, 0.0), each.relative)
    return worst


def _ends_early(folder: Path) -> bool:
    """Whether a layer has the same bits if it is read alone as if all layers are."""
    lm = load_model(str(folder))
    whole = read_both_sides(lm, WORDS)
    for layer in range(lm.n_layers):
        alone = read_both_sides(lm, WORDS, [layer])
        if any(not np.array_equal(alone.at(side)[0], whole.at(side)[layer]) for side in HOOK_SIDES):
            return False
    return True


if __name__ == "__main__":
    print_anything()
    raise SystemExit(main())
