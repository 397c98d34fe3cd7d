"""Read the MLP neurons of every layer for single words.

word_activations(lm, ["time", "people"], layers=[8])   # (1, 2, d_mlp)

A pass ends at the deepest layer (``core.activations.hooks``). The language-model head never runs. There is no padding,
and tokens that words share are computed once (``core.activations.word_passes``).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np

from core.activations.encode import check_choices, encode_words, start_ids
from core.activations.hooks import Gate
from core.activations.word_passes import Reading, read_rows
from core.models.loaded import LoadedModel
from core.progress import Progress, unwatched


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
        Read ``" word"``, as inside a sentence, instead of ``"word"``.
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
        There are no words; a word has no tokens, or more than the model's context; the model does not have a layer.

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
    if out is None:
        out = np.empty((len(layers), len(words), lm.d_mlp), dtype=np.float32)
    done = 0
    for rows, values in read_rows(Reading(lm, layers, side, pooling, len(start), gate), ids):
        for j, layer in enumerate(layers):
            out[j, rows] = values[layer]  # [n_rows, d_mlp] into [n_layers, n_words, d_mlp]
        done += len(rows)
        progress(done / len(words), f"Reading words: {done:,} of {len(words):,}")
    return out
