"""The memory that work may take, as it was measured: what has to be admitted (``engine.admission``).

A forward pass itself is not counted: of one model there is one at a time (``engine.turns``), of at most 130 MB.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from core.activations import n_tokens_of, values_shape
from core.models import LoadedModel
from core.records import ContrastSpec, GoldText, WordActivations, WordPair
from core.stats.permutation_batches import BATCH_PERMUTATIONS, BATCH_VALUES, MAX_THREADS
from engine.admission import Work
from engine.limits import check_permutations, limits

_FLOAT = 4
# The key-value caches and sums of the words' first tokens, with the copies that a pass makes of them.
_BETWEEN_PASSES = 100_000_000
# Multiplications of a reading that is still short, a quarter of a second on two cores: 325 tokens of GPT-Neo 125M.
_SHORT_PRODUCTS = 0.4e11
# Both sides of a layer, means over lemmas, and what is computed of them, in the layer's bytes. Its mapped pages are not
# counted: the system takes them back.
_COPIES = 2.5
# max-T: the units of the family, and their ranks or squares.
_PERMUTED_COPIES = 2.2
# The two classes of a layer, their absolute values, and the blocks that are ranked, in the bytes of the layer's values.
_RANKED_COPIES = 3.5
_FEWER_WORDS = "fewer words need less"


def floats_at_once() -> int:
    """How many values of a text several layers may have together in memory: a fifth of what results may take."""
    return int(0.2 * limits().memory_cache_mb * 1e6 / _FLOAT)


def reading_of_words(
    lm: LoadedModel, words: WordPair, spec: ContrastSpec, layers: Sequence[int], *, on_disk: bool = True
) -> Work:
    """Reading the words of both classes. On disk, their activations take no memory that the system could not have back.

    Raises
    ------
    UserError
        A word has no tokens, or more than the model reads.
    """
    shape = values_shape(lm, words, spec, layers)
    n_bytes = _FLOAT * math.prod(shape)
    between = min(n_bytes, _BETWEEN_PASSES)
    n_words = len(words.target) + len(words.baseline)
    what = f"Reading {n_words:,} words at {_layers(len(layers))} of {lm.info.name}"
    on_disk = on_disk and n_bytes <= limits().disk_cache_mb * 1_000_000
    less = _FEWER_WORDS if len(layers) == 1 else "fewer words, or tests of one layer as the family, need less"
    is_slow = _is_slow(lm, shape[1])  # its words, and again those that have several tokens
    return Work(what, between if on_disk else n_bytes + between, less, is_slow)


def reading_of_text(lm: LoadedModel, text: str, n_layers: int, max_floats: float) -> Work:
    """Reading a text at ``n_layers`` layers, or at one, if all together would be more numbers than ``max_floats``.

    Raises
    ------
    UserError
        The text has no tokens, or more than this server allows.
    """
    n_tokens = n_tokens_of(lm, text, limits().max_tokens)
    n_values = n_tokens * lm.d_mlp
    n_read = n_layers if n_layers * n_values <= max_floats else 1
    what = f"Reading {n_tokens:,} tokens with {lm.info.name}"
    return Work(what, _FLOAT * n_read * n_values, "a shorter text needs less", _is_slow(lm, n_tokens))


def reading_of_tagged_text(lm: LoadedModel, text: GoldText) -> Work:
    """Reading a tagged text at one layer, on both sides of the nonlinearity."""
    what = f"Reading the {text.n_words:,} words of the tagged text"
    n_bytes = 2 * _FLOAT * text.n_words * lm.d_mlp
    return Work(what, n_bytes, "a shorter text needs less", _is_slow(lm, text.n_words))


def reading_of_tagged_layers(lm: LoadedModel, text: GoldText, upos: Collection[str], max_floats: float) -> Work:
    """Reading a tagged text's words of some parts of speech at one side of every layer, and their AUC.

    As many layers at a time as fit into ``max_floats``, at least one.
    """
    n_words = sum(word.upos in upos for sentence in text.sentences for word in sentence.words)
    n_values = max(1, n_words) * lm.d_mlp
    n_floats = n_values * max(1, min(lm.n_layers, int(max_floats // n_values)))
    what = f"Reading {n_words:,} words of the tagged text at {_layers(lm.n_layers)} of {lm.info.name}"
    n_bytes = _FLOAT * n_floats + int(_RANKED_COPIES * _FLOAT * n_values)
    return Work(what, n_bytes, "a model with fewer neurons needs less", _is_slow(lm, text.n_words))


def reading_of_phrases(lm: LoadedModel, n_phrases: int) -> Work:
    """Reading one word in each of some short phrases, at one layer."""
    n_bytes = _FLOAT * n_phrases * lm.d_mlp
    return Work(f"Reading {n_phrases:,} phrases", n_bytes, "a smaller model needs less", _is_slow(lm, 3 * n_phrases))


def parsing_of_tagged_text() -> Work:
    """Finding the sentences of a tagged text: 60 MB for the largest."""
    return Work("The tagged text", 60_000_000, "a shorter one needs less", calculates=True)


def calculation_of(read: WordActivations) -> Work:
    """Testing or measuring neurons, one layer after another."""
    _, n_words, d_mlp = _shape(read)
    return Work(f"Testing {n_words:,} words", int(_COPIES * _FLOAT * n_words * d_mlp), _FEWER_WORDS, calculates=True)


def permutation_of(read: WordActivations, whole_model: bool) -> Work:
    """max-T, for a family of all layers or of one after another. It takes long, so it counts as a reading."""
    n_layers, n_words, d_mlp = _shape(read)
    n_values = n_words * d_mlp * (n_layers if whole_model else 1)
    batches = MAX_THREADS * 8 * min(BATCH_VALUES, BATCH_PERMUTATIONS * n_words)  # float64 weights of permutations
    return Work(f"Max-T over {n_values:,} values", int(_PERMUTED_COPIES * _FLOAT * n_values) + batches, _FEWER_WORDS)


def correction_of(spec: ContrastSpec, read: WordActivations) -> Work:
    """Testing the neurons of every layer and correcting the p-values as the spec says.

    Raises
    ------
    UserError
        Max-T would permute more values than this server allows.
    """
    if not spec.corrected_by.permutes:
        return calculation_of(read)
    n_layers, n_words, d_mlp = _shape(read)
    whole_model = spec.family == "model"
    check_permutations(n_words, d_mlp * (n_layers if whole_model else 1))
    return permutation_of(read, whole_model)


def _is_slow(lm: LoadedModel, n_tokens: int) -> bool:
    return n_tokens * lm.info.n_parameters > _SHORT_PRODUCTS


def _shape(read: WordActivations) -> tuple[int, int, int]:
    """Layers, words of both classes, and neurons."""
    n_layers, _, d_mlp = read.target_sides.pre_activation.shape
    return n_layers, len(read.words.target) + len(read.words.baseline), d_mlp


def _layers(n: int) -> str:
    return "1 layer" if n == 1 else f"{n:,} layers"
