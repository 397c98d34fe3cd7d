"""The experiment, as a whole and in steps. Only this module combines the packages of core.

    result = run_contrast(ContrastSpec.careful(model="bundled", layer=3))

The steps are public so that an app can cache their results. Words depend on the lists; activations on the words and
the model; tests on the activations; adjusted p-values on the tests; a result also on the spec's layer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import fields
from importlib.metadata import version
from typing import Any

import numpy as np

from core.activations import Gate, token_counts, word_activations
from core.activations.mapped import release
from core.errors import UserError
from core.models import LoadedModel, load_model
from core.progress import Progress, unwatched
from core.records import (
    CUSTOM,
    ContrastResult,
    ContrastSpec,
    ModelInfo,
    NeuronTests,
    WordActivations,
    WordList,
    WordPair,
)
from core.stats.correction import adjust, critical_p
from core.stats.ttest import paired_ttest, t_threshold, welch_ttest
from core.store import NO_STORE, Store
from core.words import DEFAULT_DOWNLOADS, Downloads, custom_list, get_word_list, shared_words, take

# Increase this when the last bits of activations may change, so that stored ones are not mixed with new ones.
_ARITHMETIC = 3
_TESTS = {"paired": paired_ttest, "welch": welch_ttest}


def run_contrast(
    spec: ContrastSpec,
    lm: LoadedModel | None = None,
    *,
    downloads: Downloads = DEFAULT_DOWNLOADS,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
    store: Store = NO_STORE,
) -> ContrastResult:
    """Run one contrast from word lists to adjusted p-values.

    Parameters
    ----------
    spec : ContrastSpec
    lm : LoadedModel, optional
        The model ``spec.model``, if it is loaded already.
    downloads : Downloads
        The cache folder and the address of the notebook's word lists.
    progress, gate
        As in ``word_activations``.
    store : Store
        The store for activations. By default nothing is stored.

    Returns
    -------
    ContrastResult

    Raises
    ------
    UserError
        The model, the layer or a word list cannot be read; fewer than two words are left in a class; no neuron of the
        layer varies.

    Examples
    --------
    >>> result = run_contrast(ContrastSpec.careful(layer=3, n_target=50, n_baseline=50))
    >>> result.n_neurons, result.family_size
    (512, 3072)
    """
    lm = lm or load_model(spec.model, progress=progress)
    lm.info.check_layer(spec.layer)
    layers = range(lm.n_layers) if spec.family == "model" else [spec.layer]
    words = choose_words(spec, downloads)
    activations = read_words(lm, words, spec, layers, progress=progress, gate=gate, store=store)
    tests = compare_neurons(spec, activations)
    return conclude(spec, lm.info, activations, tests, correct(spec, tests))


def choose_words(spec: ContrastSpec, downloads: Downloads = DEFAULT_DOWNLOADS) -> WordPair:
    """Take the words of both classes from their lists, and drop shared words if the spec has ``drop_shared``.

    Raises
    ------
    UserError
        A list cannot be read or is too short; fewer than two words are left in a class.

    Examples
    --------
    >>> words = choose_words(ContrastSpec(word_source="bundled", n_target=3, n_baseline=3))
    >>> words.target
    ('time', 'people', 'man')
    """
    lists = [_word_list(spec, side, downloads) for side in ("target", "baseline")]
    target, baseline = take(lists[0], spec.n_target), take(lists[1], spec.n_baseline)
    shared = shared_words(target, baseline)
    # Both classes often have the same note: keep one.
    notes = list(dict.fromkeys(note for word_list in lists for note in word_list.notes))
    if shared and spec.drop_shared:
        dropped = frozenset(shared)
        target = tuple(word for word in target if word not in dropped)
        baseline = tuple(word for word in baseline if word not in dropped)
        stand = "1 word stands" if len(shared) == 1 else f"{len(shared):,} words stand"
        notes.append(
            f"{stand} in both lists: dropped, with {len(target):,} {spec.target} and "
            f"{len(baseline):,} {spec.baseline} left."
        )
    if min(len(target), len(baseline)) < 2:
        raise UserError("After dropping the words of both lists, fewer than two are left in one of them.")
    return WordPair(target, baseline, lists[0], lists[1], shared, tuple(notes))


def _word_list(spec: ContrastSpec, side: str, downloads: Downloads) -> WordList:
    word_class = getattr(spec, side)
    if word_class == CUSTOM:
        return custom_list("\n".join(getattr(spec, f"{side}_words")), f"custom {side} list")
    return get_word_list(word_class, spec.word_source, downloads)


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
    """Read the words of both classes at some layers, in the same passes.

    Activations that are in the store are not computed again. Other arguments and errors are those of
    ``word_activations``.

    Examples
    --------
    >>> spec = ContrastSpec(word_source="bundled", n_target=3, n_baseline=3)
    >>> read_words(load_model("bundled"), choose_words(spec), spec, [2, 3]).target.shape
    (2, 3, 512)
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
        def watch(share: float, message: str) -> None:
            release(out)  # if it is a mapped file: so memory holds only one batch
            progress(share, message)

        word_activations(lm, both, layers, **reading, progress=watch, gate=gate, out=out)

    shape = (len(layers), len(both), lm.d_mlp)
    values = store.obtain(_store_key(lm.info, both, layers, reading), shape, fill)
    n_tokens = token_counts(lm, both, leading_space=spec.leading_space)
    return WordActivations(
        words,
        tuple(layers),
        values[:, :n_target],  # [n_layers, n_words, d_mlp] -> [n_layers, n_target, d_mlp]
        values[:, n_target:],  # -> [n_layers, n_baseline, d_mlp]
        n_tokens[:n_target],
        n_tokens[n_target:],
    )


