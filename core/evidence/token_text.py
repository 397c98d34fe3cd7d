"""The tokens of many texts in one row: values, the word that each belongs to, and what is around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.activations import TokenColumn
from core.report.readable import first_words, last_words
from core.words import Prose, listed_words

NEITHER, OWN, OTHER = 0, 1, 2

BEFORE, AFTER = 60, 40  # characters of a context


@dataclass(frozen=True, eq=False)
class TokenText:
    """The tokens of all pieces, n_tokens in all.

    ``values`` float32 are the neuron's. ``piece`` is the number of each token's piece, and ``kind`` one of OWN, OTHER,
    NEITHER: the list of its word. ``starts``, ``ends`` are its characters, and ``window`` is the first character that
    the model had read before it.
    """

    pieces: tuple[Prose, ...]
    values: np.ndarray
    piece: np.ndarray
    kind: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    window: np.ndarray

    def context(self, i: int) -> dict[str, Any]:
        """Token ``i``: its value, its text, what is before it (as far as the model has read it) and after it."""
        piece = self.pieces[self.piece[i]]
        start, end = int(self.starts[i]), int(self.ends[i])
        return {
            "value": float(self.values[i]),
            "before": last_words(piece.text[int(self.window[i]) : start], BEFORE),
            "token": piece.text[start:end],
            "after": first_words(piece.text[end:], AFTER),
            "genre": piece.genre,
        }

    def of_different_words(self, order: Iterable[int], n: int) -> list[int]:
        """The first ``n`` tokens of an order whose texts differ, without regard to case and spaces."""
        seen: dict[str, int] = {}
        for i in order:
            text = self.pieces[self.piece[i]].text[self.starts[i] : self.ends[i]].strip().casefold()
            seen.setdefault(text, int(i))
            if len(seen) == n:
                break
        return list(seen.values())


def token_text(
    pieces: Sequence[Prose],
    columns: Sequence[TokenColumn],
    forms: tuple[frozenset[str], frozenset[str]],
) -> TokenText:
    """The tokens of all pieces.

    Parameters
    ----------
    pieces : sequence of Prose
    columns : sequence of TokenColumn
        One for each piece.
    forms : (own, other)
        Word forms in lower case.
    """
    kinds, starts, ends, windows = [], [], [], []
    for piece, column in zip(pieces, columns, strict=True):
        spans = np.array(column.spans, dtype=np.int64)  # [n_tokens, 2]
        starts.append(spans[:, 0])
        ends.append(spans[:, 1])
        windows.append(spans[column.windows, 0])
        # The kind of each character is that of the word that it is in; a token has the kind of its last character.
        of_characters = np.full(len(piece.text) + 1, NEITHER, dtype=np.int8)
        for word, is_own in zip(*listed_words(piece.text, *forms), strict=True):
            of_characters[word.start : word.end] = OWN if is_own else OTHER
        kinds.append(np.where(spans[:, 1] > spans[:, 0], of_characters[spans[:, 1] - 1], NEITHER))
    values = np.concatenate([column.values for column in columns])
    return TokenText(
        pieces=tuple(pieces),
        values=values,
        piece=np.repeat(np.arange(len(pieces)), [len(column.values) for column in columns]),
        kind=np.concatenate(kinds),
        starts=np.concatenate(starts),
        ends=np.concatenate(ends),
        window=np.concatenate(windows),
    )
