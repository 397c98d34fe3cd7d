"""Read the MLP neurons of every layer for single words.

    word_activations(lm, ["time", "people"], layers=[8])   # (1, 2, d_mlp): one side of the nonlinearity
    read_both_sides(lm, ["time", "people"], layers=[8])    # both sides, in the same passes

A pass ends at the deepest layer (``core.activations.hooks``). The language-model head never runs. There is no padding,
and tokens that words share are computed once (``core.activations.word_passes``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np

from core.activations.encode import check_choices, encode_words, start_ids
from core.activations.hooks import Gate, Point
from core.activations.word_passes import Reading, Write, read_rows
from core.models.loaded import LoadedModel
from core.out_of_memory import memory_for
from core.progress import Progress, unwatched
from core.records import HOOK_SIDES, BothSides


def word_activations(
    lm: LoadedModel,
    words: Sequence[str],
    layers: Sequence[int] | None = None,
    *,
    side: str = "pre-activation",
    pooling: str = "mean",
    leading_space: bool = False,
    prefix: bool = False,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Read every neuron for every word. Each word is a text of its own.

    Parameters
    ----------
    lm : LoadedModel
    words : sequence of str
        At least one. A word may have several tokens.
    layers : sequence of int, optional
        0-based; the result has the same order. None means all layers. The same passes read all of them.
    side : {"pre-activation", "activation"}
        Before the MLP's nonlinearity, or after it.
    pooling : {"mean", "last"}
        How the values at a word's tokens become one value: their mean, or the value at the last token.
    leading_space : bool
        Read the tokens that the word has inside a sentence, with the space before it, instead of those of the word
        alone.
    prefix : bool
        Read the beginning-of-text token before each word. A model without it uses its end-of-text token. This token
        is not pooled.
    progress : callable
        Called after each batch with the share done (0 to 1) and a sentence.
    gate : callable
        Makes a context manager, which is entered around each forward pass.
    out : ndarray of shape (n_layers, n_words, d_mlp), float32, optional
        The values are written to it, and it is returned; for example a memory-mapped file. By default a new array.

    Returns
    -------
    ndarray of shape (n_layers, n_words, d_mlp), float32
        In the units of the hook point.

    Raises
    ------
    UserError
        There are no words; a word has no tokens, more than the model's context, or one that the model cannot read; the
        model does not have a layer; memory runs out.

    Examples
    --------
    >>> from core.models import load_model
    >>> word_activations(load_model("bundled"), ["time", "people"], layers=[2, 3]).shape
    (2, 2, 512)
    """
    layers = range(lm.n_layers) if layers is None else layers
    check_choices(lm, layers, side, pooling)
    start = start_ids(lm, prefix)
    ids = encode_words(lm, words, leading_space, start)
    with memory_for_words(lm, len(words)):
        if out is None:
            out = np.empty((len(layers), len(words), lm.d_mlp), dtype=np.float32)
        write = _into(out, layers, {side: np.arange(len(words))})
        read_rows(Reading(lm, layers, [side], [side], pooling, len(start), write, gate), ids, progress)
    return out


def read_both_sides(
    lm: LoadedModel,
    words: Sequence[str],
    layers: Sequence[int] | None = None,
    *,
    pooling: str = "mean",
    leading_space: bool = False,
    prefix: bool = False,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
    out: np.ndarray | None = None,
) -> BothSides:
    """Read every neuron for every word on both sides of the nonlinearity, in the same passes.

    Parameters
    ----------
    lm, words, layers, pooling, leading_space, prefix, progress, gate
        As in ``word_activations``.
    out : ndarray of shape (n_layers, n_words + n_stored, d_mlp), float32, optional
        The values are written to it: first the pre-activations of all words, then the activations of the words
        ``stored_words(...)``, which do not follow from their pre-activations. By default a new array.

    Returns
    -------
    BothSides
        Its arrays are views of ``out``.

    Raises
    ------
    UserError
        As ``word_activations``.

    Examples
    --------
    >>> from core.models import load_model
    >>> sides = read_both_sides(load_model("bundled"), ["time", "people"], layers=[2, 3])
    >>> sides.at("pre-activation").shape, sides.at("activation").shape
    ((2, 2, 512), (2, 2, 512))
    """
    layers = range(lm.n_layers) if layers is None else layers
    check_choices(lm, layers, "activation", pooling)
    start = start_ids(lm, prefix)
    ids = encode_words(lm, words, leading_space, start)
    stored = stored_words(lm, np.array([len(row) - len(start) for row in ids]), pooling)
    with memory_for_words(lm, len(words)):
        if out is None:
            out = np.empty((len(layers), len(words) + len(stored), lm.d_mlp), dtype=np.float32)
        place = np.full(len(words), -1)  # [n_words]: where a word's activation is in ``out``
        place[stored] = len(words) + np.arange(len(stored))
        sides = HOOK_SIDES if len(stored) else HOOK_SIDES[:1]
        sides_of_one = sides if lm.nonlinearity is None else HOOK_SIDES[:1]
        write = _into(out, layers, {"pre-activation": np.arange(len(words)), "activation": place})
        read_rows(Reading(lm, layers, sides, sides_of_one, pooling, len(start), write, gate), ids, progress)
    return both_sides(lm, out, stored)


def stored_words(lm: LoadedModel, n_tokens: np.ndarray, pooling: str) -> np.ndarray:
    """The words whose activation does not follow from their pre-activation.

    The activation of one token is the nonlinearity of its pre-activation. But the mean of several activations is not
    that of the mean pre-activation. In a gated model, no activation follows.

    Parameters
    ----------
    lm : LoadedModel
    n_tokens : ndarray of shape (n_words,)
        As ``token_counts``.
    pooling : {"mean", "last"}

    Returns
    -------
    ndarray of shape (n_stored,), int64
        The positions of these words, in ascending order.

    Examples
    --------
    >>> from core.models import load_model
    >>> stored_words(load_model("bundled"), np.array([1, 2, 1, 3]), "mean")
    array([1, 3])
    """
    if lm.nonlinearity is None:
        return np.arange(len(n_tokens))
    return np.flatnonzero((n_tokens > 1) & (pooling == "mean"))


def both_sides(lm: LoadedModel, values: np.ndarray, stored: np.ndarray) -> BothSides:
    """The record of an array (n_layers, n_words + n_stored, d_mlp) that ``read_both_sides`` filled: views of it."""
    n_words = values.shape[1] - len(stored)
    return BothSides(values[:, :n_words], values[:, n_words:], stored, lm.nonlinearity)


def memory_for_words(lm: LoadedModel, n_words: int) -> AbstractContextManager[None]:
    """Around what reads words: one sentence if memory runs out."""
    return memory_for(f"read {n_words:,} words with {lm.info.name}", "fewer words or a smaller model need less")


def _into(out: np.ndarray, layers: Sequence[int], places: Mapping[str, np.ndarray]) -> Write:
    """Writes into ``out`` (n_layers, n_places, d_mlp): word i's values at one side to ``places[side][i]``."""

    def write(rows: np.ndarray, point: Point, values: np.ndarray) -> None:
        layer, side = point
        for j in np.flatnonzero(np.equal(layers, layer)):  # once, or more if a layer is asked for twice
            out[j, places[side][rows]] = values  # [n_rows, d_mlp] into [n_layers, n_places, d_mlp]

    return write
