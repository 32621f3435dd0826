"""Retention: how long decisions are kept, and the purge of older ones, which are counted.

Periods are calendar months, as laws count them.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, tuple_

from creditscore.decision_log.database import Database
from creditscore.decision_log.scan import SCAN_TIMEOUT_S
from creditscore.decision_log.tables import (
    decisions,
    idempotency_keys,
    outcomes,
    overrides,
    tombstones,
)
from creditscore.decisions.record import to_milliseconds
from creditscore.errors import DatabaseUnavailable, PurgeRefused

#: A creditor keeps applications, and what it decided on them with, this long after it told the
#: applicant (ECOA, Regulation B: 12 CFR 1002.12(b)). Elsewhere it may be longer, or shorter.
MONTHS_KEPT = 25

#: 25months, 3 years, 400days; or a duration of ISO 8601 in whole years, months, weeks and days.
IN_WORDS = re.compile(r"(\d{1,5}) ?(year|month|week|day)s?", re.ASCII)
ISO_8601 = re.compile(
    r"P(?=\d)(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?", re.ASCII
)


def parse_period(text: str) -> tuple[int, int]:
    """Read a period as months and days, such as 25months or P2Y1M.

    Raises
    ------
    ValueError
        If it is none.
    """
    if match := IN_WORDS.fullmatch(text):
        number, unit = int(match[1]), match[2]
        months, days = {"year": (12, 0), "month": (1, 0), "week": (0, 7), "day": (0, 1)}[unit]
        return number * months, number * days
    if match := ISO_8601.fullmatch(text):
        years, months, weeks, days = (int(part or 0) for part in match.groups())
        return 12 * years + months, 7 * weeks + days
    raise ValueError(text)


def subtract_months(moment: datetime, *, months: int, days: int = 0) -> datetime:
    """Return the time so many calendar months and days before another.

    Where that month is too short for the day, it is the last day of the month.

    Raises
    ------
    ValueError, OverflowError
        If no calendar goes back so far.
    """
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    same_day = moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))
    return same_day - timedelta(days=days)


def check_old_enough(before: datetime, *, now: datetime, force: bool) -> None:
    """Check that decisions from before a time may be purged.

    Raises
    ------
    PurgeRefused
        If they may not.
    """
    if before > now:
        # A tombstone of a time to come would take the guard off what is decided until then.
        raise PurgeRefused("that lies in the future: only what was decided can be purged")
    if not force and before > subtract_months(now, months=MONTHS_KEPT):
        raise PurgeRefused(
            f"decisions are kept {MONTHS_KEPT} months (12 CFR 1002.12(b)): purge older ones, or "
            "give --force if another law applies to you"
        )


def count_older(database: Database, before: datetime) -> int:
    """Count the decisions from before a time."""
    condition = decisions.c.decided_at < to_milliseconds(before)
    with database.reading(seconds=SCAN_TIMEOUT_S) as connection:
        return int(connection.execute(select(func.count()).where(condition)).scalar_one())


def purge(
    database: Database, before: datetime, *, now: datetime, batch_rows: int = 1000
) -> Iterator[int]:
    """Delete the decisions from before a time, with their outcomes, overrides and idempotency keys.

    Each batch goes in a transaction of its own, with the tombstones that count it: whenever it
    ends, nothing is gone that is not counted. Purges that run at once share the work.

    Parameters
    ----------
    database : Database
    before : datetime
        Decisions from then on stay.
    now : datetime
        Stands in the tombstones.
    batch_rows : int
        Decisions of one transaction: SQLite lets no one else write as long as it lasts.

    Yields
    ------
    int
        How many decisions went. Others can write while the caller waits between two.

    Raises
    ------
    DatabaseUnavailable
        If it cannot go on; the batches so far are gone.
    """
    while True:
        with database.writing(seconds=SCAN_TIMEOUT_S) as connection:
            times = {"before": to_milliseconds(before), "now": to_milliseconds(now)}
            count = _purge_batch(connection, batch_rows, **times)
        if not count:
            return
        yield count


def _purge_batch(connection: Connection, limit: int, *, before: int, now: int) -> int:
    if connection.dialect.name == "sqlite":
        # Or the file keeps the deleted data until something else is written over it.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    query = (
        select(decisions.c.number, decisions.c.model_version, decisions.c.label)
        .where(decisions.c.decided_at < before)
        .order_by(decisions.c.decided_at)
        .limit(limit)
        # PostgreSQL: another purge waits here, and then counts none of them again.
        .with_for_update(of=decisions)
    )
    rows = connection.execute(query).all()
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
    condition = decisions.c.number.in_(numbers)
    # A key goes with the first of its decisions: it must never promise an answer that is gone.
    # One that came again meanwhile, with decisions of today, stays.
    used_keys = select(func.coalesce(decisions.c.key_id, ""), decisions.c.idempotency_key)
    key = tuple_(idempotency_keys.c.key_id, idempotency_keys.c.key)
    connection.execute(
        delete(idempotency_keys).where(
            key.in_(used_keys.where(condition, decisions.c.idempotency_key.is_not(None))),
            idempotency_keys.c.created_at < before,
        )
    )
    for table in (outcomes, overrides):
        connection.execute(delete(table).where(table.c.number.in_(numbers)))
    count = connection.execute(delete(decisions).where(condition)).rowcount
    if count != len(numbers):
        raise DatabaseUnavailable(f"{count} of {len(numbers)} decisions would go: none does")
