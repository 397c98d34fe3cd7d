"""The results of an experiment's steps: words, activations, tests, a contrast, the tokens of a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.records.effects import Caution, EffectSizes, Marks, OtherSide, turned
from core.records.model_info import ModelInfo
from core.records.spec import ContrastSpec


@dataclass(frozen=True, eq=False)
class WordList:
    """The words of one class, most frequent first, and their source.

    ``notes`` are sentences for the reader, for example about a fallback, dropped duplicates or skipped blank lines.
    ``lemmas`` has the lemma of each word; it is empty if the list does not say. ``n_repeated`` counts the lines of the
    list that had the word of an earlier line, and were dropped.
    """

    name: str
    words: tuple[str, ...]
    source: str
    notes: tuple[str, ...] = ()
    lemmas: tuple[str, ...] = ()
    n_repeated: int = 0


@dataclass(frozen=True, eq=False)
class NeuronTests:
    """One two-sample test for each neuron.

    All arrays are float64 and have the same shape, (n_neurons,) or (n_layers, n_neurons). ``statistic`` is t, or in
    the Mann-Whitney test z; its degrees of freedom are then infinite. ``statistic`` and every effect size are positive
    if the target is higher. ``cohens_d`` is d_z in the paired test, and d_av in the others. ``mean_difference`` is
    in the units of the hook point. ``auc`` is the probability that a random target word is above a random baseline
    word; a tie counts one half. If the values of a neuron (or its paired differences) do not vary, it cannot be
    tested: its statistic and p-value are NaN.
    """

    statistic: np.ndarray
    p_value: np.ndarray
    degrees_of_freedom: np.ndarray
    mean_difference: np.ndarray
    cohens_d: np.ndarray
    auc: np.ndarray

    def layer(self, index: int) -> NeuronTests:
        """The tests of one layer of arrays (n_layers, n_neurons), as copies that keep no other layer in memory."""
        return NeuronTests(**{name: getattr(self, name)[index].copy() for name in self.__dataclass_fields__})


@dataclass(frozen=True, eq=False)
class TokenActivations:
    """The tokens of a text, and the value of every neuron at each token.

    ``pieces`` has the exact part of the text for each token: ``"".join(pieces)`` is the text that was read. If several
    tokens share one character (an emoji is often three tokens), the first piece has the character, the other pieces
    are empty, and ``parts`` has ``"1/3"``, ``"2/3"``, ``"3/3"``. A token that covers no character, such as the space
    that some tokenizers put before a text, has an empty piece and the part ``"added"``. All other ``parts`` are empty.
    ``values`` is float32 (n_tokens, d_mlp), in the units of the hook point. ``window_starts`` has the token positions
    at which a new window of the model's context begins.
    """

    pieces: list[str]
    parts: list[str]
    token_ids: list[int]
    values: np.ndarray
    layer: int
    window_starts: tuple[int, ...] = (0,)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class WordPair:
    """The words of both classes in an experiment, and the lists that they come from.

    ``shared`` has the words that are in both classes. With the spec's ``drop_shared``, ``target`` and ``baseline`` do
    not contain them. ``target_lemmas`` and ``baseline_lemmas`` have the lemma of each word.
    """

    target: tuple[str, ...]
    baseline: tuple[str, ...]
    target_list: WordList
    baseline_list: WordList
    shared: tuple[str, ...]
    notes: tuple[str, ...] = ()
    target_lemmas: tuple[str, ...] = ()
    baseline_lemmas: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class BothSides:
    """The neurons of some words on both sides of the nonlinearity. Arrays are float32.

    ``pre_activation`` is (..., n_words, d_mlp): (n_layers, n_words, d_mlp), or (n_words, d_mlp) for one layer.
    ``stored`` (..., n_stored, d_mlp) has the activations of the words ``stored_words`` (n_stored,), whose activation
    does not follow from their pre-activation: all words of a gated model, else words of several tokens under mean
    pooling. All other words' activation is ``nonlinearity`` (from an array to an array of the same shape) of their
    pre-activation.
    """

    pre_activation: np.ndarray
    stored: np.ndarray
    stored_words: np.ndarray
    nonlinearity: Callable[[np.ndarray], np.ndarray] | None

    def layer(self, index: int) -> BothSides:
        """One layer of several: views of its arrays."""
        return BothSides(self.pre_activation[index], self.stored[index], self.stored_words, self.nonlinearity)

    def at(self, side: str) -> np.ndarray:
        """The values at one side: (..., n_words, d_mlp). Pre-activations are a view; activations are computed anew."""
        return self.columns(side, slice(None))

    def column(self, side: str, neuron: int) -> np.ndarray:
        """The values of one neuron at one side: (..., n_words)."""
        # [..., n_words, d_mlp] -> [..., n_words, 1] -> [..., n_words]
        return self.columns(side, slice(neuron, neuron + 1))[..., 0]

    def columns(self, side: str, neurons: slice | np.ndarray) -> np.ndarray:
        """The values of some neurons, which may be given by their numbers (n,), at one side: (..., n_words, n)."""
        values = self.pre_activation[..., neurons]
        if side == "pre-activation":
            return values
        if self.nonlinearity is None:
            return self.stored[..., neurons]
        values = self.nonlinearity(values)
        values[..., self.stored_words, :] = self.stored[..., neurons]
        return values


@dataclass(frozen=True, eq=False)
class WordActivations:
    """The value of every neuron of some layers for the words of both classes, on both sides of the nonlinearity.

    The first axis of the arrays has the order of ``layers``. The token counts are int64 (n_words,), without a
    beginning-of-text token. ``target`` and ``baseline`` are float32 (n_layers, n_words, d_mlp): the values at ``side``.
    ``notes`` are sentences for the reader about how the words were read.
    """

    words: WordPair
    layers: tuple[int, ...]
    target_sides: BothSides
    baseline_sides: BothSides
    side: str
    target_tokens: np.ndarray
    baseline_tokens: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def target(self) -> np.ndarray:
        """The target's values (n_layers, n_words, d_mlp) at ``side``."""
        return self.target_sides.at(self.side)

    @property
    def baseline(self) -> np.ndarray:
        """The baseline's values (n_layers, n_words, d_mlp) at ``side``."""
        return self.baseline_sides.at(self.side)


