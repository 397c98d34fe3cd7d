"""The tables of the board, and what is asked of them: the same for SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    distinct,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

# The number in a table's name goes up when its columns change: an old program and a new one never read each other's.
_metadata = MetaData()
rows = Table(
    "board_effects_1",
    _metadata,
    Column("class", String(32), primary_key=True, key="of_class"),  # a digest of the class code
    Column("study", String(80), primary_key=True),
    Column("seat", Integer, primary_key=True, autoincrement=False),
    Column("g", Double, nullable=False),
    Column("variance", Double, nullable=False),
    Column("auc", Double, nullable=False),
    Column("n_target", Integer, nullable=False),
    Column("n_baseline", Integer, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),  # milliseconds since 1970
)
_keys = Table(
    "board_key_1",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", String(64), nullable=False),
)
MILLISECONDS = 1000


def create(connection: Connection) -> None:
    """Make the tables that are not there."""
    _metadata.create_all(connection)


def key(connection: Connection) -> str | None:
    """The key of the digests of class codes; None before the first class."""
    return connection.execute(select(_keys.c.key)).scalar()


def keep_key(connection: Connection, new: str) -> str:
    """The key; it is ``new`` if there was none."""
    connection.execute(_insert(connection, _keys).values(id=1, key=new).on_conflict_do_nothing())
    return connection.execute(select(_keys.c.key)).scalar_one()


def upsert(connection: Connection, row: dict[str, object]) -> None:
    """Write a row. One with the same class, study and seat is replaced."""
    insert = _insert(connection, rows).values(row)
    changed = {name: insert.excluded[name] for name in row if not rows.c[name].primary_key}
    connection.execute(insert.on_conflict_do_update(index_elements=rows.primary_key.columns, set_=changed))


def has(connection: Connection, row: dict[str, object]) -> bool:
    """Whether a row with this class, study and seat is there."""
    same = (column == row[column.key] for column in rows.primary_key.columns)
    return connection.execute(select(rows.c.seat).where(*same)).first() is not None


def remove_older(connection: Connection, cutoff: int) -> None:
    """Remove all rows from before a time (milliseconds since 1970)."""
    connection.execute(delete(rows).where(rows.c.at < cutoff))


def remove_class(connection: Connection, of_class: str | None, until: int) -> int:
    """Remove the rows of a class, or with None all rows, that came until a time. How many there were."""
    where = () if of_class is None else (rows.c.of_class == of_class,)
    return connection.execute(delete(rows).where(rows.c.at <= until, *where)).rowcount


def count(connection: Connection) -> tuple[int, int]:
    """How many rows and classes there are."""
    n_rows, n_classes = connection.execute(select(func.count(), func.count(distinct(rows.c.of_class)))).one()
    return n_rows, n_classes


def least_used(connection: Connection, n_seats: int, before: int) -> list[str]:
    """The classes of fewer than ``n_seats`` seats that have got nothing since a time, those of the oldest first."""
    newest = func.max(rows.c.at)
    asked = select(rows.c.of_class).group_by(rows.c.of_class).order_by(newest)
    return list(connection.scalars(asked.having(newest < before, func.count(distinct(rows.c.seat)) < n_seats)))


def classes(connection: Connection, cutoff: int) -> list[tuple[str, tuple[int, int, int], int]]:
    """Digest, numbers of seats, studies and rows, and newest time of each class, the newest first."""
    newest = func.max(rows.c.at)
    counts = func.count(distinct(rows.c.seat)), func.count(distinct(rows.c.study)), func.count(), newest
    asked = select(rows.c.of_class, *counts).where(rows.c.at >= cutoff).group_by(rows.c.of_class)
    found = connection.execute(asked.order_by(newest.desc(), rows.c.of_class))
    return [(digest, (n_seats, n_studies, n), at) for digest, n_seats, n_studies, n, at in found]


def studies(connection: Connection, of_class: str, cutoff: int) -> list[tuple[str, int, int]]:
    """Study, number of rows and newest time of a class's studies, the newest first."""
    newest = func.max(rows.c.at)
    asked = select(rows.c.study, func.count(), newest).where(rows.c.of_class == of_class, rows.c.at >= cutoff)
    found = connection.execute(asked.group_by(rows.c.study).order_by(newest.desc(), rows.c.study))
    return [(study, n, at) for study, n, at in found]


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
