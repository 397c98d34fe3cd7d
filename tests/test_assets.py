"""The sample texts keep the promises that their README makes."""

import re
from pathlib import Path

import pytest

TEXTS = sorted((Path(__file__).resolve().parent.parent / "assets" / "texts").glob("*.txt"))


def test_there_are_sample_texts() -> None:
    """Six texts or more, with names that give an order and a title."""
    assert len(TEXTS) >= 6, f"only {len(TEXTS)} sample texts"
    shape = re.compile(r"\d\d(-[a-z0-9]+)+\.txt")
    odd = [path.name for path in TEXTS if not shape.fullmatch(path.name)]
    assert not odd, f"names not of the form 01-a-title.txt: {odd}"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_sample_text_is_well_formed(path: Path) -> None:
    """Valid UTF-8 with LF ends, not empty, and short enough to draw."""
    raw = path.read_bytes()
    text = raw.decode("utf-8")  # raises on bad bytes
    assert text.strip(), f"{path.name} is empty"
    assert b"\r" not in raw, f"{path.name} has carriage returns"
    assert text.endswith("\n"), f"{path.name} lacks its last newline"
    assert len(text) < 20_000, f"{path.name} has {len(text)} characters"
