"""Gold-tagged text in CoNLL-U, aligned with a model's tokens by character offsets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from core.activations import token_activations
from core.models import LoadedModel


@dataclass(frozen=True)
class GoldWord:
    """A word of a sentence: its universal part of speech, and the characters start to end of the text."""

    upos: str
    start: int
    end: int


def read_conllu(path: Path) -> Iterator[tuple[str, list[GoldWord]]]:
    """Each sentence's text and words. Words inside a multiword token (as in "don't") have no characters: left out."""
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = block.split("\n")
        text = next((line[len("# text = ") :] for line in lines if line.startswith("# text = ")), None)
        if text is not None:
            yield text, list(_words(text, [line.split("\t") for line in lines if "\t" in line]))


def _words(text: str, rows: list[list[str]]) -> Iterator[GoldWord]:
    position, inside_until = 0, 0
    for number, form, _, upos, *_ in rows:
        if "." in number or ("-" not in number and int(number) <= inside_until):
            continue  # an empty node, or a word whose characters its multiword token has
        start = text.index(form, position)
        position = start + len(form)
        if "-" in number:
            inside_until = int(number.partition("-")[2])
        else:
            yield GoldWord(upos, start, position)


def word_values(lm: LoadedModel, layer: int, sentences: list[tuple[str, list[GoldWord]]], upos: str) -> np.ndarray:
    """Every neuron's pre-activation for each word of one class, mean over its tokens: float32 (n_words, d_mlp).

    Each sentence is read as running text; a token belongs to every word whose characters it shares.
    """
    rows = []
    for text, all_words in sentences:
        words = [word for word in all_words if word.upos == upos]
        if not words:
            continue
        activations = token_activations(lm, text, layer)
        ends = np.array(list(accumulate(len(piece) for piece in activations.pieces)))
        # A later part of a split character has an empty piece: it ends where its first part ends.
        starts = np.concatenate([[0], ends[:-1]])
        starts = np.where(ends > starts, starts, ends - 1)
        for word in words:
            overlaps = (starts < word.end) & (ends > word.start)
            rows.append(activations.values[overlaps].mean(axis=0))
    return np.stack(rows)
