"""Compare two classes of words, neuron by neuron: tests, corrections, effect sizes, the other side.

``core.experiment`` calls these steps. They combine the units of ``core.activations`` with ``core.stats``.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from core.activations.mapped import release
from core.activations.units import Units, units_of
from core.errors import UserError
from core.progress import Progress, unwatched
from core.records import (
    AdjustedTests,
    ContrastResult,
    ContrastSpec,
    EffectSizes,
    NeuronTests,
    OtherSide,
    ShuffledPoints,
    TokenActivations,
    WordActivations,
    WordPair,
)
from core.records.spec import COUNTS
from core.report.glossary import ABSOLUTE_VALUES
from core.report.sentences import class_names
from core.stats.correction import adjust, adjust_log10
from core.stats.effect_size import auc
from core.stats.log_p import log10_p
from core.stats.named import neuron_test
from core.words.shuffle import deal


def units_of_pair(spec: ContrastSpec, words: WordPair) -> tuple[Units, Units]:
    """The units of both classes: words, or lemmas. Their means are of what the spec's test compares.

    Raises
    ------
    UserError
        A class has fewer than two units.
    """
    absolute = spec.tested_by.absolute
    target = units_of(words.target, words.target_lemmas, spec.unit, absolute=absolute)
    baseline = units_of(words.baseline, words.baseline_lemmas, spec.unit, absolute=absolute)
    names = class_names(spec)
    for name, units, n_words in ((names[0], target, words.target), (names[1], baseline, words.baseline)):
        if len(units.names) < 2:
            raise UserError(
                f"A comparison needs at least two lemmas in each class; the {len(n_words):,} words of {name} have one."
            )
    return target, baseline


def compare_neurons(spec: ContrastSpec, activations: WordActivations) -> NeuronTests:
    """Run the spec's test for every neuron of every layer that was read.

    Returns
    -------
    NeuronTests
        Arrays of shape (n_layers, n_neurons).

    Raises
    ------
    UserError
        A class has fewer than two units; some values are not finite.
    """
    by_layer, units = [], units_of_pair(spec, activations.words)
    for at in range(len(activations.layers)):
        by_layer.append(neuron_test(spec.test)(*values_of_layer(units, activations, spec.hook_side, at)))
        release_words(activations)  # so memory holds only one layer
    # n_layers arrays [n_neurons] -> [n_layers, n_neurons]
    return NeuronTests(
        **{item.name: np.stack([getattr(tests, item.name) for tests in by_layer]) for item in fields(NeuronTests)}
    )


def correct(
    spec: ContrastSpec, tests: NeuronTests, activations: WordActivations, progress: Progress = unwatched
) -> AdjustedTests:
    """The adjusted p-values of every layer, for a family of all layers together or of each layer.

    Parameters
    ----------
    spec : ContrastSpec
    tests : NeuronTests
        Of ``compare_neurons``.
    activations : WordActivations
        max-T permutes them; the other corrections need only the tests.
    progress : callable
        Called with a share and a sentence while max-T permutes.

    Returns
    -------
    AdjustedTests
    """
    n_layers = len(activations.layers)
    families = [list(range(n_layers))] if spec.family == "model" else [[at] for at in range(n_layers)]
    if spec.corrected_by.permutes:
        return _permuted(spec, activations, families, progress)
    p_adjusted, log10 = np.empty_like(tests.p_value), np.empty_like(tests.p_value)
    log10_p_value = log10_of_p(spec, tests)
    for family in families:
        p_adjusted[family] = adjust(tests.p_value[family], spec.correction)
        log10[family] = adjust_log10(log10_p_value[family], spec.correction)
    return AdjustedTests(p_adjusted, log10)


def _permuted(
    spec: ContrastSpec, activations: WordActivations, families: list[list[int]], progress: Progress
) -> AdjustedTests:
    """max-T for each family of layers. All families have the same permutations."""
    from core.stats.permutation import max_t  # the start needs none of it

    by_family, units = [], units_of_pair(spec, activations.words)
    for number, family in enumerate(families):

        def watch(share: float, message: str, number: int = number) -> None:
            progress((number + share) / len(families), message)

        layers = [values_of_layer(units, activations, spec.hook_side, at) for at in family]
        by_family.append(max_t(layers, spec.test, seed=spec.seed, progress=watch))
        release_words(activations)
    # n_families arrays [n_layers of the family, n_neurons] -> [n_layers, n_neurons]
    p_adjusted = np.concatenate([p for p, _ in by_family])
    return AdjustedTests(p_adjusted, np.log10(p_adjusted), np.stack([maxima for _, maxima in by_family]))


def measure_effects(spec: ContrastSpec, activations: WordActivations) -> tuple[EffectSizes, OtherSide]:
    """Effect sizes with intervals of the spec's layer, and the same neurons on the other side of the nonlinearity.

    Both are of the spec's units. Only the shares above zero are of words.
    """
    from core.stats.effect_intervals import effect_sizes  # the start needs none of it

    at, units = activations.layers.index(spec.layer), units_of_pair(spec, activations.words)
    sizes = effect_sizes(*values_of_layer(units, activations, spec.hook_side, at), paired=spec.tested_by.paired)
    found = other_side_of_layer(spec, units, activations, at)
    release_words(activations)
    return sizes, found


def other_side_of_layer(
    spec: ContrastSpec, units: tuple[Units, Units], activations: WordActivations, at: int
) -> OtherSide:
    """The neurons of one layer, which is ``at`` in the activations, on the side that the spec does not test.

    ``units`` are those of ``units_of_pair``.
    """
    target, baseline = values_of_layer(units, activations, spec.other_side, at)  # (n_units, n_neurons) each
    words = (activations.target_sides.pre_activation[at], activations.baseline_sides.pre_activation[at])
    above_target, above_baseline = (
        (values > 0).mean(axis=0) for values in words
    )  # [n_words, n_neurons] -> [n_neurons]
    difference = target.mean(axis=0, dtype=np.float64) - baseline.mean(axis=0, dtype=np.float64)
    return OtherSide(spec.other_side, difference, auc(target, baseline), above_target, above_baseline)


def chance_seed(spec: ContrastSpec) -> int:
    """The seed of ``shuffled_points``: the spec's; in a control the next one, as the spec's has dealt its groups.

    Examples
    --------
    >>> chance_seed(ContrastSpec(seed=4)), chance_seed(ContrastSpec(seed=4, shuffle_labels=True))
    (4, 5)
    """
    least, most = COUNTS["seed"]
    if not spec.shuffle_labels:
        return spec.seed
    return spec.seed + 1 if spec.seed < most else least


def shuffled_points(spec: ContrastSpec, activations: WordActivations) -> ShuffledPoints | None:
    """Test every neuron of the spec's layer with shuffled labels: what chance looks like.

    The words are dealt as those of the control (``shuffle_labels``) with ``chance_seed``, and nothing is read again.

    Returns
    -------
    ShuffledPoints or None
        None if a group has fewer than two units, as can happen with a few words of the same lemma.
    """
    from core.stats.effect_intervals import effect_sizes

    groups = shuffled_values(spec, activations, activations.layers.index(spec.layer))
    if groups is None:
        return None
    tests, sizes = neuron_test(spec.test)(*groups), effect_sizes(*groups, paired=spec.tested_by.paired)
    return ShuffledPoints(sizes.hedges_g, log10_of_p(spec, tests))


def shuffled_values(spec: ContrastSpec, activations: WordActivations, at: int) -> tuple[np.ndarray, np.ndarray] | None:
    """What is compared in one layer, as by ``values_of_layer``, with the labels shuffled as by ``shuffled_points``.

    None if a group has fewer than two units.
    """
    words = activations.words
    both = (*words.target, *words.baseline)
    lemmas = (words.target_lemmas or words.target, words.baseline_lemmas or words.baseline)
    sides = (activations.target_sides, activations.baseline_sides)
    values = np.concatenate([side.layer(at).at(spec.hook_side) for side in sides])  # [all words, n_neurons]
    release_words(activations)
    groups = []
    for group in deal(*lemmas, chance_seed(spec), equal=spec.tested_by.paired):
        its_lemmas = [(*lemmas[0], *lemmas[1])[i] for i in group]
        units = units_of([both[i] for i in group], its_lemmas, spec.unit, absolute=spec.tested_by.absolute)
        groups.append(units.mean(values[group]))  # [n_words of the group, n_neurons] -> [n_units, n_neurons]
    return None if min(map(len, groups)) < 2 else (groups[0], groups[1])


def log10_of_p(spec: ContrastSpec, tests: NeuronTests) -> np.ndarray:
    """The log10 of p-values, float64 of their shape, however small they are.

    Of a test whose p does not follow from its statistic (``threshold``), they are those of the floats, and a p of 0
    is that of the least float, 1e-308.
    """
    if spec.tested_by.threshold:
        return log10_p(tests.statistic, tests.degrees_of_freedom)
    return np.log10(np.maximum(tests.p_value, np.finfo(np.float64).tiny))


def critical_log10_p(result: ContrastResult) -> float:
    """The log10 of the unadjusted p at the critical statistic; in Welch's test, for the median degrees of freedom.

    -inf if no statistic is large enough; NaN if the test has no critical statistic.
    """
    if not result.spec.tested_by.threshold:
        return float("nan")
    median = float(np.nanmedian(result.tests.degrees_of_freedom))
    return float(log10_p(np.array(result.critical_statistic), median))


def values_of_layer(
    units: tuple[Units, Units], activations: WordActivations, side: str, at: int
) -> tuple[np.ndarray, np.ndarray]:
    """What is compared in one layer, at one side: (n_units, n_neurons) for the target and for the baseline."""
    target, baseline = units
    return (
        target.mean(activations.target_sides.layer(at).at(side)),
        baseline.mean(activations.baseline_sides.layer(at).at(side)),
    )


def text_as_compared(spec: ContrastSpec, found: TokenActivations) -> TokenActivations:
    """A text's values as the spec's test compares them: without their signs, with a note, or as they are.

    So a text's colours, scores and files have the values that were tested.

    Examples
    --------
    >>> found = TokenActivations(["on"], [""], [1], np.array([[-2.0]]), layer=0)
    >>> text_as_compared(ContrastSpec(test="welch_absolute"), found).values
    array([[2.]])
    """
    if not spec.tested_by.absolute:
        return found
    return replace(found, values=spec.tested_by.compared(found.values), notes=(*found.notes, ABSOLUTE_VALUES))


def release_words(activations: WordActivations) -> None:
    """Give the memory of the activations back, if they are a mapped file: so that it holds only one layer."""
    release(activations.target_sides.pre_activation)  # if it is a mapped file: all other arrays are in the same one
