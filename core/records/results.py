"""The results of an experiment's steps: words, activations, tests, a contrast, the tokens of a text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.errors import UserError
from core.records.spec import ContrastSpec


@dataclass(frozen=True, eq=False)
class WordList:
    """The words of one class, most frequent first, and their source.

    ``notes`` are sentences for the reader, for example about a fallback, dropped duplicates or skipped blank lines.
    """

    name: str
    words: tuple[str, ...]
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class NeuronTests:
    """One two-sample test for each neuron.

    All arrays are float64 and have the same shape, (n_neurons,) or (n_layers, n_neurons). ``statistic`` and every
    effect size are positive if the target is higher. ``mean_difference`` is in the units of the hook point. ``auc`` is
    the probability that a random target word is above a random baseline word; a tie counts one half. If the values of
    a neuron (or its paired differences) do not vary, it cannot be tested: its statistic and p-value are NaN.
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
    are empty, and ``parts`` has ``"1/3"``, ``"2/3"``, ``"3/3"``. All other ``parts`` are empty. ``values`` is float32
    (n_tokens, d_mlp), in the units of the hook point. ``window_starts`` has the token positions at which a new window
    of the model's context begins.
    """

    pieces: list[str]
    parts: list[str]
    token_ids: list[int]
    values: np.ndarray
    layer: int
    window_starts: tuple[int, ...] = (0,)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelInfo:
    """Facts about a loaded model that a reader needs to reproduce a result."""

    name: str
    revision: str
    architecture: str
    n_layers: int
    d_mlp: int
    context: int
    n_parameters: int
    device: str
    dtype: str
    notes: tuple[str, ...] = ()

    def check_layer(self, layer: int) -> None:
        """Raise UserError if the model does not have this layer (0-based)."""
        if not 0 <= layer < self.n_layers:
            raise UserError(
                f"Layer {layer} was asked for; {self.name} has layers 0 to {self.n_layers - 1}.", about="layer"
            )


@dataclass(frozen=True, eq=False)
class WordPair:
    """The words of both classes in an experiment, and the lists that they come from.

    ``shared`` has the words that are in both classes. With the spec's ``drop_shared``, ``target`` and ``baseline`` do
    not contain them.
    """

    target: tuple[str, ...]
    baseline: tuple[str, ...]
    target_list: WordList
    baseline_list: WordList
    shared: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class WordActivations:
    """The value of every neuron of some layers for the words of both classes.

    ``target`` and ``baseline`` are float32 (n_layers, n_words, d_mlp), in the units of the hook point; the first axis
    has the order of ``layers``. The token counts are int64 (n_words,), without a beginning-of-text token.
    """

    words: WordPair
    layers: tuple[int, ...]
    target: np.ndarray
    baseline: np.ndarray
    target_tokens: np.ndarray
    baseline_tokens: np.ndarray


@dataclass(frozen=True, eq=False)
class ContrastResult:
    """One contrast at one layer: the tests, the adjusted p-values, and the activations that were tested.

    Arrays over neurons have shape (n_neurons,). Activations are float32 (n_words, n_neurons), in the units of the hook
    point. ``family_size`` is the number of tests that were adjusted together; neurons that could not be tested do not
    count. ``critical_statistic`` is the |t| from which a neuron is significant. In Welch's test the degrees of freedom
    differ between neurons, and the value is for their median.
    """

    spec: ContrastSpec
    model: ModelInfo
    words: WordPair
    target_activations: np.ndarray
    baseline_activations: np.ndarray
    target_tokens: np.ndarray
    baseline_tokens: np.ndarray
    tests: NeuronTests
    p_adjusted: np.ndarray
    significant: np.ndarray
    family_size: int
    critical_statistic: float
    notes: tuple[str, ...] = ()

    @property
    def n_neurons(self) -> int:
        """The number of neurons in the layer, tested or not."""
        return len(self.significant)

    @cached_property
    def largest(self) -> int:
        """The neuron with the largest statistic: the most extreme one for the target."""
        return int(np.nanargmax(self.tests.statistic))

    @cached_property
    def smallest(self) -> int:
        """The neuron with the smallest statistic: the most extreme one for the baseline."""
        return int(np.nanargmin(self.tests.statistic))

    @property
    def n_higher(self) -> int:
        """The number of significant neurons that are higher for the target."""
        return int(np.sum(self.significant & (self.tests.statistic > 0)))

    @property
    def n_lower(self) -> int:
        """The number of significant neurons that are higher for the baseline."""
        return int(np.sum(self.significant & (self.tests.statistic < 0)))
