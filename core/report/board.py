"""The effects of the board of a class, as a table to save."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from core.report.tables import Table

BOARD_COLUMNS = (
    "class_digest",
    "study",
    "seat",
    "hedges_g",
    "variance",
    "auc",
    "target_words",
    "baseline_words",
    "posted",
)


def board_table(effects: Iterable[tuple[str, str, Any]]) -> Table:
    """A row for each effect, in the order given.

    Parameters
    ----------
    effects : iterable of (str, str, effect)
        The digest of the class, the study, and what has ``seat``, ``g``, ``variance``, ``auc``, ``n_target``,
        ``n_baseline``, and ``at`` in seconds since 1970.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> effect = SimpleNamespace(seat=3, g=0.5, variance=0.04, auc=0.7, n_target=50, n_baseline=50, at=0)
    >>> board_table([("abebdec5", "0123abcd-3-40", effect)]).rows
    [('abebdec5', '0123abcd-3-40', 3, 0.5, 0.04, 0.7, 50, 50, '1970-01-01T00:00:00Z')]
    """
    rows = [
        (
            digest,
            study,
            effect.seat,
            effect.g,
            effect.variance,
            effect.auc,
            effect.n_target,
            effect.n_baseline,
            time_of(effect.at),
        )
        for digest, study, effect in effects
    ]
    return Table(BOARD_COLUMNS, rows)


def time_of(at: float) -> str:
    """A time in seconds since 1970 as text, in UTC.

    Examples
    --------
    >>> time_of(0.25)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
