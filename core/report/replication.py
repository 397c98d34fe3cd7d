"""A class as a replication study, in words and as a table: each seat's effect, and what all of them are together."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.records.replication import Pooled, SeatEffect, SignAgreement
from core.report.readable import interval, readable_auc, readable_number, readable_p, readable_share, signed
from core.report.tables import Table

SEAT_COLUMNS = (
    "seat",
    "hedges_g",
    "normal_low",
    "normal_high",
    "variance",
    "auc",
    "target_words",
    "baseline_words",
)
WHAT_IT_MEANS = (
    "All seats share one model and one pair of lists: they are replications over words, not over models, and the "
    "neuron may have been chosen by some of these words."
)
WHAT_IT_DOES_NOT = (
    "The pooled effect says how large the difference is in words like these; it says nothing of words in sentences, "
    "nor of what the model does with the neuron."
)


def higher_for(g: float, names: tuple[str, str]) -> str:
    """For which class an effect is higher; of zero, that it is neither.

    Examples
    --------
    >>> higher_for(-0.2, ("nouns", "verbs")), higher_for(0.0, ("nouns", "verbs"))
    ('higher for verbs', 'equal for both classes')
    """
    return "equal for both classes" if g == 0 else f"higher for {names[g < 0]}"


def about_seat(effect: SeatEffect, names: tuple[str, str]) -> str:
    """What one seat has found.

    Examples
    --------
    >>> about_seat(SeatEffect(7, 1.0, 0.25, 0.8, 12, 12), ("nouns", "verbs"))
    "Seat 7: Hedges' g = +1.00 [+0.0200, +1.98], AUC 0.800: higher for nouns."
    """
    size = f"Hedges' g = {signed(effect.g)} {interval(signed(effect.low), signed(effect.high))}"
    zero = "; the interval includes zero" if effect.includes_zero else ""
    return f"Seat {effect.seat}: {size}, AUC {readable_auc(effect.auc)}: {higher_for(effect.g, names)}{zero}."


def about_pooled(pooled: Pooled, agreement: SignAgreement, names: tuple[str, str]) -> tuple[str, ...]:
    """What all seats have found together: sentences for a page, each with one thing."""
    if pooled.n == 1:
        return ("One seat is on the board, so nothing can be pooled yet.",)
    estimate = (
        f"Pooled over {pooled.n:,} seats: Hedges' g = {signed(pooled.estimate)} "
        f"{interval(signed(pooled.low), signed(pooled.high))}, {higher_for(pooled.estimate, names)}."
    )
    return estimate, _about_spread(pooled), _about_next(pooled), _about_signs(agreement)


def _about_spread(pooled: Pooled) -> str:
    if pooled.q == 0:
        return "All effects are equal: there is nothing between the seats to explain."
    df, p = pooled.n - 1, readable_p(_log10(pooled.q_p))
    q = f"Q = {readable_number(pooled.q)} with {df:,} {'degree' if df == 1 else 'degrees'} of freedom, p = {p}"
    if pooled.tau2 == 0:
        return f"The seats differ no more than samples of this size do anyway (τ² = 0, I² = 0%; {q})."
    return (
        f"Beyond what samples of this size do anyway, true effects vary with a variance of τ² = "
        f"{readable_number(pooled.tau2)}: I² = {readable_share(pooled.i2)} of what is seen between seats ({q})."
    )


def _about_next(pooled: Pooled) -> str:
    if pooled.prediction is None:
        return "With two seats, the interval is very wide, and what a third would find cannot be said."
    low, high = map(signed, pooled.prediction)
    return f"The true effect of another seat is expected in {interval(low, high)} (95% prediction interval)."


def _about_signs(agreement: SignAgreement) -> str:
    zero = agreement.includes_zero
    has = "No seat has" if not zero else "1 seat has" if zero == 1 else f"{zero:,} seats have"
    share = interval(readable_share(agreement.low), readable_share(agreement.high))
    return (
        f"{agreement.agree:,} of {agreement.n:,} seats have the sign of the pooled effect (95% interval of the share: "
        f"{share}). {has} an interval that includes zero."
    )


def seats_table(effects: Sequence[SeatEffect]) -> Table:
    """A row of ``SEAT_COLUMNS`` for each seat."""
    return Table(SEAT_COLUMNS, [row_of_seat(each) for each in effects])


def row_of_seat(effect: SeatEffect) -> tuple[object, ...]:
    """The values of ``SEAT_COLUMNS``."""
    return (
        effect.seat,
        effect.g,
        effect.low,
        effect.high,
        effect.variance,
        effect.auc,
        effect.n_target,
        effect.n_baseline,
    )


def of_forest(
    effects: Sequence[SeatEffect], pooled: Pooled, agreement: SignAgreement, names: tuple[str, str], own: int | None
) -> str:
    """The forest plot in words."""
    smallest, largest = (choose(effects, key=lambda each: each.g) for choose in (min, max))
    yours = "".join(f" Yours is seat {each.seat}, {signed(each.g)}." for each in effects if each.seat == own)
    ends = f"from {signed(smallest.g)} (seat {smallest.seat}) to {signed(largest.g)} (seat {largest.seat})"
    return (
        f"Forest plot of Hedges' g of {len(effects):,} seats with 95% intervals, {ends}.{yours} "
        f"{' '.join(about_pooled(pooled, agreement, names))}"
    )


def _log10(p: float) -> float:
    return math.log10(max(p, 5e-324))  # the least float, for a p that is smaller
