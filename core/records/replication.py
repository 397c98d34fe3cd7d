"""The records of a class as a replication study: one effect a seat, and what all of them are together."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from typing import Any

from core.errors import UserError
from core.records.spec import ContrastSpec, quoted

SEAT_WORDS = (5, 200)  # words of each class that a seat may have
MOST_SEATS = 500
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{2,30}[a-z0-9]")
_Z = 1.959963984540054  # the normal quantile of a 95% interval
# What of a spec tells one study from another, and since when that is so. A field that the spec gets one day changes no
# key until it is named here; then the version goes up, and boards begin anew.
_KEY_VERSION = 1
KEY_FIELDS = (
    *("model", "layer", "target", "baseline", "n_target", "n_baseline", "word_source", "target_words"),
    *("baseline_words", "hook_side", "pooling", "leading_space", "prefix", "drop_shared", "unit", "test", "dtype"),
    "shuffle_labels",
)


@dataclass(frozen=True)
class Study:
    """What is the same for all seats of a class: the experiment without its words, and the neuron.

    ``spec`` names the two lists from which words are dealt; its numbers of words are those of one seat.

    Raises
    ------
    UserError
        A seat would have too few or too many words, or two numbers of them.
    """

    spec: ContrastSpec
    neuron: int

    def __post_init__(self) -> None:
        words_of_seat(self.spec)

    @property
    def n_words(self) -> int:
        """How many words of each class a seat has."""
        return self.spec.n_target

    def key(self, pool: str, revision: str) -> str:
        """Under what effects are kept: a digest of all that an effect depends on but for the seat, layer and neuron.

        ``pool`` is the digest of the words that are dealt, ``revision`` the model's.

        Examples
        --------
        >>> study = Study(ContrastSpec.careful(n_target=12, n_baseline=12), 40)
        >>> other = Study(study.spec.changed(alpha=0.01, correction="bonferroni"), 40)
        >>> study.key("p", "r") == other.key("p", "r"), study.key("p", "r")[16:]
        (True, '-3-40')
        """
        seed = self.spec.seed if self.spec.shuffle_labels else 0
        same = [(name, getattr(self.spec, name)) for name in KEY_FIELDS]
        parts = (_KEY_VERSION, *same, ("seed", seed), self.neuron, pool, revision)
        digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
        return f"{digest}-{self.spec.layer}-{self.neuron}"


@dataclass(frozen=True)
class Deal:
    """The words of every seat. Those of two seats share no word and no lemma.

    ``target`` and ``baseline`` have a tuple for each seat: lines of a list, a word or a word, a tab and its lemma.
    ``by_pairs`` says that both words of a seat's pair are forms of one lemma, as in singular and plural nouns. ``pool``
    is a digest of the lemmas that were dealt. ``n_lemmas`` are those that each list has room with.
    """

    code: str
    target: tuple[tuple[str, ...], ...]
    baseline: tuple[tuple[str, ...], ...]
    by_pairs: bool
    pool: str
    n_lemmas: tuple[int, int]

    @property
    def n_seats(self) -> int:
        """For how many seats there are words."""
        return len(self.target)


@dataclass(frozen=True)
class SeatEffect:
    """What one seat has measured: Hedges' g with its variance, the AUC, and how many units were compared.

    ``g`` is positive where the target is higher, ``variance`` is its sampling variance, ``auc`` the share of pairs of
    units in which the target's is higher. ``seat`` is 0 where it is not known yet. ``at`` is when the board of the
    class got it, in seconds since 1970: the board sets it.

    Examples
    --------
    >>> SeatEffect(7, 1.0, 0.25, 0.8, 12, 12).includes_zero
    False
    """

    seat: int
    g: float
    variance: float
    auc: float
    n_target: int
    n_baseline: int
    at: float = 0.0

    @property
    def low(self) -> float:
        """The lower end of its 95% interval, by the normal distribution, as in pooling."""
        return self.g - _Z * math.sqrt(self.variance)

    @property
    def high(self) -> float:
        """The upper end."""
        return self.g + _Z * math.sqrt(self.variance)

    @property
    def includes_zero(self) -> bool:
        """Whether its interval includes zero."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Pooled:
    """The effects of all seats together, by a random-effects model.

    ``low`` and ``high`` are the 95% interval of ``estimate`` (Hartung and Knapp's, never narrower than the usual
    one's); ``prediction`` is the interval in which the true effect of another sample of words is expected, None below
    three seats. ``tau2`` is the variance of true effects, ``i2`` the share of the variance that is not sampling's,
    ``q`` Cochran's with its p. Of one seat, all but the estimate are NaN.
    """

    n: int
    method: str
    estimate: float
    low: float
    high: float
    tau2: float
    i2: float
    q: float
    q_p: float
    prediction: tuple[float, float] | None


@dataclass(frozen=True)
class SignAgreement:
    """How many of ``n`` effects have the sign of the pooled one, the 95% interval of that share; ``includes_zero``
    counts the seats whose own interval includes zero."""

    agree: int
    n: int
    low: float
    high: float
    includes_zero: int


def words_of_seat(spec: ContrastSpec) -> int:
    """How many words of each class a seat has by a spec; UserError if that is not allowed.

    Examples
    --------
    >>> words_of_seat(ContrastSpec.careful(n_target=12, n_baseline=12))
    12
    """
    low, high = SEAT_WORDS
    counts = (spec.n_target, spec.n_baseline)
    if counts[0] != counts[1] or not low <= counts[0] <= high:
        got = " and ".join(dict.fromkeys(map(str, counts)))
        raise UserError(f"A seat was to have {got} words of each class; {low} to {high}, equally many, are allowed.")
    return spec.n_target


def class_code(text: str) -> str:
    """A class code as it counts: without spaces around it, in small letters.

    Raises
    ------
    UserError
        It is no code: 4 to 32 letters (a to z), digits and hyphens, with no hyphen first or last.

    Examples
    --------
    >>> class_code(" Meadow-7B ")
    'meadow-7b'
    """
    code = text.strip().lower()
    if not _CODE.fullmatch(code):
        raise UserError(
            f"The class code is “{text.strip()[:40]}”; 4 to 32 letters (a to z), digits and hyphens are allowed, with "
            "a letter or digit first and last.",
            about="board",
        )
    return code


def checked_seat(value: Any, n_seats: int) -> int:
    """A seat number; UserError if there is none such.

    Examples
    --------
    >>> checked_seat(65, 64)
    Traceback (most recent call last):
    core.errors.UserError: The seat is “65”; these lists have words for 64 seats, so 1 to 64 are allowed.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= n_seats:
        words = "words for 1 seat, so 1 is" if n_seats == 1 else f"words for {n_seats} seats, so 1 to {n_seats} are"
        raise UserError(f"The seat is {quoted(value)}; these lists have {words} allowed.")
    return value
