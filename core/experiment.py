"""The experiment, step by step and whole: the only module that composes the others.

    result = run_contrast(ContrastSpec.careful(model="bundled", layer=3))

The steps are public so that an app can keep what it has: words depend on the lists, activations on the words
and the model, tests on the activations, and a correction only on the tests.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from core.activations import Progress, Waiting, text_activations, token_counts, word_activations
from core.array_store import ArrayStore, release
from core.correction import adjust, critical_p
from core.limits import limits
from core.loaded_model import LoadedModel
from core.models import load_model
from core.records import (
    CUSTOM,
    ContrastResult,
    ContrastSpec,
    ModelInfo,
    NeuronTests,
    TokenActivations,
    UserError,
    WordActivations,
    WordList,
    WordPair,
)
from core.ttest import paired_ttest, t_threshold, welch_ttest
from core.words import cache_folder, custom_list, get_word_list, shared_words, take

# Activations of more floats are mapped files (256 MB in float32).
_FLOATS_IN_MEMORY = 64_000_000
# The share of the memory for results that one text's layers may take together.
_TEXTS_SHARE = 0.2
# Counted up when the same words may give other last bits, so that what is on disk is never mixed with what is not.
_ARITHMETIC = 3
_TESTS = {"paired": paired_ttest, "welch": welch_ttest}


def run_contrast(
    spec: ContrastSpec,
    lm: LoadedModel | None = None,
    *,
    progress: Progress | None = None,
    store: ArrayStore | None = None,
) -> ContrastResult:
    """Run one contrast from word lists to adjusted p-values.

    ``lm`` spares loading ``spec.model``; ``progress`` is called with words done and of all words. Activations are
    kept in ``store``; without one, those of more than 256 MB go to ``disk_store()``. Raises UserError for everything
    that one sentence explains.
    """
    lm = lm or load_model(spec.model)
    lm.check_layer(spec.layer)
    layers = range(lm.n_layers) if spec.family == "model" else [spec.layer]
    words = choose_words(spec)
    if len(layers) * (len(words.target) + len(words.baseline)) * lm.d_mlp > _FLOATS_IN_MEMORY:
        store = store or disk_store()
    activations = read_words(lm, words, spec, layers, progress=progress, store=store)
    return conclude(spec, lm.info, activations, compare_neurons(spec, activations))


def inspect_text(
    lm: LoadedModel,
    text: str,
    spec: ContrastSpec,
    *,
    progress: Progress | None = None,
    waiting: Waiting | None = None,
) -> dict[int, TokenActivations]:
    """Every neuron of the spec's layer and hook side at every token of a text, and of the layers below it.

    The layers below come with the same passes; of a text so long that they would be more than a fifth of the memory
    for results, they are left out.
    """
    how: dict[str, Any] = {"side": spec.hook_side, "prefix": spec.prefix, "progress": progress, "waiting": waiting}
    return text_activations(
        lm, text, range(spec.layer + 1), most_floats=_TEXTS_SHARE * limits().memory_cache_mb * 1e6 / 4, **how
    )


def choose_words(spec: ContrastSpec) -> WordPair:
    """Take both classes' words from their lists; drop what stands in both where the spec says so."""
    most = limits().max_words
    if max(spec.n_target, spec.n_baseline) > most:
        raise UserError(
            f"{max(spec.n_target, spec.n_baseline):,} words of one class were asked for; this server allows {most:,}."
        )
    lists = [_word_list(spec, side) for side in ("target", "baseline")]
    target, baseline = take(lists[0], spec.n_target), take(lists[1], spec.n_baseline)
    shared = shared_words(target, baseline)
    # Both classes often fall back for one reason: say it once.
    notes = list(dict.fromkeys(note for word_list in lists for note in word_list.notes))
    if shared and spec.drop_shared:
        dropped = frozenset(shared)
        target = tuple(word for word in target if word not in dropped)
        baseline = tuple(word for word in baseline if word not in dropped)
        notes.append(
            f"{_words(len(shared))} in both lists: dropped, with {len(target):,} {spec.target} and "
            f"{len(baseline):,} {spec.baseline} left."
        )
    if min(len(target), len(baseline)) < 2:
        raise UserError("After dropping the words of both lists, fewer than two are left in one of them.")
    return WordPair(target, baseline, lists[0], lists[1], shared, tuple(notes))


def _word_list(spec: ContrastSpec, side: str) -> WordList:
    word_class = getattr(spec, side)
    if word_class == CUSTOM:
        return custom_list("\n".join(getattr(spec, f"{side}_words")), f"custom {side} list")
    return get_word_list(word_class, spec.word_source)


