"""A walk through the log, oldest decision first: constant memory, however long the log is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import decisions
from creditscore.decisions.record import to_milliseconds
from creditscore.errors import UnknownDecision

#: Rows that are read at once. No transaction is open between two pages, so nobody waits for us.
PAGE = 1000

#: Seconds for one look at the log: nobody waits for an answer here.
SECONDS = 600.0

Row = dict[str, Any]


@dataclass(frozen=True)
class LogRange:
    """A part of the log, as it was when it was measured; what comes later is not in it.

    Attributes
    ----------
    since, until : datetime or None
        Only decisions from then on, and before then.
    first, last : int
        The numbers that it lies between.
    """

    since: datetime | None
    until: datetime | None
    first: int
    last: int

    def __len__(self) -> int:
        """Give how many numbers it spans: at least as many as it has decisions."""
        return self.last - self.first + 1


def measure(
    database: Database, *, since: datetime | None = None, until: datetime | None = None
) -> LogRange:
    """Find where the decisions from a time on, and before another, stand."""
    number, inside = decisions.c.number, _between(since, until)
    # Each alone is one look at an index; asked for together they would be a look at every row,
    # and as long as SQLite reads, nobody's commit succeeds.
    with database.reading(seconds=SECONDS) as connection:
        first = connection.execute(select(func.min(number)).where(inside)).scalar()
        last = connection.execute(select(func.max(number)).where(inside)).scalar()
    return LogRange(since, until, first or 1, last or 0)


def walk(
    database: Database, stretch: LogRange, *, columns: Sequence[str] = ()
) -> Iterator[list[Row]]:
    """Give the rows of a stretch, a page at a time; of each, its number and some columns, or all.

    Every row is given once, though others are logged or purged meanwhile.
    """
    number, done = decisions.c.number, stretch.first - 1
    wanted = [number, *(decisions.c[name] for name in columns)] if columns else [decisions]
    while done < stretch.last:
        rest = and_(number > done, number <= stretch.last, _between(stretch.since, stretch.until))
        page = select(*wanted).where(rest).order_by(number).limit(PAGE)
        with database.reading(seconds=SECONDS) as connection:
            rows = [row._asdict() for row in connection.execute(page)]
        if not rows:
            return
        done = rows[-1]["number"]
        yield rows


def read_row(database: Database, decision_id: str) -> Row:
    """Read the row of one decision.

    Raises
    ------
    UnknownDecision
        If none has that id.
    """
    query = select(decisions).where(decisions.c.id == decision_id)
    with database.reading(seconds=SECONDS) as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownDecision(f"no decision {decision_id} is logged")
    return row._asdict()


def _between(since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    moment = decisions.c.decided_at
    return and_(
        true() if since is None else moment >= to_milliseconds(since),
        true() if until is None else moment < to_milliseconds(until),
    )
