"""The effects of the board of a class, as a table to save."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from core.records.replication import SeatEffect
from core.report.replication import SEAT_COLUMNS, row_of_seat
from core.report.tables import Table

BOARD_COLUMNS = ("class_digest", "study", *SEAT_COLUMNS, "posted")


def board_table(effects: Iterable[tuple[str, str, SeatEffect]]) -> Table:
    """A row for each effect, in the order given: the columns of the Class page between those of the board.

    Parameters
    ----------
    effects : iterable of (str, str, SeatEffect)
        The digest of the class, the study, and the effect.

    Examples
    --------
    >>> table = board_table([("abebdec5", "0123abcd-3-40", SeatEffect(3, 0.5, 0.04, 0.7, 50, 50, at=0))])
    >>> table.rows[0][:4], table.rows[0][-1]
    (('abebdec5', '0123abcd-3-40', 3, 0.5), '1970-01-01T00:00:00Z')
    """
    rows = [(digest, study, *row_of_seat(effect), time_of(effect.at)) for digest, study, effect in effects]
    return Table(BOARD_COLUMNS, rows)


def time_of(at: float) -> str:
    """A time in seconds since 1970 as text, in UTC.

    Examples
    --------
    >>> time_of(0.25)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
