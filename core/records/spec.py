"""The complete description of one experiment, and the allowed values of its fields."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any, Self

from core.errors import UserError, did_you_mean
from core.records.corrections import ALL_CORRECTIONS, CORRECTIONS, Correction
from core.records.names import CUSTOM, are_alike, check_name, clean_name, names_of
from core.records.presets import CAREFUL, NOTEBOOK, PRESETS, PROTOCOL, with_protocol
from core.records.statistical_tests import ALL_TESTS, TESTS, StatisticalTest
from core.records.word_classes import NAME_RULE, WORD_CLASSES, classes_allowed, is_class_name

HOOK_SIDES = ("pre-activation", "activation")
POOLINGS = ("mean", "last")
UNITS = ("word", "lemma")
FAMILIES = ("layer", "model")
DTYPES = ("float32", "bfloat16")

MAX_WORDS = 10_000  # the length of the longest downloadable list

# What a field may be, of those that have a few names.
CHOICES: dict[str, tuple[str, ...]] = {
    "hook_side": HOOK_SIDES,
    "pooling": POOLINGS,
    "unit": UNITS,
    "test": TESTS,
    "correction": CORRECTIONS,
    "family": FAMILIES,
    "dtype": DTYPES,
}
SIDES = ("target", "baseline")  # of a contrast
WORD_SOURCES = ("notebook", "bundled")  # those that have this project's classes; any other is a folder
COUNTS = {"layer": (0, 999), "n_target": (2, MAX_WORDS), "n_baseline": (2, MAX_WORDS), "seed": (0, 2**32 - 1)}
NAMES = ("target_name", "baseline_name")
FLAGS = ("leading_space", "prefix", "drop_shared", "shuffle_labels")


@dataclass(frozen=True)
class ContrastSpec:
    """The complete description of one experiment. The same spec and model revision give the same numbers.

    The defaults are the course notebook's analysis. ``word_source`` is ``"notebook"`` (its downloaded lists),
    ``"bundled"`` (this project's curated lists), or a folder of list files. ``target`` and ``baseline`` are word
    classes: one of ``WORD_CLASSES``, or the name of a file in such a folder. If ``target`` or ``baseline`` is
    ``"custom"``, its words are in ``target_words`` or ``baseline_words`` (a lemma may follow a word after a tab), and
    the count is how many of them to use; ``target_name`` and ``baseline_name`` are what such a list is called, and
    change no number. ``family`` is the set of tests that are adjusted together: those of this
    layer, or of the whole model. With ``prefix``, the model reads the beginning-of-text token before each word; this
    token is not pooled. With ``unit`` ``"lemma"``, the values of all forms of a lemma in a class are averaged, and
    lemmas are compared, not words. With ``shuffle_labels``, the experiment is a control: the words of both classes are
    dealt to target and baseline at random. ``seed`` is that of this shuffle, and of the permutations of ``max_t``.
    ``dtype`` is the type of the model's weights and of its values while it reads: ``"bfloat16"`` takes half the memory,
    and rounds each to 8 significant bits.

    Raises
    ------
    UserError
        The value of a field is not allowed. The sentence names the field, the value, and the allowed values.

    Examples
    --------
    >>> ContrastSpec(layer=2).changed(test="welch").test
    'welch'
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
    unit: str = "word"
    test: str = "paired"
    correction: str = "bonferroni"
    family: str = "layer"
    alpha: float = 0.05
    seed: int = 0
    dtype: str = "float32"
    shuffle_labels: bool = False
    target_words: tuple[str, ...] = ()
    baseline_words: tuple[str, ...] = ()
    target_name: str = ""
    baseline_name: str = ""

    def __post_init__(self) -> None:
        for item in fields(self):
            check_field(item.name, getattr(self, item.name), word_source=self.word_source)
        for side in SIDES:  # a word class has its own name
            name = clean_name(getattr(self, f"{side}_name")) if getattr(self, side) == CUSTOM else ""
            object.__setattr__(self, f"{side}_name", name)
        if self.target == self.baseline and self.target != CUSTOM:
            raise UserError(
                f"Target and baseline are both {self.target}: choose two different word classes.", about="same_class"
            )
        for side in SIDES:
            if getattr(self, side) == CUSTOM and not getattr(self, f"{side}_words"):
                raise UserError(f"The custom {side} list is empty: give at least 2 words, one a line.")
        if are_alike(names := self.class_names):
            raise UserError(f"Target and baseline are both called {quoted(names[0])}: give the list another name.")
        if self.tested_by.paired and self.n_target != self.n_baseline:
            raise UserError(
                "The paired test pairs word i with word i, so both counts must be equal: "
                f"{self.n_target:,} target and {self.n_baseline:,} baseline words were asked for.",
                about="paired_counts",
            )
        if self.tested_by.paired and self.unit == "lemma":
            raise UserError(
                "The paired test pairs word i with word i, so its unit is the word; the unit lemma was asked for.",
                about="paired_unit",
            )
        if self.corrected_by.permutes and not self.tested_by.score:
            raise UserError(_not_permuted(self.test, self.correction), about="not_permuted")

    @classmethod
    def notebook(cls, **changes: Any) -> Self:
        """The notebook's analysis: its lists, bare words, mean, pre-activation, paired test, Bonferroni, 0.05."""
        return cls(**{**NOTEBOOK, **changes})

    @classmethod
    def careful(cls, **changes: Any) -> Self:
        """The careful analysis: curated lists, leading space and prefix, lemmas, Welch's test, Holm over all layers."""
        return cls(**{**CAREFUL, **changes})

    @classmethod
    def of_preset(cls, name: str, **changes: Any) -> Self:
        """The analysis of a preset by its name, a key of ``PRESETS``."""
        return cls(**{**PRESETS[name], **changes})

    def changed(self, **changes: Any) -> Self:
        """A copy with some changed fields. It is checked like a new spec."""
        return replace(self, **changes)

    @property
    def class_names(self) -> tuple[str, str]:
        """What target and baseline are called in a sentence, as long as their labels are not shuffled."""
        return names_of(self.target, self.baseline, self.target_name, self.baseline_name)

    @property
    def tested_by(self) -> StatisticalTest:
        """The record of its test."""
        return ALL_TESTS[self.test]

    @property
    def corrected_by(self) -> Correction:
        """The record of its correction."""
        return ALL_CORRECTIONS[self.correction]

    @property
    def top_share(self) -> float | None:
        """Which share of the model's neurons its preset selects by the statistic alone; None where p selects.

        Examples
        --------
        >>> ContrastSpec.of_preset("localiser", n_target=60).top_share, ContrastSpec.careful().top_share
        (0.01, None)
        """
        preset = with_protocol({name: getattr(self, name) for name in PROTOCOL})
        return preset.top_share if preset else None

    @property
    def other_side(self) -> str:
        """The side of the nonlinearity that it does not test."""
        return next(side for side in HOOK_SIDES if side != self.hook_side)

    def unnamed(self) -> Self:
        """A copy without the names of its lists: it has the same numbers."""
        return replace(self, target_name="", baseline_name="")

    def reading(self) -> Self:
        """A copy in which the fields that do not change words and activations have fixed values.

        Two specs with equal ``reading()`` have the same activations: use it as a cache key. One reading has both sides
        of the nonlinearity.
        """
        # The paired test may use fewer words than another. For all others it is Welch's, which takes unequal counts.
        return replace(
            self,
            layer=0,
            hook_side="pre-activation",
            unit="word",
            test="paired" if self.tested_by.paired else "welch",
            correction="none",
            family="layer",
            alpha=0.05,
            seed=self.seed if self.shuffle_labels else 0,
            target_name="",
            baseline_name="",
        )

    @cached_property
    def digest(self) -> str:
        """A short name of the experiment, in hexadecimal: equal for equal specs, however many words they have."""
        return hashlib.sha256(repr(self).encode()).hexdigest()  # repr escapes lone surrogates

    def to_json(self) -> str:
        """The spec as a JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a spec that ``to_json`` wrote; UserError if the text is not such an object."""
        try:
            values = json.loads(text)
            known = {item.name for item in fields(cls)}
            if not isinstance(values, dict) or not set(values) <= known:
                raise UserError(f"A spec is a JSON object with the fields {', '.join(sorted(known))}.")
        except json.JSONDecodeError as error:
            raise UserError(f"This is not JSON: {error}.") from error
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}  # JSON has no tuples
        return cls(**{**values, **lists})