@dataclass(frozen=True, eq=False)
class AdjustedTests:
    """Adjusted p-values of every layer, float64 (n_layers, n_neurons); NaN for a neuron that was not tested.

    ``log10_p_adjusted`` is their logarithm, which stays exact where p-values are too small for a float. With the
    correction max-T, ``null_maxima`` (n_families, n_permutations) has, for each family (all layers together, or each
    layer), the largest |statistic| of each permutation; else it is None.
    """

    p_adjusted: np.ndarray
    log10_p_adjusted: np.ndarray
    null_maxima: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class ContrastResult(Marks):
    """One contrast at one layer: the tests, the adjusted p-values, effect sizes, and the values that were tested.

    Arrays over neurons have shape (n_neurons,). ``family_size`` is the number of tests that were adjusted together;
    neurons that could not be tested do not count. ``critical_statistic`` is the |statistic| from which a neuron is
    significant; NaN if p does not follow from the statistic. In Welch's test the degrees of freedom differ between
    neurons, and the value is for their median. With
    max-T it is the 1 - alpha quantile of ``null_maxima`` (n_permutations,). ``target_units`` and ``baseline_units`` are
    the names of what was compared: words, or lemmas. ``log10_p`` and ``log10_p_adjusted`` stay exact where p-values
    are too small for a float. ``top`` says which neurons are in the model's share with the largest statistics that the
    spec's protocol selects (``spec.top_share``), whatever their p; None if it selects by p.
    """

    spec: ContrastSpec
    model: ModelInfo
    words: WordPair
    target_sides: BothSides
    baseline_sides: BothSides
    target_units: tuple[str, ...]
    baseline_units: tuple[str, ...]
    target_tokens: np.ndarray
    baseline_tokens: np.ndarray
    tests: NeuronTests
    p_adjusted: np.ndarray
    significant: np.ndarray
    log10_p: np.ndarray
    log10_p_adjusted: np.ndarray
    effect_sizes: EffectSizes
    other_side: OtherSide
    family_size: int
    critical_statistic: float
    null_maxima: np.ndarray | None = None
    top: np.ndarray | None = None
    cautions: tuple[Caution, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def target_activations(self) -> np.ndarray:
        """The target words' values at the spec's side: float32 (n_words, n_neurons)."""
        return self.target_sides.at(self.spec.hook_side)

    @property
    def baseline_activations(self) -> np.ndarray:
        """The baseline words' values at the spec's side: float32 (n_words, n_neurons)."""
        return self.baseline_sides.at(self.spec.hook_side)

    def own_auc(self, neuron: int) -> tuple[float, float, float]:
        """A neuron's AUC for the class for which it is higher, and the limits of its 95% interval."""
        return self.auc_for(neuron, target=self.favours_target(neuron))

    def auc_for(self, neuron: int, *, target: bool) -> tuple[float, float, float]:
        """A neuron's AUC for the target, or for the baseline, and the limits of its 95% interval."""
        sizes = self.effect_sizes
        auc, low, high = (float(each[neuron]) for each in (self.tests.auc, sizes.auc_low, sizes.auc_high))
        return (auc, low, high) if target else turned(auc, low, high)

    @property
    def n_neurons(self) -> int:
        """The number of neurons in the layer, tested or not."""
        return len(self.significant)

    @property
    def null_95(self) -> float | None:
        """The 95% quantile of the largest |statistic| under permutation, which may be infinite; None without max-T."""
        return None if self.null_maxima is None else float(np.quantile(self.null_maxima, 0.95, method="higher"))

    @cached_property
    def largest(self) -> int:
        """The neuron with the largest statistic: the most extreme one for the target."""
        return int(np.nanargmax(self.tests.statistic))

    @cached_property
    def smallest(self) -> int:
        """The neuron with the smallest statistic: the most extreme one for the baseline."""
        return int(np.nanargmin(self.tests.statistic))

    @cached_property
    def order(self) -> np.ndarray:
        """All neurons, (n_neurons,): those whose statistic is farthest from 0 first, those without one last."""
        return np.argsort(-np.abs(np.nan_to_num(self.tests.statistic)), kind="stable")

    def favours_target(self, neuron: int) -> bool:
        """Whether a neuron is higher for the target; so is one whose statistic is 0 or not known."""
        return not self.tests.statistic[neuron] < 0
