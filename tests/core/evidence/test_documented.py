"""docs/methods.md defines every figure that a check of a real neuron has, and docs/reference/numbers.md lists it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.evidence import about, run_check
from core.evidence.checks import CHECKS
from core.evidence.figures import COMMON, FIGURES
from core.records import IMPOSSIBLE

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "methods.md").read_text(encoding="utf-8")
NUMBERS = (DOCS / "reference" / "numbers.md").read_text(encoding="utf-8")

# Objects whose names are data: tags, words.
BY_DATA = {("gold_text", "counts")}

# These read hundreds of sentences: with a tiny model, their figures have the same names.
LONG = ("causal", "top_contexts")


def names(figures: dict[str, Any]) -> Iterator[str]:
    """The names at the top, and one below: in a dictionary, or in each dictionary of a list."""
    for name, value in figures.items():
        yield name
        for below in value if isinstance(value, list) else [value]:
            if isinstance(below, dict):
                yield from below


def all_names(check: str, value: Any, name: str = "") -> Iterator[str]:
    """The names of all objects, however deep."""
    if isinstance(value, list):
        for item in value:
            yield from all_names(check, item, name)
    elif isinstance(value, dict) and (check, name) not in BY_DATA:
        for below, item in value.items():
            yield below
            yield from all_names(check, item, below)


@pytest.mark.parametrize("check", CHECKS)
def test_every_figure_is_defined_where_the_check_is_described(subject_of, tiny_folder, check):
    model = str(tiny_folder("gpt_neo")) if check in LONG else "bundled"
    finding = run_check(check, subject_of(model=model, layer=1, n_target=120, n_baseline=120))
    assert finding.verdict != IMPOSSIBLE
    [section] = re.findall(rf"^### {check}$\n(.*?)(?=^##)", PAGE, re.M | re.S)
    assert sorted({name for name in names(finding.numbers) if f"`{name}`" not in section}) == []
    assert sorted(set(all_names(check, finding.numbers)) - set(FIGURES[check]) - set(COMMON)) == []
    [index] = re.findall(rf"^### {check}$\n(.*?)(?=^#|\Z)", NUMBERS, re.M | re.S)
    assert all(f"| `{name}` |" in index for name in FIGURES[check])


def test_every_check_names_its_value_shortly():
    named = {check: about(check).VALUE for check in CHECKS}
    assert all(0 < len(value) <= 25 for value in named.values())
    assert named["multiplicity"] == "p (max-T, model)" and named["causal"] == "difference of loss (nats)"