def read_words(
    lm: LoadedModel,
    words: WordPair,
    spec: ContrastSpec,
    layers: Sequence[int],
    *,
    progress: Progress | None = None,
    waiting: Waiting | None = None,
    store: ArrayStore | None = None,
) -> WordActivations:
    """One pass over the words of both classes for all the layers asked for.

    With a ``store``, activations that it has are not computed, and those that it lacks are kept there.
    """
    n_target = len(words.target)
    both = (*words.target, *words.baseline)
    reading: dict[str, Any] = {
        "side": spec.hook_side,
        "pooling": spec.pooling,
        "leading_space": spec.leading_space,
        "prefix": spec.prefix,
    }

    def fill(out: np.ndarray) -> None:
        def count(done: int, total: int) -> None:
            release(out)  # where it is a file, so that memory holds one batch, however many words there are
            if progress:
                progress(done, total)

        word_activations(lm, both, layers, **reading, progress=count, waiting=waiting, out=out)

    shape = (len(layers), len(both), lm.d_mlp)
    if store is None:
        fill(values := np.empty(shape, dtype=np.float32))
    else:
        values = store.obtain(_store_key(lm.info, both, layers, reading), shape, fill)
    n_tokens = token_counts(lm, both, leading_space=spec.leading_space)
    return WordActivations(
        words,
        tuple(layers),
        values[:, :n_target],
        values[:, n_target:],
        n_tokens[:n_target],
        n_tokens[n_target:],
    )


def disk_store() -> ArrayStore:
    """The activations in this computer's cache folder, bounded by the limits as they are now."""
    now = limits()
    folder = cache_folder() / "activations"
    return _store_at(folder, now.disk_cache_mb * 1e6, now.disk_cache_entries, now.queue_seconds)


@lru_cache(maxsize=8)
def _store_at(folder: Path, max_bytes: float, max_entries: int, patience: float) -> ArrayStore:
    return ArrayStore(folder, max_bytes, max_entries, patience)


def _store_key(model: ModelInfo, words: Sequence[str], layers: Sequence[int], reading: dict[str, Any]) -> str:
    """All that activations depend on, to the last bit: the arithmetic, its libraries and its threads included."""
    import torch

    versions = [_ARITHMETIC, torch.__version__, version("transformers")]
    identity = [model.name, model.revision, model.device, model.dtype, *versions, torch.get_num_threads()]
    return json.dumps([identity, reading, list(layers), list(words)])


def compare_neurons(spec: ContrastSpec, activations: WordActivations) -> NeuronTests:
    """The spec's test for every neuron of every layer read: arrays of shape (n_layers, n_neurons)."""
    by_layer = []
    for target, baseline in zip(activations.target, activations.baseline, strict=True):
        by_layer.append(_TESTS[spec.test](target, baseline))
        release(target)  # of a mapped file, memory need not hold more than one layer
    return NeuronTests(
        **{item.name: np.stack([getattr(tests, item.name) for tests in by_layer]) for item in fields(NeuronTests)}
    )


def conclude(spec: ContrastSpec, model: ModelInfo, activations: WordActivations, tests: NeuronTests) -> ContrastResult:
    """Correct the tests over the spec's family, and gather what the spec's layer shows.

    ``tests`` are (n_layers, n_neurons) over ``activations.layers``; a family over the model needs all layers.
    """
    model.check_layer(spec.layer)
    at = activations.layers.index(spec.layer)
    if spec.family == "model" and len(activations.layers) < model.n_layers:
        raise ValueError(f"A family over the model needs all {model.n_layers} layers; {len(activations.layers)} came.")
    layer_tests = tests.layer(at)
    if np.isnan(layer_tests.statistic).all():
        raise UserError("No neuron of this layer varies over these words, so none can be tested.")
    family = tests.p_value if spec.family == "model" else layer_tests.p_value
    adjusted = adjust(family, spec.correction)
    p_adjusted = adjusted[at] if spec.family == "model" else adjusted
    df = np.nanmedian(layer_tests.degrees_of_freedom)
    return ContrastResult(
        spec=spec,
        model=model,
        words=activations.words,
        target_activations=activations.target[at],
        baseline_activations=activations.baseline[at],
        target_tokens=activations.target_tokens,
        baseline_tokens=activations.baseline_tokens,
        tests=layer_tests,
        p_adjusted=p_adjusted,
        significant=p_adjusted <= spec.alpha,  # NaN, an untested neuron, compares as False
        family_size=int(np.sum(~np.isnan(family))),
        family_significant=int(np.sum(adjusted <= spec.alpha)),
        critical_statistic=float(t_threshold(critical_p(family, spec.correction, spec.alpha), df)),
        notes=_notes(model, activations, layer_tests),
    )


def _notes(model: ModelInfo, activations: WordActivations, tests: NeuronTests) -> tuple[str, ...]:
    """What a reader must be told: every fallback taken, every neuron and word left out."""
    notes = [*model.notes, *activations.words.notes]
    dead = int(np.isnan(tests.statistic).sum())
    if dead:
        notes.append(f"{dead:,} neurons of this layer do not vary over these words: not tested, not in the family.")
    return tuple(notes)


def layer_profile(spec: ContrastSpec, tests: NeuronTests) -> tuple[np.ndarray, np.ndarray]:
    """How many neurons of each layer are significantly higher, and lower, for the target: two (n_layers,)."""
    if spec.family == "model":
        adjusted = adjust(tests.p_value, spec.correction)
    else:
        adjusted = np.stack([adjust(layer, spec.correction) for layer in tests.p_value])
    significant = adjusted <= spec.alpha
    return (significant & (tests.statistic > 0)).sum(1), (significant & (tests.statistic < 0)).sum(1)


def _words(n: int) -> str:
    return f"{n:,} word stands" if n == 1 else f"{n:,} words stand"
