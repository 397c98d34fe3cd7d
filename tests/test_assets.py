"""The curated word lists and sample texts keep the promises that their README makes."""

import re
from itertools import combinations
from pathlib import Path

import pytest

ASSETS = Path(__file__).resolve().parent.parent / "assets"
LEAST_WORDS = {"nouns": 1000, "verbs": 1000, "adjectives": 500, "adverbs": 300}
AUXILIARIES = re.compile(
    r"am|are|be|been|being|can|could|did|do|does|doing|done|had|has|have|having|is|may|might|must|ought|shall|should"
    r"|was|were|will|would"
)
TEXTS = sorted((ASSETS / "texts").glob("*.txt"))


def word_list(name: str) -> list[str]:
    """The words of one curated list, in file order."""
    return (ASSETS / "words" / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", LEAST_WORDS)
def test_word_list_is_well_formed(name: str) -> None:
    """UTF-8 with LF ends, enough words, each of plain lower-case letters and only once."""
    raw = (ASSETS / "words" / f"{name}.txt").read_bytes()
    assert b"\r" not in raw, f"{name}.txt has carriage returns"
    assert raw.endswith(b"\n"), f"{name}.txt lacks its last newline"
    words = word_list(name)
    assert len(words) >= LEAST_WORDS[name], f"{name}.txt has only {len(words)} words"
    odd = [word for word in words if not re.fullmatch("[a-z]{2,}", word)]
    assert not odd, f"{name}.txt has lines that are not plain words: {odd[:10]}"
    twice = sorted({word for word in words if words.count(word) > 1})
    assert not twice, f"{name}.txt repeats {twice[:10]}"


@pytest.mark.parametrize(("one", "other"), list(combinations(LEAST_WORDS, 2)))
def test_word_lists_are_disjoint(one: str, other: str) -> None:
    """No word stands in two lists."""
    shared = sorted(set(word_list(one)) & set(word_list(other)))
    assert not shared, f"in both {one}.txt and {other}.txt: {shared[:10]}"


def test_verbs_hold_no_auxiliaries() -> None:
    """The README says that auxiliaries and modals are left out."""
    found = [word for word in word_list("verbs") if AUXILIARIES.fullmatch(word)]
    assert not found, f"auxiliaries in verbs.txt: {found}"


@pytest.mark.parametrize("name", LEAST_WORDS)
def test_readme_states_the_true_count(name: str) -> None:
    """The count in the README's table is the file's."""
    readme = (ASSETS / "words" / "README.md").read_text(encoding="utf-8")
    row = f"| `{name}.txt` | {len(word_list(name)):,} |"
    assert row in readme, f"the README's table has no row that starts {row!r}"


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
