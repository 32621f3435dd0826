"""How long decisions are kept, and how they go: counted, and no sooner than the law allows.

References
----------
12 CFR 1002.12(b)(1): creditors keep applications and what they were decided on for 25 months.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from creditscore.database import Database
from creditscore.log_tables import decisions, idempotency_keys, outcomes, tombstones
from creditscore.logged_decision import to_milliseconds

#: Months that decisions are kept, at least.
MONTHS = 25

#: Decisions that go in one transaction: the service waits no longer than that takes.
CHUNK = 500

#: Seconds that one transaction may take: nobody waits for an answer here.
SECONDS = 60.0


def read_limit(text: str, now: datetime) -> datetime:
    """Read how old decisions must be: ``25months``, ``800days``, ``2years``, or a date.

    Raises
    ------
    ValueError
        If it is none of these, or not in the past.
    """
    if age := re.fullmatch(r"([1-9][0-9]{0,4}) ?(day|month|year)s?", text, re.ASCII):
        return _before(now, int(age[1]), age[2])
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(f"neither an age such as 25months nor a date such as 2024-01-31: {text}")
    limit = datetime.fromisoformat(text).replace(tzinfo=UTC)
    if limit > now:
        raise ValueError(f"that date is not in the past: {text}")
    return limit


def is_too_young(limit: datetime, now: datetime) -> bool:
    """Tell whether decisions would go that have to be kept."""
    return limit > _before(now, MONTHS, "month")


def count_older(database: Database, limit: datetime) -> int:
    """Count the decisions that were made before a time."""
    query = select(func.count()).where(decisions.c.decided_at < to_milliseconds(limit))
    with database.reading(seconds=SECONDS) as connection:
        return int(connection.execute(query).scalar_one())


def purge(database: Database, limit: datetime, *, now: datetime) -> Iterator[int]:
    """Delete the decisions that were made before a time, oldest first, with all that hangs on them.

    Yields
    ------
    int
        How many have gone in a transaction that has ended. Broken off, the rest stays.
    """
    while True:
        with database.writing(seconds=SECONDS) as connection:
            gone = _purge_some(connection, to_milliseconds(limit), to_milliseconds(now))
        if not gone:
            return
        yield gone


def _purge_some(connection: Connection, limit: int, now: int) -> int:
    query = (
        select(
            decisions.c.number,
            decisions.c.decided_at,
            decisions.c.model_version,
            decisions.c.label,
        )
        .where(decisions.c.decided_at < limit)
        .order_by(decisions.c.decided_at)
        .limit(CHUNK)
    )
    rows = connection.execute(query).all()
    if not rows:
        return 0
    if connection.dialect.name == "sqlite":
        # What is deleted is overwritten, and cannot be read out of the file any more.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    counts = Counter((row.model_version, row.label) for row in rows)
    # First: the database lets no row go that no tombstone covers.
    connection.execute(insert(tombstones), [_tombstone(*one, limit, now) for one in counts.items()])
    numbers = [row.number for row in rows]
    newest = rows[-1].decided_at
    connection.execute(delete(outcomes).where(outcomes.c.number.in_(numbers)))
    connection.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at <= newest))
    connection.execute(delete(decisions).where(decisions.c.number.in_(numbers)))
    return len(rows)


def _tombstone(kind: tuple[str, str], count: int, limit: int, now: int) -> dict[str, Any]:
    version, label = kind
    return {
        "purged_at": now,
        "older_than": limit,
        "model_version": version,
        "label": label,
        "decisions": count,
    }


def _before(moment: datetime, count: int, unit: str) -> datetime:
    """Go back in time; a month that is too short ends on its last day.

    Raises
    ------
    ValueError
        If that is before the first year.
    """
    try:
        if unit == "day":
            return moment - timedelta(days=count)
        months = moment.year * 12 + moment.month - 1 - count * (12 if unit == "year" else 1)
        year, month = months // 12, months % 12 + 1
        day = min(moment.day, calendar.monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day)
    except (OverflowError, ValueError):
        raise ValueError(f"{count} {unit}s ago there was no calendar") from None
