"""Gold-tagged text in CoNLL-U, aligned with a model's tokens by character offsets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from core.activations import layered_token_activations
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


def word_values(
    lm: LoadedModel, sentences: Sequence[tuple[str, list[GoldWord]]], classes: Sequence[str], prefix: bool
) -> dict[str, np.ndarray]:
    """Every neuron's pre-activation for each word of some classes, mean over its tokens.

    Each sentence is read once, as running text, after the beginning-of-text token where ``prefix`` says so. A token
    belongs to every word whose characters it shares. Returns class -> float32 (n_layers, n_words, d_mlp).
    """
    rows: dict[str, list[np.ndarray]] = {upos: [] for upos in classes}
    for text, all_words in sentences:
        words = [word for word in all_words if word.upos in rows]
        if not words:
            continue
        by_layer = layered_token_activations(lm, text, range(lm.n_layers), prefix=prefix)
        values = np.stack([by_layer[layer].values for layer in range(lm.n_layers)])  # [layer, token, d_mlp]
        starts, ends = _token_edges(by_layer[0].pieces)
        for word in words:
            rows[word.upos].append(values[:, (starts < word.end) & (ends > word.start)].mean(axis=1))
    return {upos: np.stack(found, axis=1) for upos, found in rows.items()}


def _token_edges(pieces: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The first character of each token, and the one behind its last: int64 (n_tokens,) twice."""
    ends = np.array(list(accumulate(len(piece) for piece in pieces)))
    # A later part of a split character has an empty piece: it ends where its first part ends.
    starts = np.concatenate([[0], ends[:-1]])
    return np.where(ends > starts, starts, ends - 1), ends