def _store_key(model: ModelInfo, words: Sequence[str], layers: Sequence[int], reading: dict[str, Any]) -> str:
    """Everything that activations depend on, to the last bit, including library versions and number of threads."""
    import torch

    versions = [_ARITHMETIC, torch.__version__, version("transformers")]
    identity = [model.name, model.revision, model.device, model.dtype, *versions, torch.get_num_threads()]
    return json.dumps([identity, reading, list(layers), list(words)])


def compare_neurons(spec: ContrastSpec, activations: WordActivations) -> NeuronTests:
    """Run the spec's test for every neuron of every layer that was read.

    Returns
    -------
    NeuronTests
        Arrays of shape (n_layers, n_neurons). Errors are those of ``core.stats.ttest``.
    """
    by_layer = []
    for target, baseline in zip(activations.target, activations.baseline, strict=True):  # (n_words, n_neurons) each
        by_layer.append(_TESTS[spec.test](target, baseline))
        release(target)  # if it is a mapped file: so memory holds only one layer
    # n_layers arrays [n_neurons] -> [n_layers, n_neurons]
    return NeuronTests(
        **{item.name: np.stack([getattr(tests, item.name) for tests in by_layer]) for item in fields(NeuronTests)}
    )


def correct(spec: ContrastSpec, tests: NeuronTests) -> np.ndarray:
    """The adjusted p-values of every layer, for a family of all layers together or of each layer.

    Returns
    -------
    ndarray of shape (n_layers, n_neurons), float64
        NaN for a neuron that was not tested.
    """
    if spec.family == "model":
        return adjust(tests.p_value, spec.correction)
    return np.stack([adjust(layer, spec.correction) for layer in tests.p_value])  # [n_neurons] each


def conclude(
    spec: ContrastSpec, model: ModelInfo, activations: WordActivations, tests: NeuronTests, p_adjusted: np.ndarray
) -> ContrastResult:
    """Collect the result for the spec's layer.

    ``tests`` (from ``compare_neurons``) and ``p_adjusted`` (from ``correct``) have the shape (n_layers, n_neurons), for
    ``activations.layers``.

    Raises
    ------
    UserError
        The model does not have the layer; no neuron of the layer varies.
    ValueError
        The family is the model, and some of its layers are missing.
    """
    model.check_layer(spec.layer)
    at = activations.layers.index(spec.layer)
    if spec.family == "model" and len(activations.layers) < model.n_layers:
        raise ValueError(f"A family over the model needs all {model.n_layers} layers; {len(activations.layers)} came.")
    layer_tests = tests.layer(at)
    if np.isnan(layer_tests.statistic).all():
        raise UserError("No neuron of this layer varies over these words, so none can be tested.")
    family = slice(None) if spec.family == "model" else at
    critical = critical_p(tests.p_value[family], spec.correction, spec.alpha, p_adjusted[family])
    return ContrastResult(
        spec=spec,
        model=model,
        words=activations.words,
        target_activations=activations.target[at],  # [n_layers, n_words, d_mlp] -> [n_words, d_mlp]
        baseline_activations=activations.baseline[at],
        target_tokens=activations.target_tokens,
        baseline_tokens=activations.baseline_tokens,
        tests=layer_tests,
        # A copy: a view would hold the array of all layers in memory.
        p_adjusted=p_adjusted[at].copy(),  # [n_layers, n_neurons] -> [n_neurons]
        significant=p_adjusted[at] <= spec.alpha,  # False for NaN, a neuron that was not tested
        family_size=int(np.sum(~np.isnan(tests.p_value[family]))),
        critical_statistic=float(t_threshold(critical, np.nanmedian(layer_tests.degrees_of_freedom))),
        notes=_notes(model, activations, layer_tests),
    )


def _notes(model: ModelInfo, activations: WordActivations, tests: NeuronTests) -> tuple[str, ...]:
    """Sentences for the reader: every fallback, and the number of neurons and words that were left out."""
    notes = [*model.notes, *activations.words.notes]
    dead = int(np.isnan(tests.statistic).sum())
    if dead:
        notes.append(f"{dead:,} neurons of this layer do not vary over these words: not tested, not in the family.")
    return tuple(notes)


def layer_counts(spec: ContrastSpec, tests: NeuronTests, p_adjusted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the significant neurons of each layer.

    Returns
    -------
    higher, lower : ndarray of shape (n_layers,), int64
        How many neurons are significantly higher, and lower, for the target.
    """
    significant = p_adjusted <= spec.alpha
    # [n_layers, n_neurons] -> [n_layers]
    return (significant & (tests.statistic > 0)).sum(1), (significant & (tests.statistic < 0)).sum(1)


def word_values(result: ContrastResult, neuron: int) -> np.ndarray:
    """The values of one neuron at every word, target words first: float32 (n_target + n_baseline,).

    To read one column of a mapped file loads all pages of the layer. They are released again, so that the memory of a
    server does not grow with every contrast.
    """
    # [n_target, n_neurons] and [n_baseline, n_neurons] -> [n_target + n_baseline]
    values = np.concatenate([result.target_activations[:, neuron], result.baseline_activations[:, neuron]])
    release(result.target_activations)  # and the baseline's, which are in the same file
    return values
