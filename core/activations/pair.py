"""Read the words of both classes of an experiment, or get them from a store.

read_words(lm, words, spec, layers=[8])   # words: a WordPair -> WordActivations
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from importlib.metadata import version
from typing import Any

import numpy as np

from core.activations.encode import about_spaces, encode_words, start_ids
from core.activations.hooks import Gate
from core.activations.mapped import release
from core.activations.words import both_sides, memory_for_words, read_both_sides, stored_words
from core.models.loaded import LoadedModel
from core.progress import Progress, unwatched
from core.records import BothSides, ContrastSpec, WordActivations, WordPair
from core.store import NO_STORE, Store

# Increase this when the last bits of activations, or what an array contains, may change: so that stored arrays are not
# mixed with new ones.
_ARITHMETIC = 6


def read_words(
    lm: LoadedModel,
    words: WordPair,
    spec: ContrastSpec,
    layers: Sequence[int],
    *,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
    store: Store = NO_STORE,
) -> WordActivations:
    """Read the words of both classes at some layers, on both sides of the nonlinearity, in the same passes.

    Values that are in the store are not computed again: one array has both classes and both sides. Other arguments and
    errors are those of ``read_both_sides``.

    Examples
    --------
    >>> from core.models import load_model
    >>> from core.records import WordList
    >>> nouns, verbs = WordList("nouns", ("time", "man"), "own"), WordList("verbs", ("go", "take"), "own")
    >>> words = WordPair(nouns.words, verbs.words, nouns, verbs, shared=())
    >>> read_words(load_model("bundled"), words, ContrastSpec(), [2, 3]).target.shape
    (2, 2, 512)
    """
    both = (*words.target, *words.baseline)
    reading: dict[str, Any] = {
        "pooling": spec.pooling,
        "leading_space": spec.leading_space,
        "prefix": spec.prefix,
    }
    start, ids, n_tokens, stored = _encoded(lm, both, spec)

    def fill(out: np.ndarray) -> None:
        def watch(share: float, message: str) -> None:
            release(out)  # if it is a mapped file: so memory holds only one batch
            progress(share, message)

        read_both_sides(lm, both, layers, **reading, progress=watch, gate=gate, out=out)

    shape = (len(layers), len(both) + len(stored), lm.d_mlp)
    with memory_for_words(lm, len(both)):
        values = store.obtain(_store_key(lm, ids, len(start), layers, spec.pooling), shape, fill)
    sides = both_sides(lm, values, stored)
    at = len(words.target)
    tokens = (n_tokens[:at], n_tokens[at:])
    return WordActivations(
        words, tuple(layers), *_divided(sides, at), spec.hook_side, *tokens, notes=about_spaces(lm, both)
    )


def values_shape(lm: LoadedModel, words: WordPair, spec: ContrastSpec, layers: Sequence[int]) -> tuple[int, int, int]:
    """The shape of the array that ``read_words`` fills: layers, words and stored activations, neurons.

    Raises
    ------
    UserError
        A word has no tokens, or more than the model reads.
    """
    both = (*words.target, *words.baseline)
    *_, stored = _encoded(lm, both, spec)
    return len(layers), len(both) + len(stored), lm.d_mlp


def _encoded(
    lm: LoadedModel, both: Sequence[str], spec: ContrastSpec
) -> tuple[list[int], list[list[int]], np.ndarray, np.ndarray]:
    """The ids before each word, the ids of each with them, its tokens (n_words,), and the words that are stored."""
    start = start_ids(lm, spec.prefix)
    ids = encode_words(lm, both, spec.leading_space, start)
    n_tokens = np.array([len(row) - len(start) for row in ids])
    return start, ids, n_tokens, stored_words(lm, n_tokens, spec.pooling)


def _divided(sides: BothSides, at: int) -> tuple[BothSides, BothSides]:
    """The first ``at`` words, and the others: views of the arrays."""
    n_stored = int(np.searchsorted(sides.stored_words, at))
    pre, stored, numbers = sides.pre_activation, sides.stored, sides.stored_words
    return (  # [n_layers, n_words, d_mlp] and [n_layers, n_stored, d_mlp], along the second axis
        BothSides(pre[:, :at], stored[:, :n_stored], numbers[:n_stored], sides.nonlinearity),
        BothSides(pre[:, at:], stored[:, n_stored:], numbers[n_stored:] - at, sides.nonlinearity),
    )


def _store_key(lm: LoadedModel, ids: Sequence[list[int]], n_start: int, layers: Sequence[int], pooling: str) -> str:
    """Everything that activations depend on, to the last bit, including the processor and the libraries.

    With the token ids instead of words, it covers the tokenizer. A folder's revision is only that of its weights.
    """
    import torch

    info = lm.info
    model = [info.name, info.revision, lm.config_digest, info.dtype]
    computer = [info.device, info.processor, torch.get_num_threads(), torch.get_float32_matmul_precision()]
    versions = [_ARITHMETIC, torch.__version__, version("transformers")]
    return json.dumps([model, computer, versions, pooling, n_start, list(layers), list(ids)])
