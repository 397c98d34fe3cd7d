"""The values of words in a running text, from those of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from core.activations.tokens import Span, tokens_of_places
from core.records import TokenActivations


def tokens_of_words(found: TokenActivations, places: Sequence[Span]) -> list[np.ndarray]:
    """The tokens of each word: those that share characters with it, or cover only the space before it.

    Parameters
    ----------
    found : TokenActivations
    places : sequence of (int, int)
        The characters of each word in the text, ``"".join(found.pieces)``.

    Returns
    -------
    list of ndarray
        int64 positions of tokens, in order; empty for a word of which the tokenizer makes no token.

    Examples
    --------
    >>> from core.activations import token_activations
    >>> from core.models import load_model
    >>> found = token_activations(load_model("bundled"), "A ferryman barks.", layer=3)
    >>> found.pieces, [tokens.tolist() for tokens in tokens_of_words(found, [(0, 1), (2, 10)])]
    (['A', ' f', 'erry', 'man', ' bar', 'ks', '.'], [[0], [1, 2, 3]])
    """
    return tokens_of_places("".join(found.pieces), _spans(found), places)


def word_values(
    found: TokenActivations, tokens: Sequence[np.ndarray], neurons: Sequence[int], pooling: str = "mean"
) -> np.ndarray:
    """The values of words, pooled over their tokens as those of word lists are.

    Parameters
    ----------
    found : TokenActivations
    tokens : sequence of ndarray
        Of each word, from ``tokens_of_words``.
    neurons : sequence of int
    pooling : {"mean", "last"}

    Returns
    -------
    ndarray of shape (n_words, n_neurons), float64
        In the units of the hook point; NaN for a word without tokens.

    Examples
    --------
    >>> values = np.array([[1.0], [3.0], [8.0]], dtype=np.float32)
    >>> found = TokenActivations(["un", "seen", " now"], ["", "", ""], [1, 2, 3], values, layer=0)
    >>> word_values(found, tokens_of_words(found, [(0, 6), (7, 10)]), [0]).ravel()
    array([2., 8.])
    """
    values = found.values[:, list(neurons)].astype(np.float64)  # [n_tokens, d_mlp] -> [n_tokens, n_neurons]
    pooled = np.full((len(tokens), len(neurons)), np.nan)
    for row, its in zip(pooled, tokens, strict=True):
        if len(its):
            row[:] = values[its].mean(axis=0) if pooling == "mean" else values[its[-1]]
    return pooled


def word_groups(found: TokenActivations, places: Sequence[Span]) -> np.ndarray:
    """Cut the tokens of a text into groups: those of one word, and every other token by itself.

    Two words that share a token are one group.

    Parameters
    ----------
    found : TokenActivations
    places : sequence of (int, int)
        The characters of each word, as from ``core.words.running_words``.

    Returns
    -------
    ndarray of int64, shape (n_groups,)
        The first token of each group, in order.

    Examples
    --------
    >>> found = TokenActivations(["on", "ions", ",", " now"], [""] * 4, [1, 2, 3, 4], np.zeros((4, 1)), layer=0)
    >>> word_groups(found, [(0, 6), (8, 11)])
    array([0, 2, 3])
    """
    begins = np.ones(len(found.pieces), dtype=bool)
    for tokens in tokens_of_words(found, places):
        if len(tokens):
            begins[tokens[0] + 1 : tokens[-1] + 1] = False
    return np.flatnonzero(begins)


def group_values(values: np.ndarray, starts: np.ndarray, pooling: str = "mean") -> np.ndarray:
    """One value for each group of tokens, pooled as those of word lists are.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
    starts : ndarray of int, shape (n_groups,)
        The first token of each group, from ``word_groups``.
    pooling : {"mean", "last"}

    Returns
    -------
    ndarray of float64, shape (n_groups,)

    Examples
    --------
    >>> group_values(np.array([1.0, 3.0, 8.0]), np.array([0, 2]))
    array([2., 8.])
    >>> group_values(np.array([1.0, 3.0, 8.0]), np.array([0, 2]), "last")
    array([3., 8.])
    """
    values = np.asarray(values, dtype=np.float64)
    ends = np.append(starts[1:], len(values))
    if pooling == "last" or not len(starts):
        return values[ends - 1] if len(starts) else np.zeros(0)
    return np.add.reduceat(values, starts) / (ends - starts)


def _spans(found: TokenActivations) -> list[Span]:
    """The characters of each token. The parts of a character (or of several) all have those of all parts."""
    ends = list(accumulate(map(len, found.pieces)))
    spans = list(zip([0, *ends[:-1]], ends, strict=True)) if ends else []
    for i, part in enumerate(found.parts):
        if part.startswith("1/"):
            n = int(part[2:])
            spans[i : i + n] = [(spans[i][0], spans[i + n - 1][1])] * n
    return spans
