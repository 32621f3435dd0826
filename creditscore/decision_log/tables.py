"""The tables of the decision log, as queries see them; `migrations` makes them.

Times are whole milliseconds since 1970 in UTC: they sort and compare alike in both databases.
Lists and objects are JSON texts: a number in them keeps its every bit and its kind.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Double,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    true,
)

from creditscore.decisions.record import to_milliseconds
from creditscore.json_codec import dumps_text

METADATA = MetaData()

#: Rows of one INSERT in SQLite, which takes at most 32,766 values in a statement.
SQLITE_INSERT_ROWS = 64

decisions = Table(
    "decisions",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("decided_at", BigInteger, nullable=False),
    Column("scorecard", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("inputs", Text, nullable=False),
    Column("probability_of_default", Double, nullable=False),
    Column("cutoff", Double, nullable=False),
    Column("label", Text, nullable=False),
    Column("score", Integer, nullable=False),
    Column("baseline", Double, nullable=False),
    Column("impacts", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("warnings", Text, nullable=False),
    Column("bins", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("key_id", Text),
    Column("idempotency_key", Text),
    Column("content_hash", Text, nullable=False),
    Column("strengths", Text),
    Column("reference", Text),
)

outcomes = Table(
    "outcomes",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("defaulted", Boolean, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("key_id", Text),
)

overrides = Table(
    "overrides",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("label", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", Text),
    Column("recorded_at", BigInteger, nullable=False),
    Column("key_id", Text),
)

idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    Column("key_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_hash", Text, nullable=False),
    Column("decision_ids", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

tombstones = Table(
    "tombstones",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("purged_at", BigInteger, nullable=False),
    Column("older_than", BigInteger, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("decisions", BigInteger, nullable=False),
)

schema_version = Table(
    "schema_version",
    METADATA,
    Column("version", Integer, primary_key=True),
    Column("applied_at", BigInteger, nullable=False),
)


def decided_between(since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    """Return the condition that a decision was made from a time on, and before another."""
    moment = decisions.c.decided_at
    return and_(
        true() if since is None else moment >= to_milliseconds(since),
        true() if until is None else moment < to_milliseconds(until),
    )


def insert_if_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless its key is taken, and return whether it was inserted.

    Where another transaction is just taking the key, PostgreSQL waits for that one's end.
    """
    # Only the one in use is loaded.
    dialect = importlib.import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    statement = dialect.insert(table).values(**row).on_conflict_do_nothing()
    # For inserts SQLAlchemy forgets the count unless it is asked to keep it.
    result = connection.execute(statement, execution_options={"preserve_rowcount": True})
    return result.rowcount == 1


def insert_all(
    connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows, none of whose values needs converting.

    The driver gets them at once: SQLAlchemy's own way, row by row, takes several times as long.

    Parameters
    ----------
    connection : Connection
    table : Table
    names : tuple of str
        Of the columns.
    rows : sequence of tuple
        Their values, in the same order.
    """
    if connection.dialect.name == "sqlite":
        # sqlite3 releases the GIL during each statement, and may wait long to get it back.
        for begin in range(0, len(rows), SQLITE_INSERT_ROWS):
            chunk = rows[begin : begin + SQLITE_INSERT_ROWS]
            values = tuple(chain.from_iterable(chunk))
            connection.exec_driver_sql(_insert_values(table, names, len(chunk)), values)
    else:
        # As one JSON text: the driver prepares each value of a statement on its own, which takes
        # several times as long.
        members = [dict(zip(names, row, strict=True)) for row in rows]
        statement = _insert_json(table, names, connection.dialect)
        connection.exec_driver_sql(statement, (dumps_text(members),))


@cache
def _insert_values(table: Table, names: tuple[str, ...], count: int) -> str:
    placeholders = f"({', '.join('?' * len(names))})"
    return f"{_into(table, names)} VALUES {', '.join([placeholders] * count)}"


@cache
def _insert_json(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    types = [f"{name} {table.c[name].type.compile(dialect)}" for name in names]
    return f"{_into(table, names)} SELECT * FROM json_to_recordset(%s) AS sent({', '.join(types)})"


def _into(table: Table, names: tuple[str, ...]) -> str:
    return f"INSERT INTO {table.name} ({', '.join(names)})"