def check_choice(called: str, value: Any, allowed: Sequence[str]) -> None:
    """Raise UserError if ``value``, which the sentence calls ``called``, is none of the allowed ones.

    Examples
    --------
    >>> check_choice("--treebank", "gun", ["ewt", "gum"])
    Traceback (most recent call last):
    core.errors.UserError: --treebank is “gun”; allowed are ewt, gum. Did you mean gum?
    """
    if value not in allowed:
        near = did_you_mean(value, allowed)
        raise UserError(f"{called} is {quoted(value)}; allowed are {', '.join(allowed)}.{near}")


def check_field(name: str, value: Any, word_source: Any = "bundled", called: str = "") -> None:
    """Raise UserError if ``value`` is not allowed in the spec's field ``name``; ``called`` is its name in the sentence.

    ``word_source`` is the spec's: a folder may have a list of any class, and whoever reads it says if it has none.

    Examples
    --------
    >>> check_field("n_target", 1, called="--words")
    Traceback (most recent call last):
    core.errors.UserError: --words is “1”; a whole number from 2 to 10,000 is allowed.
    """
    called = called or name
    if name in SIDES:
        _check_class(called, value, word_source)
    if name in CHOICES:
        check_choice(called, value, CHOICES[name])
    if name in COUNTS:
        low, high = COUNTS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise UserError(f"{called} is {quoted(value)}; a whole number from {low} to {high:,} is allowed.")
    if name in FLAGS and not isinstance(value, bool):
        raise UserError(f"{called} is {quoted(value)}; allowed are true and false.")
    if name == "alpha" and not (isinstance(value, float) and 0.0 < value < 1.0):
        raise UserError(f"{called} is {quoted(value)}; a number above 0 and below 1 is allowed.")
    if name in ("model", "word_source") and not (isinstance(value, str) and value.strip()):
        raise UserError(f"{called} is empty; a name is needed.")
    if name in NAMES:
        check_name(called, value)
    if name.endswith("_words") and not (isinstance(value, tuple) and all(isinstance(w, str) and w for w in value)):
        raise UserError(f"{called} must be a tuple of words.")


def _check_class(called: str, value: Any, word_source: Any) -> None:
    if value == CUSTOM or (isinstance(value, str) and value in WORD_CLASSES):
        return
    if word_source in WORD_SOURCES or not isinstance(word_source, str):
        allowed = classes_allowed(CUSTOM, classes=WORD_CLASSES)
        near = did_you_mean(value, (*WORD_CLASSES, CUSTOM))
        raise UserError(f"{called} is {quoted(value)}; allowed are {allowed}.{near}")
    if not is_class_name(value):
        raise UserError(f"{called} is {quoted(value)}; the name of a list in a folder has {NAME_RULE}.")


def _not_permuted(test: str, correction: str) -> str:
    """A sentence for a test whose statistic has no permutations, and a correction that needs them."""
    others = ", ".join(name for name, one in ALL_TESTS.items() if one.score)
    return (
        f"The correction {correction} permutes the words, and the test {test} cannot be permuted: choose another "
        f"correction, or one of the tests {others}."
    )


def quoted(value: object) -> str:
    """A value in quotation marks, shortened to 60 characters.

    Examples
    --------
    >>> quoted(0.05)
    '“0.05”'
    """
    text = str(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"
