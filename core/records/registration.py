"""A hypothesis that was locked before the data that test it were opened, and what these then said.

    registration.digest                       # of all that was locked; another word gives another one
    changes(registration, spec, neuron, ...)  # what is reported otherwise than it was locked

All numbers of a test stand for the class that was registered as higher: an AUC above 0.5, and a positive statistic,
are on the hypothesis's side. ``core.records.registration_read`` checks a record that comes from a browser or a file.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from core.errors import UserError
from core.records.evidence import FAILS, HOLDS, UNCLEAR
from core.records.spec import SIDES, ContrastSpec

MAX_HYPOTHESIS = 600  # characters
SMALLEST_AUC = (0.5, 0.99)  # the least and the largest "smallest effect that counts"
RULE = (
    "Holds if p of the planned test is at most α, the difference has the registered direction, and the whole 95% "
    "interval of the AUC is at or above the smallest effect that counts. Does not hold if the whole interval is below "
    "that effect. Else unclear."
)
RULE_OF_TEXT = (
    "Holds if the whole 95% interval of the AUC is at or above the smallest effect that counts. Does not hold if the "
    "whole interval is below it. Else unclear. There is no second p-value: the planned test is the one on the words."
)
# What somebody may have looked at before the lock: names for files, and what pages say.
SEEN = {
    "held_out": "the check “Held-out words” of this neuron (Evidence)",
    "gold_text": "this neuron in the tagged sentences (Evidence, Layers or Text heatmap)",
    "more_words": "an experiment that read more words of these lists, and with them the held-out ones",
    "opened": "the data of an earlier registration of this neuron",
}


@dataclass(frozen=True)
class Registration:
    """What was locked.

    Parameters
    ----------
    hypothesis : str
        In the student's own words.
    spec : ContrastSpec
        The experiment that the neuron was chosen with.
    neuron : int
        0-based, of the spec's layer.
    higher_for : {"target", "baseline"}
        The class for which the neuron is to be higher.
    planned_test, planned_alpha : str, float
        Of the one test on the held-out words. They may differ from the spec's, which were of all neurons.
    smallest_auc : float
        The smallest effect that would count: the AUC for that class.
    locked_at, locked_at_local : str
        ISO 8601, in UTC and with the offset of the browser's time zone.
    model_revision, app_version : str
    seen : tuple of str
        Keys of ``SEEN``: what this session had looked at before the lock.

    Raises
    ------
    UserError
        A value is not allowed.
    """

    hypothesis: str
    spec: ContrastSpec
    neuron: int
    higher_for: str
    planned_test: str
    planned_alpha: float
    smallest_auc: float
    locked_at: str
    locked_at_local: str
    model_revision: str
    app_version: str
    seen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        text = self.hypothesis.strip()
        if not text:
            raise UserError("The hypothesis is empty: write in your own words what you expect, then lock it.")
        if len(text) > MAX_HYPOTHESIS:
            raise UserError(
                f"The hypothesis has {len(text):,} characters; at most {MAX_HYPOTHESIS} are allowed. Shorten it."
            )
        if self.higher_for not in SIDES:
            raise UserError("No direction is chosen: say for which of the two classes the neuron is to be higher.")
        low, high = SMALLEST_AUC
        if not low <= self.smallest_auc <= high:  # false for NaN
            raise UserError(f"The smallest effect is “{self.smallest_auc}”; an AUC from {low} to {high} is allowed.")
        object.__setattr__(self, "hypothesis", text)
        _ = self.planned_spec  # an error if the planned test or its alpha is not allowed

    @property
    def planned_spec(self) -> ContrastSpec:
        """The experiment with the planned test, at the planned alpha."""
        return self.spec.changed(test=self.planned_test, alpha=self.planned_alpha)

    @property
    def favours_target(self) -> bool:
        """Whether the neuron is to be higher for the target."""
        return self.higher_for == SIDES[0]

    @property
    def classes(self) -> tuple[str, str]:
        """The class that is to be higher, and the other one, as a sentence names them."""
        target, baseline = self.spec.class_names
        return (target, baseline) if self.favours_target else (baseline, target)

    def to_plain(self) -> dict[str, Any]:
        """All that was locked, as an object of JSON. ``settings`` are those of the spec, without lists of one's own."""
        settings = {name: value for name, value in asdict(self.spec).items() if not name.endswith(("_words", "_name"))}
        kept = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "spec"}
        return {**kept, "seen": list(self.seen), "settings": settings}

    @property
    def digest(self) -> str:
        """SHA-256 of ``to_plain``, as JSON with sorted names and no spaces: 64 hexadecimal digits."""
        text = json.dumps(self.to_plain(), sort_keys=True, separators=(",", ":"))  # all ASCII, also half characters
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def key(self) -> tuple[Any, ...]:
        """What two registrations share that open the same values: the neuron of a model, and its words."""
        spec = self.spec
        words = (spec.word_source, spec.target, spec.baseline)
        return spec.model, self.model_revision, spec.layer, self.neuron, words


