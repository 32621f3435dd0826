"""A walk through the log, oldest decision first: constant memory, however long the log is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, true

from creditscore.database import Database
from creditscore.errors import UnknownDecision
from creditscore.log_tables import decisions
from creditscore.logged_decision import to_milliseconds

#: Rows that are read at once. No transaction is open between two pages, so nobody waits for us.
PAGE = 1000

#: Seconds for one look at the log: nobody waits for an answer here.
SECONDS = 600.0

Row = dict[str, Any]


@dataclass(frozen=True)
class Stretch:
    """A part of the log, as it was when it was measured; what comes later is not in it.

    Attributes
    ----------
    since : datetime or None
        Only decisions from then on.
    first, last : int
        The numbers that it lies between.
    rows : int
        How many decisions it has.
    """

    since: datetime | None
    first: int
    last: int
    rows: int


def measure(database: Database, *, since: datetime | None = None) -> Stretch:
    """Find where the decisions from a time on stand, and how many they are."""
    number = decisions.c.number
    query = select(func.min(number), func.max(number), func.count()).where(_from(since))
    with database.reading(seconds=SECONDS) as connection:
        first, last, rows = connection.execute(query).one()
    return Stretch(since, first or 0, last or 0, rows)


def walk(database: Database, stretch: Stretch) -> Iterator[list[Row]]:
    """Give the rows of a stretch, a page at a time."""
    number, done = decisions.c.number, stretch.first - 1
    while done < stretch.last:
        rest = and_(number > done, number <= stretch.last, _from(stretch.since))
        page = select(decisions).where(rest).order_by(number).limit(PAGE)
        with database.reading(seconds=SECONDS) as connection:
            rows = [row._asdict() for row in connection.execute(page)]
        if not rows:
            return
        done = rows[-1]["number"]
        yield rows


def read_row(database: Database, decision_id: UUID) -> Row:
    """Read the row of one decision.

    Raises
    ------
    UnknownDecision
        If none has that id.
    """
    query = select(decisions).where(decisions.c.id == str(decision_id))
    with database.reading(seconds=SECONDS) as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownDecision(f"no decision {decision_id} is logged")
    return row._asdict()


def _from(since: datetime | None) -> ColumnElement[bool]:
    if since is None:
        return true()
    return decisions.c.decided_at >= to_milliseconds(since)
