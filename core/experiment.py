"""The experiment, as a whole and in steps. Only this module combines the packages of core.

    result = run_contrast(ContrastSpec.careful(model="bundled", layer=3))

The steps are public so that an app can cache their results. Words depend on the lists; activations on the words and
the model; tests on the activations; adjusted p-values on the tests (and with max-T on the activations); effect sizes
and the result also on the spec's layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np

from core.activations import Gate, read_words
from core.activations.mapped import release
from core.comparison import compare_neurons, correct, log10_of_p, measure_effects, units_of_pair
from core.errors import UserError
from core.models import LoadedModel, load_model
from core.progress import Progress, unwatched
from core.records import (
    AdjustedTests,
    ContrastResult,
    ContrastSpec,
    EffectSizes,
    ModelInfo,
    NeuronTests,
    OtherSide,
    WordActivations,
)
from core.report.glossary import ABSOLUTE_VALUES
from core.stats.cautions import cautions
from core.stats.correction import critical_p
from core.store import NO_STORE, Store
from core.words import DEFAULT_DOWNLOADS, Downloads, choose_words

__all__ = [
    "choose_words",
    "compare_neurons",
    "conclude",
    "correct",
    "layer_counts",
    "measure_effects",
    "read_words",
    "run_contrast",
    "unit_values",
]


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
        The model, the layer or a word list cannot be read; fewer than two words or units are left in a class; no
        neuron of the layer varies; ``lm`` has another dtype.

    Examples
    --------
    >>> result = run_contrast(ContrastSpec.careful(layer=3, n_target=50, n_baseline=50))
    >>> result.n_neurons, result.family_size
    (512, 3072)
    """
    lm = model_of(spec, lm, progress)
    layers = range(lm.n_layers) if spec.family == "model" else [spec.layer]
    return run_steps(spec, lm, layers, downloads=downloads, progress=progress, gate=gate, store=store)[3]


def model_of(spec: ContrastSpec, lm: LoadedModel | None, progress: Progress = unwatched) -> LoadedModel:
    """The spec's model: ``lm``, if it is loaded already.

    Raises
    ------
    UserError
        ``lm`` has another dtype; the model cannot be loaded, or does not have the layer.
    """
    lm = lm or load_model(spec.model, spec.dtype, progress=progress)
    if lm.info.dtype != spec.dtype:
        raise UserError(f"The spec asks for {spec.dtype}, but the model was loaded in {lm.info.dtype}.")
    lm.info.check_layer(spec.layer)
    return lm


def run_steps(
    spec: ContrastSpec,
    lm: LoadedModel,
    layers: Sequence[int],
    *,
    downloads: Downloads = DEFAULT_DOWNLOADS,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
    store: Store = NO_STORE,
) -> tuple[WordActivations, NeuronTests, AdjustedTests, ContrastResult]:
    """Run all steps, and return the words, tests and adjusted p-values of all layers beside the spec's layer's result.

    Parameters
    ----------
    spec, lm, downloads, progress, gate, store
        As in ``run_contrast``.
    layers : sequence of int
        What is read and tested: the spec's layer at least, and all layers if these are the family.
    """
    words = choose_words(spec, downloads)
    activations = read_words(lm, words, spec, layers, progress=progress, gate=gate, store=store)
    tests = compare_neurons(spec, activations)
    adjusted = correct(spec, tests, activations, progress)
    effects = measure_effects(spec, activations)
    return activations, tests, adjusted, conclude(spec, lm.info, activations, tests, adjusted, effects=effects)