@dataclass(frozen=True)
class HeldOutTest:
    """The planned test of the neuron on the held-out words. ``n_higher`` and ``n_lower`` are units of both classes."""

    n_higher: int
    n_lower: int
    statistic: float
    degrees_of_freedom: float | None
    p_value: float | None
    log10_p: float
    auc: float
    auc_low: float
    auc_high: float
    hedges_g: float | None
    words_sha256: str

    def is_significant(self, registration: Registration) -> bool:
        """Whether p is at most the planned alpha, whatever the direction."""
        return self.log10_p <= math.log10(registration.planned_alpha)

    def verdict(self, registration: Registration) -> str:
        """``HOLDS``, ``FAILS`` or ``UNCLEAR``, by ``RULE``."""
        if self.auc_high < registration.smallest_auc:
            return FAILS
        as_registered = self.is_significant(registration) and self.statistic > 0
        return HOLDS if as_registered and self.auc_low >= registration.smallest_auc else UNCLEAR


@dataclass(frozen=True)
class GoldSeparation:
    """How well the neuron separates both classes in tagged text. ``text_sha256`` is ``GoldText.digest``."""

    n_higher: int
    n_lower: int
    n_sentences: int
    auc: float
    auc_low: float
    auc_high: float
    text_sha256: str

    def verdict(self, registration: Registration) -> str:
        """``HOLDS``, ``FAILS`` or ``UNCLEAR``, by ``RULE_OF_TEXT``."""
        if self.auc_high < registration.smallest_auc:
            return FAILS
        return HOLDS if self.auc_low >= registration.smallest_auc else UNCLEAR


@dataclass(frozen=True)
class Opening:
    """The one opening of a registration: when, and what was found. ``done`` once both are computed.

    ``missing`` has a sentence for what cannot be opened, by ``"held_out"`` and ``"gold_text"``.
    """

    opened_at: str
    opened_at_local: str
    app_version: str
    model_revision: str = ""
    held_out: HeldOutTest | None = None
    gold_text: GoldSeparation | None = None
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether both sets of data were read, or cannot be."""
        return all(getattr(self, name) is not None or name in self.missing for name in ("held_out", "gold_text"))


@dataclass(frozen=True)
class Registered:
    """A registration with the digest that it was locked with, and its opening, if there was one."""

    registration: Registration
    digest: str
    opening: Opening | None = None

    @classmethod
    def locked(cls, registration: Registration) -> Self:
        """A registration that is locked now."""
        return cls(registration, registration.digest)

    @property
    def intact(self) -> bool:
        """Whether what was locked still has the digest of the lock."""
        return self.digest == self.registration.digest

    def opened(self, opening: Opening) -> Self:
        """The same registration with its opening."""
        return replace(self, opening=opening)

    def to_plain(self) -> dict[str, Any]:
        """All of it as an object of JSON, which ``registration_read.registered`` reads."""
        opening = None if self.opening is None else asdict(self.opening)
        return {"digest": self.digest, "registered": self.registration.to_plain(), "opened": opening}


@dataclass(frozen=True)
class Change:
    """A setting that is reported otherwise than it was registered; both values as text."""

    setting: str
    registered: str
    reported: str


def changes(
    registration: Registration, spec: ContrastSpec, neuron: int, model_revision: str, app_version: str
) -> tuple[Change, ...]:
    """What differs between a registration and what is reported now: the neuron, each setting, the model, the app.

    The planned test is none of it: it is computed as it was registered, whatever is reported beside it.

    Examples
    --------
    >>> when = ["2026-01-05T10:00:00+00:00"] * 2
    >>> locked = Registration("It is higher.", ContrastSpec(), 7, "target", "welch", 0.01, 0.75, *when, "r1", "0.1.0")
    >>> changes(locked, ContrastSpec(layer=1), 7, "r1", "0.1.0")
    (Change(setting='layer', registered='3', reported='1'),)
    """
    found = [Change("neuron", str(registration.neuron), str(neuron))] if registration.neuron != neuron else []
    before, after = asdict(registration.spec), asdict(spec)
    for name, value in after.items():
        if before[name] == value:
            continue
        if name.endswith("_words"):  # a registration has no list of one's own
            found.append(Change(name, f"{len(before[name]):,} words", f"{len(value):,} words"))
        else:
            found.append(Change(name, str(before[name]), str(value)))
    others = {"model revision": (registration.model_revision, model_revision)}
    others["app version"] = (registration.app_version, app_version)
    return (*found, *(Change(name, *pair) for name, pair in others.items() if pair[0] != pair[1]))
