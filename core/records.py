"""The frozen records that pass between rooms, and the words for their choices. Imports nothing of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

WORD_CLASSES = ("nouns", "verbs", "adjectives", "adverbs", "pronouns")
# Closed classes, of which the downloaded lists keep the first 500 words.
SHORT_WORD_CLASSES = ("adpositions", "conjunctions", "determiners", "numbers", "particles")
CUSTOM = "custom"

HOOK_SIDES = ("pre-activation", "activation")
POOLINGS = ("mean", "last")
TESTS = ("paired", "welch")
CORRECTIONS = ("none", "bonferroni", "sidak", "holm", "fdr_bh", "fdr_by")
FAMILIES = ("layer", "model")


class UserError(ValueError):
    """A mistake, or a circumstance, that one sentence explains: pages and the command line show it as it is."""


MAX_WORDS = 10_000  # the length of the longest downloadable list
# Custom words travel in a link up to this many characters; mail and chat programs cut longer links.
MAX_LINK_WORDS = 1_500

_CHOICES: dict[str, tuple[str, ...]] = {
    "target": (*WORD_CLASSES, *SHORT_WORD_CLASSES, CUSTOM),
    "baseline": (*WORD_CLASSES, *SHORT_WORD_CLASSES, CUSTOM),
    "hook_side": HOOK_SIDES,
    "pooling": POOLINGS,
    "test": TESTS,
    "correction": CORRECTIONS,
    "family": FAMILIES,
}
_COUNTS = {"layer": (0, 999), "n_target": (2, MAX_WORDS), "n_baseline": (2, MAX_WORDS), "seed": (0, 2**32 - 1)}


@dataclass(frozen=True)
class ContrastSpec:
    """One experiment, complete: two runs of the same spec on the same model revision give the same numbers.

    The defaults are the course notebook's analysis. ``word_source`` is ``"notebook"`` (its downloaded
    lists), ``"bundled"`` (this project's curated lists) or a folder of list files. Where ``target`` or
    ``baseline`` is ``"custom"``, the words themselves are in ``target_words`` or ``baseline_words``, and the
    count says how many of them to use. ``family`` is the set of tests adjusted together: this layer's, or
    the whole model's. A ``prefix`` (the beginning-of-text token) is read by the model but never pooled.

    Raises
    ------
    UserError
        A field holds a value that is not allowed; the sentence names the field, the value and what is.
    """

    model: str = "bundled"
    layer: int = 3
    target: str = "nouns"
    baseline: str = "verbs"
    n_target: int = 100
    n_baseline: int = 100
    word_source: str = "notebook"
    hook_side: str = "pre-activation"
    pooling: str = "mean"
    leading_space: bool = False
    prefix: bool = False
    drop_shared: bool = False
    test: str = "paired"
    correction: str = "bonferroni"
    family: str = "layer"
    alpha: float = 0.05
    seed: int = 0
    target_words: tuple[str, ...] = ()
    baseline_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for item in fields(self):
            _check_field(item.name, getattr(self, item.name))
        if self.target == self.baseline and self.target != CUSTOM:
            raise UserError(f"Target and baseline are both {self.target}: choose two different word classes.")
        for side in ("target", "baseline"):
            if getattr(self, side) == CUSTOM and not getattr(self, f"{side}_words"):
                raise UserError(f"The custom {side} list is empty: give at least 2 words, one a line.")
        if self.test == "paired" and self.n_target != self.n_baseline:
            raise UserError(
                "The paired test pairs word i with word i, so both counts must be equal: "
                f"{self.n_target:,} target and {self.n_baseline:,} baseline words were asked for. "
                "Make them equal, or choose Welch's test."
            )

    @classmethod
    def notebook(cls, **changes: Any) -> Self:
        """The notebook's analysis: its lists, bare words, mean, pre-activation, paired, Bonferroni, .05."""
        return cls(**{**NOTEBOOK, **changes})

    @classmethod
    def careful(cls, **changes: Any) -> Self:
        """What a methodologist would ask for: curated lists, leading space and prefix, Welch, Holm over all layers."""
        return cls(**{**CAREFUL, **changes})

    def changed(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked like a new one."""
        return replace(self, **changes)

    def reading(self) -> Self:
        """The spec with all that its words and activations do not depend on set to a fixed value.

        Two specs whose ``reading()`` is equal share their activations: use it as a cache key.
        """
        # Welch's test alone fits any two counts.
        return replace(self, layer=0, test="welch", correction="none", family="layer", alpha=0.05, seed=0)

    def to_params(self) -> dict[str, str]:
        """The spec as URL parameters, every field spelled out; custom words only where a link can hold them."""
        params = {}
        for name, value in asdict(self).items():
            if name.endswith("_words"):
                joined = "\n".join(value)  # a word may hold a comma, never a newline
                if getattr(self, name.removesuffix("_words")) != CUSTOM or len(joined) > MAX_LINK_WORDS:
                    continue
                params[name] = joined
            else:
                params[name] = str(int(value)) if isinstance(value, bool) else str(value)
        return params

    @classmethod
    def from_params(cls, params: Mapping[str, str], default: ContrastSpec) -> tuple[Self, list[str]]:
        """Read URL parameters over a default: the spec, and one sentence for each value that fell back.

        Unknown parameters are ignored: other parts of a page own them.
        """
        values, problems = asdict(default), []
        for item in fields(cls):
            if item.name not in params:
                continue
            try:
                value = _parse_field(item.name, params[item.name])
                _check_field(item.name, value)
            except UserError as error:
                problems.append(f"{error} The link's value was set aside; {_shown(values[item.name])} is used.")
            else:
                values[item.name] = value
        problems += _reconcile(values, default)
        try:
            return cls(**values), problems
        except UserError as error:
            problems.append(f"{error} The link's settings do not fit together, so the default ones are used.")
            return cls(**asdict(default)), problems

    def to_json(self) -> str:
        """The spec as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote; raises UserError where it is not such an object."""
        try:
            values = json.loads(text)
            known = {item.name for item in fields(cls)}
            if not isinstance(values, dict) or not set(values) <= known:
                raise UserError(f"A spec is a JSON object with the fields {', '.join(sorted(known))}.")
        except json.JSONDecodeError as error:
            raise UserError(f"This is not JSON: {error}.") from error
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}  # JSON has no tuples
        return cls(**{**values, **lists})


# The presets say how to analyse, not what: they leave model, layer and word classes alone.
NOTEBOOK: dict[str, Any] = {
    "n_target": 100,
    "n_baseline": 100,
    "word_source": "notebook",
    "hook_side": "pre-activation",
    "pooling": "mean",
    "leading_space": False,
    "prefix": False,
    "drop_shared": False,
    "test": "paired",
    "correction": "bonferroni",
    "family": "layer",
    "alpha": 0.05,
}
CAREFUL: dict[str, Any] = {
    **NOTEBOOK,
    "n_target": 500,
    "n_baseline": 500,
    "word_source": "bundled",
    "leading_space": True,
    "prefix": True,
    "drop_shared": True,
    "test": "welch",
    "correction": "holm",
    "family": "model",
}
_FLAGS = ("leading_space", "prefix", "drop_shared")


def _check_field(name: str, value: Any) -> None:
    """Raise UserError unless ``value`` is one that the spec's field ``name`` may hold."""
    if name in _CHOICES and value not in _CHOICES[name]:
        raise UserError(f"{name} is {_shown(value)}; allowed are {', '.join(_CHOICES[name])}.")
    if name in _COUNTS:
        low, high = _COUNTS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise UserError(f"{name} is {_shown(value)}; a whole number from {low} to {high:,} is allowed.")
    if name in _FLAGS and not isinstance(value, bool):
        raise UserError(f"{name} is {_shown(value)}; allowed are true and false.")
    if name == "alpha" and not (isinstance(value, float) and 0.0 < value < 1.0):
        raise UserError(f"alpha is {_shown(value)}; a number above 0 and below 1 is allowed.")
    if name in ("model", "word_source") and not (isinstance(value, str) and value.strip()):
        raise UserError(f"{name} is empty; a name is needed.")
    if name.endswith("_words") and not (isinstance(value, tuple) and all(isinstance(w, str) and w for w in value)):
        raise UserError(f"{name} must be a tuple of words.")


def _reconcile(values: dict[str, Any], default: ContrastSpec) -> list[str]:
    """Mend, in place, link values that are each allowed but do not fit together; say what was done."""
    problems = []
    for side in ("target", "baseline"):
        if values[side] == CUSTOM and not values[f"{side}_words"]:
            values[side] = getattr(default, side) if getattr(default, side) != CUSTOM else getattr(ContrastSpec, side)
            problems.append(f"The link names a custom {side} list without its words; {values[side]} are used.")
    if values["test"] == "paired" and values["n_target"] != values["n_baseline"]:
        problems.append(
            f"The link asks for a paired test of {values['n_target']:,} and {values['n_baseline']:,} words, "
            f"which needs equal counts; {values['n_target']:,} of each are used."
        )
        values["n_baseline"] = values["n_target"]
    return problems


def _parse_field(name: str, text: str) -> Any:
    """Turn a URL parameter into the type of the spec's field ``name``; raises UserError where it cannot be."""
    try:
        if name in _COUNTS:
            return int(text)
        if name == "alpha":
            return float(text)
    except ValueError:
        raise UserError(f"{name} is {_shown(text)}, which is not a number.") from None
    if name in _FLAGS:
        return {"1": True, "true": True, "0": False, "false": False}.get(text.lower(), text)
    if name.endswith("_words"):
        return tuple(word for word in (part.strip() for part in text.split("\n")) if word)
    return text


def _shown(value: object) -> str:
    """A value quoted for a sentence, cut where it is long."""
    text = str(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


@dataclass(frozen=True, eq=False)
class WordList:
    """The words of one class, most frequent first, and where they came from.

    ``notes`` are sentences for the reader: a fallback taken, duplicates dropped, blank lines skipped.
    """

    name: str
    words: tuple[str, ...]
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class NeuronTests:
    """One two-sample test per neuron; float64 arrays of one shape, (n_neurons,) or (n_layers, n_neurons).

    ``statistic`` and every effect size are positive where the target is higher. A neuron that cannot be
    tested (its values, or its paired differences, do not vary) has NaN for statistic and p-value.
    ``mean_difference`` is in the units of the hook point; ``auc`` is the probability that a random target
    word lies above a random baseline word, ties counting one half.
    """

    statistic: np.ndarray
    p_value: np.ndarray
    degrees_of_freedom: np.ndarray
    mean_difference: np.ndarray
    cohens_d: np.ndarray
    auc: np.ndarray

    def layer(self, index: int) -> NeuronTests:
        """The tests of one layer, when the arrays are (n_layers, n_neurons)."""
        return NeuronTests(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})


@dataclass(frozen=True, eq=False)
class TokenActivations:
    """The tokens of a text, and every neuron's value at each.

    ``pieces`` are the exact stretches of the text, one a token: ``"".join(pieces)`` is the text that was
    read. Where several tokens share one character (an emoji is often three), the first carries it, the
    others are empty, and ``parts`` says ``"1/3"``, ``"2/3"``, ``"3/3"``; elsewhere ``parts`` is empty.
    ``values`` is float32 (n_tokens, n_neurons); column j is neuron ``neurons[j]``.
    ``window_starts`` are the token positions at which the model's context began anew.
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
    """What a reader must know about a loaded model to reproduce a result with it."""

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
        """Raise UserError unless the model has such a layer."""
        if not 0 <= layer < self.n_layers:
            raise UserError(f"Layer {layer} was asked for; {self.name} has layers 0 to {self.n_layers - 1}.")


@dataclass(frozen=True, eq=False)
class WordPair:
    """The words of both classes as an experiment uses them, and the lists that they were taken from.

    ``shared`` are the words that stand among both; with the spec's ``drop_shared`` they are already gone from
    ``target`` and ``baseline``.
    """

    target: tuple[str, ...]
    baseline: tuple[str, ...]
    target_list: WordList
    baseline_list: WordList
    shared: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class WordActivations:
    """Every neuron of some layers for the words of both classes.

    ``target`` and ``baseline`` are float32 (n_layers, n_words, d_mlp) in the units of the hook point, the
    layers being ``layers``; the token counts are int64 (n_words,), without any prefix.
    """

    words: WordPair
    layers: tuple[int, ...]
    target: np.ndarray
    baseline: np.ndarray
    target_tokens: np.ndarray
    baseline_tokens: np.ndarray


@dataclass(frozen=True, eq=False)
class ContrastResult:
    """One contrast at one layer: the tests, what the correction made of them, and the activations behind.

    Arrays over neurons are (n_neurons,); activations are float32 (n_words, n_neurons) in the units of the
    hook point. ``family_size`` counts the tests that were adjusted together, of which ``family_significant``
    were significant; neurons that could not be tested are not in it. ``critical_statistic`` is the |t| that
    a neuron must reach; with Welch's test, whose degrees of freedom vary by neuron, it is the one at their
    median.
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
    family_significant: int
    critical_statistic: float
    notes: tuple[str, ...] = ()

    @property
    def n_neurons(self) -> int:
        """Neurons in the layer, tested or not."""
        return len(self.significant)

    @property
    def n_untested(self) -> int:
        """Neurons whose values do not vary, so that there is no test."""
        return int(np.isnan(self.tests.statistic).sum())

    @cached_property
    def largest(self) -> int:
        """The neuron most in favour of the target (greatest statistic)."""
        return int(np.nanargmax(self.tests.statistic))

    @cached_property
    def smallest(self) -> int:
        """The neuron most in favour of the baseline (least statistic)."""
        return int(np.nanargmin(self.tests.statistic))

    @property
    def n_higher(self) -> int:
        """Significant neurons that are higher for the target."""
        return int(np.sum(self.significant & (self.tests.statistic > 0)))

    @property
    def n_lower(self) -> int:
        """Significant neurons that are higher for the baseline."""
        return int(np.sum(self.significant & (self.tests.statistic < 0)))