def conclude(
    spec: ContrastSpec,
    model: ModelInfo,
    activations: WordActivations,
    tests: NeuronTests,
    adjusted: AdjustedTests,
    *,
    effects: tuple[EffectSizes, OtherSide],
) -> ContrastResult:
    """Collect the result for the spec's layer.

    ``tests`` (from ``compare_neurons``) and ``adjusted`` (from ``correct``) have arrays (n_layers, n_neurons), for
    ``activations.layers``. ``effects`` (from ``measure_effects``) are of the spec's layer.

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
        raise ValueError(f"A family over the model needs all {model.n_layers} layers; got {len(activations.layers)}.")
    layer_tests = tests.layer(at)
    if np.isnan(layer_tests.statistic).all():
        raise UserError("No neuron of this layer varies over these words, so none can be tested.", about="untested")
    family = slice(None) if spec.family == "model" else at
    target_units, baseline_units = units_of_pair(spec, activations.words)
    family_size = int(np.sum(~np.isnan(tests.p_value[family])))
    maxima = adjusted.null_maxima
    if maxima is not None:
        maxima = maxima[0 if spec.family == "model" else at].copy()  # [n_families, n_permutations] -> [n_permutations]
    return ContrastResult(
        spec=spec,
        model=model,
        words=activations.words,
        target_sides=activations.target_sides.layer(at),
        baseline_sides=activations.baseline_sides.layer(at),
        target_units=target_units.names,
        baseline_units=baseline_units.names,
        target_tokens=activations.target_tokens,
        baseline_tokens=activations.baseline_tokens,
        tests=layer_tests,
        # Copies: a view would hold the array of all layers in memory.
        p_adjusted=adjusted.p_adjusted[at].copy(),  # [n_layers, n_neurons] -> [n_neurons]
        significant=adjusted.p_adjusted[at] <= spec.alpha,  # False for NaN, a neuron that was not tested
        log10_p=log10_of_p(spec, layer_tests),
        log10_p_adjusted=adjusted.log10_p_adjusted[at].copy(),
        effect_sizes=effects[0],
        other_side=effects[1],
        family_size=family_size,
        critical_statistic=_critical_statistic(spec, tests, adjusted, at, maxima),
        null_maxima=maxima,
        top=_in_top_share(spec, tests, at),
        cautions=cautions(spec, len(target_units.names), len(baseline_units.names), family_size),
        notes=_notes(spec, model, activations, layer_tests),
    )


def _in_top_share(spec: ContrastSpec, tests: NeuronTests, at: int) -> np.ndarray | None:
    """Which neurons of the layer ``at`` are in the model's share that the protocol selects; None if it selects by p."""
    if spec.top_share is None:
        return None
    from core.stats.selection import selected_by_top_share  # the start needs none of it

    return selected_by_top_share(tests.statistic, spec.top_share)[at]


def _critical_statistic(
    spec: ContrastSpec, tests: NeuronTests, adjusted: AdjustedTests, at: int, maxima: np.ndarray | None
) -> float:
    """The |statistic| from which a neuron of the layer ``at`` is significant; NaN if there is none.

    ``maxima`` are its family's.
    """
    if maxima is not None:
        # Not interpolated: that is NaN between two infinite values.
        return float(np.quantile(maxima, 1 - spec.alpha, method="higher"))
    if not spec.tested_by.threshold:
        return float("nan")
    from core.stats.ttest import t_threshold  # the start needs none of it

    family = slice(None) if spec.family == "model" else at
    critical = critical_p(tests.p_value[family], spec.correction, spec.alpha, adjusted.p_adjusted[family])
    return float(t_threshold(critical, np.nanmedian(tests.degrees_of_freedom[at])))


def _notes(spec: ContrastSpec, model: ModelInfo, activations: WordActivations, tests: NeuronTests) -> tuple[str, ...]:
    """Sentences for the reader: every fallback, and the number of neurons and words that were left out."""
    notes = [*model.notes, *activations.words.notes, *activations.notes]
    dead = int(np.isnan(tests.statistic).sum())
    if spec.tested_by.absolute:
        notes.append(ABSOLUTE_VALUES)
    if dead:
        notes.append(f"{dead:,} neurons of this layer do not vary over these words: not tested, not in the family.")
    return tuple(notes)


def layer_counts(spec: ContrastSpec, tests: NeuronTests, adjusted: AdjustedTests) -> tuple[np.ndarray, np.ndarray]:
    """Count the significant neurons of each layer.

    Returns
    -------
    higher, lower : ndarray of shape (n_layers,), int64
        How many neurons are significantly higher, and lower, for the target.
    """
    significant = adjusted.p_adjusted <= spec.alpha
    # [n_layers, n_neurons] -> [n_layers]
    return (significant & (tests.statistic > 0)).sum(1), (significant & (tests.statistic < 0)).sum(1)


def unit_values(result: ContrastResult, neuron: int, side: str) -> tuple[np.ndarray, np.ndarray]:
    """The values of one neuron at one side: float32 (n_target_units,) and (n_baseline_units,).

    To read one column of a mapped file loads all pages of the layer. They are released again, so that the memory of a
    server does not grow with every contrast.
    """
    units = units_of_pair(result.spec, result.words)
    columns = (result.target_sides.column(side, neuron), result.baseline_sides.column(side, neuron))
    # [n_words] -> [n_words, 1] -> [n_units, 1] -> [n_units]; a copy, because a column may be a view of the file
    target, baseline = (each.mean(column[:, None])[:, 0].copy() for each, column in zip(units, columns, strict=True))
    release(result.target_sides.pre_activation)  # and the other arrays, which are in the same file
    return target, baseline
