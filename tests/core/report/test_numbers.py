"""docs/reference/numbers.md: every column and every field of the files that the app and the command line write."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from core.activations import token_activations
from core.experiment import run_contrast
from core.models import load_model
from core.records import ContrastSpec
from core.records.registration import Change
from core.report.columns import HEADINGS
from core.report.json_fields import MANIFEST, MODEL, NEURON, REGISTRATIONS, SUMMARY, VERSIONS
from core.report.manifest import manifest_json
from core.report.markdown import anchor
from core.report.registration import registrations_json
from core.report.summary import summary_json
from core.report.tables import contrast_table, text_table, words_table
from core.report.two_texts import pair_table, pair_tokens
from tests.support.made_registrations import made_opened

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "reference" / "numbers.md").read_text(encoding="utf-8")
SETTINGS = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
METHODS = (DOCS / "methods.md").read_text(encoding="utf-8")


def section(title: str, level: int = 2) -> str:
    """What stands under a heading, up to the next one of its level."""
    return re.split(rf"^#{{1,{level}}} ", PAGE.split(f"{'#' * level} {title}\n", 1)[1], flags=re.M)[0]


def named(text: str) -> set[str]:
    """The names in the first cells of a section's tables."""
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.M))


def paths(value: Any, path: str = "") -> Iterator[str]:
    """The fields of an object: ``a.b`` is b in the object a, ``a[].b`` in each object of the list a."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path}{name}"
            yield from paths(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{path.removesuffix('.')}[].")


@pytest.fixture(scope="module")
def result():
    """One with a caution, permutations and notes: a t-test after the nonlinearity with few words."""
    spec = ContrastSpec.careful(
        layer=1, n_target=60, n_baseline=20, hook_side="activation", unit="word", family="layer"
    )
    return run_contrast(spec, load_model("bundled"))


def test_columns_of_every_table(result) -> None:
    one, two = (token_activations(load_model("bundled"), text, 1) for text in ("The dogs bark.", "The dog barks."))
    pairs = pair_tokens(one.token_ids, two.token_ids)
    tables = {
        "Neurons": contrast_table(result),
        "Words": words_table(result),
        "Tokens of a text": text_table(one, [3]),
        "Two texts": pair_table([one, two], pairs, [3]),
    }
    for title, table in tables.items():
        header = next(csv.reader(table.csv().splitlines()))
        assert header == list(json.loads(table.json())[0])
        assert {re.sub(r"^neuron_\d+", "neuron_N", name) for name in header} == named(section(title, 3))


def test_fields_of_the_summary(result) -> None:
    of_spec = {f"spec.{name}" for name in asdict(result.spec)}
    inner = {f"{name}.{path}" for name in ("largest", "smallest") for path in NEURON}
    known = {*SUMMARY, *of_spec, *inner, *(f"model.{n}" for n in MODEL), *(f"versions.{n}" for n in VERSIONS)}
    found = set(paths(json.loads(summary_json(result))))
    assert {path for path in found if not path.startswith("cautions[].remedies[].changes.")} == known
    assert named(section("The summary")) == {*SUMMARY, *NEURON, *MODEL, *VERSIONS}
    assert all(f"| `{name}` |" in SETTINGS for name in asdict(result.spec))


def test_fields_of_the_manifest(result) -> None:
    of_lists = {path.partition(": ")[2] for path in MANIFEST if ": " in path}
    lists = {f"lists.{side}.{name}" for side in ("target", "baseline") for name in of_lists}
    found = {path for path in paths(json.loads(manifest_json(result, ["Tea."], [3])))}
    elsewhere = ("model.", "settings.", "versions.", "tables.")  # in other tables of the page, or on that of settings
    known = {path for path in MANIFEST if ": " not in path} | lists
    assert {path for path in found if not path.startswith(elsewhere)} == known
    assert named(section("The manifest")) == set(MANIFEST)


def test_fields_of_the_registrations() -> None:
    one = made_opened()
    half = one.opened(replace(one.opening, held_out=None, missing={"held_out": "Too few."}))
    text = registrations_json([(one, [Change("layer", "2", "3")]), (half, [])], "2026-01-05T10:00:00+00:00")
    elsewhere = ("settings.", "missing.", "verdicts.")  # settings are on another page, the others have names
    found = {path for path in paths(json.loads(text)) if not any(f".{name}" in path for name in elsewhere)}
    assert found == set(REGISTRATIONS) == named(section("The registrations"))


def test_every_link_leads_to_a_definition() -> None:
    headings = {anchor(heading) for heading in re.findall(r"^#+ (.+)$", METHODS, re.M)}
    links = set(re.findall(r"methods\.md#([^)]+)\)", PAGE))
    assert len(links) > 40 and links - headings == set()
    assert {anchor(heading) for heading in HEADINGS.values()} <= links
