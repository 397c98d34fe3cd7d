"""The inputs of the benchmarks: the notebook's word lists (or the bundled ones), and texts of a given length."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.texts import some_text
from core.words import get_word_list
from core.words.source import FILE_NAMES

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"  # next to the project, if it is there: word lists and a tokenizer


@dataclass(frozen=True)
class Words:
    """Nouns and verbs, most frequent first, and their source."""

    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    source: str

    def first(self, n: int) -> list[str]:
        """The first ``n`` of each class, nouns before verbs: a list of 2 n, or of all there are."""
        return [*self.nouns[:n], *self.verbs[:n]]

    def sizes(self, wanted: tuple[int, ...]) -> tuple[int, ...]:
        """The sizes wanted, each once, none above what both classes have."""
        most = min(len(self.nouns), len(self.verbs))
        return tuple(sorted({min(n, most) for n in wanted}))


def word_source() -> str:
    """Where words come from, as ``core.words`` names it: a folder of lists beside the project, or the notebook's."""
    folder = SHARED / "wordlists"
    there = all((folder / FILE_NAMES[name]).is_file() for name in ("nouns", "verbs"))
    return str(folder) if there else "notebook"


def words() -> Words:
    """Both lists. If the notebook's cannot be read, the shorter bundled ones replace them."""
    nouns, verbs = (get_word_list(name, word_source()) for name in ("nouns", "verbs"))
    own = nouns.source.startswith("bundled")
    return Words(nouns.words, verbs.words, "the bundled lists" if own else "the notebook's lists")


def text(n_tokens: int, count: Callable[[str], int]) -> str:
    """English sentences with at least ``n_tokens`` tokens (by ``count``), and few more; cut at a space."""
    rng = random.Random(0)
    pieces: list[str] = []
    while count(" ".join(pieces)) < n_tokens:
        pieces += [some_text(rng) for _ in range(1 + len(pieces))]
    tokens = " ".join(pieces).split(" ")
    low, high = 1, len(tokens)
    while low < high:  # the fewest space-separated pieces that are long enough
        middle = (low + high) // 2
        low, high = (low, middle) if count(" ".join(tokens[:middle])) >= n_tokens else (middle + 1, high)
    return " ".join(tokens[:low])
