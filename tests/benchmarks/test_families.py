"""The table of families: it agrees where the reading is right, and says what differs or is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import families
from benchmarks.tiny_models import TINY
from core.models.hook_points import HOOK_POINTS
from core.records import TOLERANCE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "models.md"


def test_every_family_is_among_the_tiny_models() -> None:
    assert {name.partition(" ")[0] for name in TINY} == set(HOOK_POINTS)


def test_the_page_has_a_row_for_every_family() -> None:
    """As the last run wrote it, with no difference above the tolerance."""
    table = PAGE.read_text(encoding="utf-8").split("<!-- families -->")[1].split("<!-- end families -->")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    assert [row[0].strip("`") for row in rows] == list(TINY)
    assert all(float(cell) <= TOLERANCE for row in rows for cell in row[1:4])
    assert {row[4] for row in rows} == {"same bits"}


def test_families_that_agree_and_those_left_out() -> None:
    section = families.compare(["gpt_neo", "phi3"])
    assert str(section).count("same bits") == 2
    (wrong,) = section.wrong
    assert "llama" in wrong and "phi3" not in wrong and wrong.startswith("not compared")


def test_a_difference_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Above the tolerance, or in the bits of a pass that ends early: the exit code is 1."""
    monkeypatch.setattr(families, "TINY", {"gpt2": TINY["gpt2"]})
    monkeypatch.setattr(families, "HOOK_POINTS", {"gpt2": HOOK_POINTS["gpt2"]})
    page = tmp_path / "page.md"
    page.write_text("<!-- families -->\n<!-- end families -->\n")
    assert families.main(["--out", str(page)]) == 0
    assert "| `gpt2` |" in page.read_text()
    monkeypatch.setattr(families, "_ends_early", lambda folder: False)
    assert families.main([]) == 1
    monkeypatch.undo()
    monkeypatch.setattr(families, "TOLERANCE", 1e-12)
    assert "gpt2 differs" in families.compare(["gpt2"]).wrong
