"""Delete decisions that are old enough, and keep the count of what was deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, tuple_

from creditscore.decision_log.database import Database
from creditscore.decision_log.scan import SECONDS
from creditscore.decision_log.tables import decisions, idempotency_keys, outcomes, tombstones
from creditscore.decisions.record import to_milliseconds
from creditscore.errors import DatabaseUnavailable

#: Decisions that go in one transaction: SQLite lets nobody else write as long as it lasts.
BATCH = 1000


def count_older(database: Database, before: datetime) -> int:
    """Count the decisions from before a time."""
    old = decisions.c.decided_at < to_milliseconds(before)
    with database.reading(seconds=SECONDS) as connection:
        return int(connection.execute(select(func.count()).where(old)).scalar_one())


def purge(database: Database, before: datetime, *, now: datetime) -> Iterator[int]:
    """Delete the decisions from before a time, with their outcomes and idempotency keys.

    Each batch goes in a transaction of its own, with the tombstones that count it: whenever it
    ends, nothing is gone that is not counted. Purges that run at once share the work.

    Yields
    ------
    int
        How many decisions went. Whoever waits between two lets others write.

    Raises
    ------
    DatabaseUnavailable
        If it cannot go on; the batches so far are gone.
    """
    while True:
        with database.writing(seconds=SECONDS) as connection:
            gone = _purge_batch(connection, to_milliseconds(before), to_milliseconds(now))
        if not gone:
            return
        yield gone


def _purge_batch(connection: Connection, before: int, now: int) -> int:
    if connection.dialect.name == "sqlite":
        # Or the file keeps the deleted data until something else is written over it.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    old = (
        select(decisions.c.number, decisions.c.model_version, decisions.c.label)
        .where(decisions.c.decided_at < before)
        .order_by(decisions.c.decided_at)
        .limit(BATCH)
        # PostgreSQL: another purge waits here, and then counts none of them again.
        .with_for_update(of=decisions)
    )
    rows = connection.execute(old).all()
    if not rows:
        return 0
    counts = Counter((row.model_version, row.label) for row in rows)
    graves = [
        {
            "purged_at": now,
            "older_than": before,
            "model_version": version,
            "label": label,
            "decisions": count,
        }
        for (version, label), count in counts.items()
    ]
    # First: the triggers let go only what a tombstone covers.
    connection.execute(insert(tombstones), graves)
    _delete(connection, [row.number for row in rows], before)
    return len(rows)


def _delete(connection: Connection, numbers: list[int], before: int) -> None:
    chosen = decisions.c.number.in_(numbers)
    # A key goes with the first of its decisions: it must never promise an answer that is gone.
    # One that came again meanwhile, with decisions of today, stays.
    used = select(func.coalesce(decisions.c.key_id, ""), decisions.c.idempotency_key)
    key = tuple_(idempotency_keys.c.key_id, idempotency_keys.c.key)
    connection.execute(
        delete(idempotency_keys).where(
            key.in_(used.where(chosen, decisions.c.idempotency_key.is_not(None))),
            idempotency_keys.c.created_at < before,
        )
    )
    connection.execute(delete(outcomes).where(outcomes.c.number.in_(numbers)))
    gone = connection.execute(delete(decisions).where(chosen)).rowcount
    if gone != len(numbers):
        raise DatabaseUnavailable(f"{gone} of {len(numbers)} decisions would go: none does")
