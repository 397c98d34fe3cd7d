"""docs/methods.md: the terms of the app's glossary are there, and the rates that cautions quote are those measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.records import HOOK_SIDES, TESTS
from core.report.columns import COLUMNS
from core.report.glossary import GLOSSARY, d_definition, statistic_name
from core.stats import cautions

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
# Terms that pages read by the name of a statistic, an effect size, a side or a mark.
NAMED = {name(test) for test in TESTS for name in (statistic_name, d_definition)} | {*HOOK_SIDES, "silent", "reverses"}


def measured(title: str, row: str, column: str) -> float:
    """One cell of the table that follows a title in bold, as a share."""
    table = PAGE.split(f"**{title}**", 1)[1].split("\n\n")[1].splitlines()
    header, *rows = ([cell.strip(" *") for cell in line.strip("|").split("|")] for line in table)
    cells = next(cells for cells in rows if cells[0] == row)
    return float(cells[header.index(column)].removesuffix("%")) / 100


@pytest.mark.parametrize("term", GLOSSARY)
def test_every_term_of_the_glossary_has_a_heading(term):
    assert re.search(rf"^### {re.escape(term)}$", PAGE, re.M | re.I)


def test_every_column_is_defined_as_in_the_exported_manifest():
    table = PAGE.split("| column | meaning |")[1].split("\n\n")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.M)) == COLUMNS


def test_pages_read_every_term_of_the_glossary():
    # The page of the lesson reads the terms of its steps, which stand there by name.
    folders = (ROOT / "ui", ROOT / "core" / "lesson")
    code = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py"))
    unread = [term for term in GLOSSARY if term not in NAMED and not re.search(f"[\"']{term}[\"']", code)]
    assert len(code) > 10_000 and unread == []


@pytest.mark.parametrize(
    "rates, titles",
    [
        (cautions.NOTHING_TO_FIND, ("Nothing to find.", "Welch's test at other sizes.")),
        (cautions.NOTHING_TO_FIND_ABSOLUTE, ("Absolute values, nothing to find.",)),
    ],
)
def test_cautions_quote_the_measured_rates_of_unequal_groups(rates, titles):
    for side, place in (("pre-activation", "before"), ("activation", "after")):
        for (few, many), rate in rates[side].items():
            row = f"{few:,} + {many:,}, {place}"
            [title] = [title for title in titles if f"| {row} |" in PAGE.split(f"**{title}**")[1].split("\n\n")[1]]
            assert rate == pytest.approx(measured(title, row, "Welch, Holm"), abs=0.0051)


_EQUAL, _EQUAL_ABSOLUTE = "Equal means, other shapes.", "Absolute values, equal means."


@pytest.mark.parametrize(
    "rates, title, column",
    [
        (cautions.EQUAL_MEANS, _EQUAL, "Welch, Holm"),
        (cautions.EQUAL_MEANS_PAIRED, _EQUAL, "paired, Holm"),
        (cautions.EQUAL_MEANS_MAX_T, _EQUAL, "Welch, max-T"),
        (cautions.EQUAL_MEANS_ABSOLUTE, _EQUAL_ABSOLUTE, "Welch, Holm"),
        (cautions.EQUAL_MEANS_ABSOLUTE_MAX_T, _EQUAL_ABSOLUTE, "Welch, max-T"),
    ],
)
def test_cautions_quote_the_measured_rates_of_equal_means(rates, title, column):
    for (few, many), rate in rates.items():
        assert rate == pytest.approx(measured(title, f"{few} + {many}, after", column), abs=0.0051)


def test_absolute_values_need_no_caution_where_the_table_keeps_to_the_aim():
    bound = 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5
    for row in ("20 + 20", "100 + 100", "500 + 500", "100 + 500", "200 + 1,000"):
        assert measured("Absolute values, nothing to find.", f"{row}, before", "Welch, Holm") <= bound
    assert measured("Absolute values, nothing to find.", "50 + 500, before", "Welch, Holm") > bound


def test_the_page_on_the_method_quotes_the_measured_rates():
    page = " ".join((ROOT / "docs" / "explanation" / "method.md").read_text(encoding="utf-8").split())
    rates = {
        "With word forms as the unit, {:.0%}": ("Forms of a lemma.", "unit: word form", "Welch, Holm"),
        "With lemmas, it was {:.1%}": ("Forms of a lemma.", "unit: lemma", "Welch, Holm"),
        "corrected alone, {:.0%}": ("Nothing to find.", "500 + 500, before", "Welch, Holm, layer by layer"),
        "false findings in {:.0%}": ("Nothing to find.", "5 + 100, before", "Welch, Holm"),
        "finds something in {:.1%}": ("Nothing to find.", "500 + 500, before", "Welch, Holm"),
    }
    assert [said for said, cell in rates.items() if said.format(measured(*cell)) not in page] == []


def test_the_aim_is_met_wherever_the_page_says_that_a_test_holds():
    rows = ("500 + 500, before", "100 + 100, before", "20 + 20, before", "5 + 100, before", "20 + 500, after")
    for row in rows:
        for column in ("Welch, max-T", "Mann–Whitney, Holm"):
            assert measured("Nothing to find.", row, column) <= 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5
    assert measured("Forms of a lemma.", "unit: word form", "Welch, Holm") > 0.2
