"""Search the log, newest decision first, in short looks however long it is.

As long as SQLite reads, no commit succeeds, so that no query here may walk through a long
log's wide rows: a million decisions are two gigabytes.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true

from creditscore.decision_log.database import Database
from creditscore.decision_log.scan import PAGE_ROWS, Row
from creditscore.decision_log.tables import decided_between, decisions, outcomes
from creditscore.decisions.record import LoggedDecision, from_row

#: Which decisions a search is for by their outcome.
RECORDED, MISSING = OUTCOMES = ("recorded", "missing")

#: Rows that are looked at for each decision that is wanted, from the newest on. Where they hold too
#: few, the index of times has the rest.
NEAR_ROWS = 40

#: Entries of that index that are looked at before others may commit.
WALK_ROWS = 50_000


@dataclass(frozen=True)
class Filters:
    """What a search is for; None for any.

    Attributes
    ----------
    label, scorecard, reference : str or None
        Only decisions with these.
    search : str or None
        Only the decision with this id, and those with this reference.
    outcome : {"recorded", "missing"} or None
        Only decisions whose outcome is known, or is not.
    since, until : datetime or None
        Only decisions from then on, and before then.
    """

    label: str | None = None
    scorecard: str | None = None
    reference: str | None = None
    search: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def timeless_condition(self) -> ColumnElement[bool]:
        """Return the condition on all of a row but its time; the index of times can answer it."""
        columns = decisions.c
        conditions: list[ColumnElement[bool]] = [true()]
        if self.label is not None:
            conditions.append(columns.label == self.label)
        if self.scorecard is not None:
            # A version is its scorecard's name and a hash, and stands in the index of monitoring.
            name = f"{self.scorecard}-"
            conditions.append(func.substr(columns.model_version, 1, len(name)) == name)
        if self.reference is not None:
            conditions.append(columns.reference == self.reference)
        if self.search is not None:
            by_reference = and_(columns.reference == self.search, columns.reference.is_not(None))
            conditions.append(or_(columns.id == self.search.lower(), by_reference))
        if self.outcome is not None:
            has_outcome = exists(outcomes.c.number).where(outcomes.c.number == columns.number)
            conditions.append(has_outcome if self.outcome == RECORDED else ~has_outcome)
        return and_(*conditions)


@dataclass(frozen=True)
class Page:
    """Some decisions, newest first, and where the next page begins; None where there is none."""

    decisions: tuple[LoggedDecision, ...]
    cursor: int | None


def read_page(
    database: Database, filters: Filters, *, limit: int, cursor: int | None = None
) -> Page:
    """Read the decisions that a search is for, newest first.

    Parameters
    ----------
    database : Database
    filters : Filters
    limit : int
        Most decisions to give.
    cursor : int, optional
        From an earlier page.
    """
    numbers = _find_newest(database, filters, count=limit + 1, cursor=cursor)
    page_numbers = numbers[:limit]
    page_decisions = [from_row(row) for rows in read_rows(database, page_numbers) for row in rows]
    return Page(tuple(page_decisions), page_numbers[-1] if len(numbers) > limit else None)


def find_all(database: Database, filters: Filters, *, walk_rows: int = WALK_ROWS) -> Sequence[int]:
    """Find all decisions that a search is for; give their numbers, newest first.

    Parameters
    ----------
    database : Database
    filters : Filters
    walk_rows : int
        Decisions that are looked at before others may commit.
    """
    walk = _walk(database, filters, walk_rows=walk_rows)
    numbers = array("q", chain.from_iterable(walk))
    return array("q", sorted(numbers, reverse=True))


def read_rows(
    database: Database, numbers: Sequence[int], *, columns: Sequence[str] = ()
) -> Iterator[list[Row]]:
    """Read the rows of some numbers, in descending order, a page at a time.

    Parameters
    ----------
    database : Database
    numbers : sequence of int
        In descending order.
    columns : sequence of str
        Only these, beside the number; all if there are none.
    """
    number = decisions.c.number
    selection = [number, *(decisions.c[name] for name in columns)] if columns else [decisions]
    for begin in range(0, len(numbers), PAGE_ROWS):
        page = select(*selection).where(number.in_(numbers[begin : begin + PAGE_ROWS]))
        with database.reading() as connection:
            result = connection.execute(page.order_by(number.desc()))
            rows = [row._asdict() for row in result]
        yield rows


def _find_newest(
    database: Database, filters: Filters, *, count: int, cursor: int | None
) -> list[int]:
    """Find the newest decisions before a number, at most so many; give their numbers."""
    number = decisions.c.number
    condition = and_(decided_between(filters.since, filters.until), filters.timeless_condition())
    # Outcomes come months later: the newest decisions have none.
    column = outcomes.c.number if filters.outcome == RECORDED else number
    with database.reading() as connection:
        newest_number = connection.execute(select(func.max(column))).scalar() or 0
        top = min(cursor or newest_number + 1, newest_number + 1)
        floor = top - NEAR_ROWS * count
        query = select(number).where(number < top, number >= floor, condition)
        numbers = [*connection.execute(query.order_by(number.desc()).limit(count)).scalars()]
    if len(numbers) < count and floor > 1:
        rest = chain.from_iterable(_walk(database, filters, below=floor))
        numbers += heapq.nlargest(count - len(numbers), rest)
    return numbers


def _walk(
    database: Database,
    filters: Filters,
    *,
    below: int | None = None,
    walk_rows: int = WALK_ROWS,
) -> Iterator[Sequence[int]]:
    """Find the decisions that a search is for by the index of times, a part of it at a time.

    Parameters
    ----------
    database : Database
    filters : Filters
    below : int, optional
        Only decisions of smaller numbers.
    walk_rows : int
        Of one part.

    Yields
    ------
    sequence of int
        Numbers, in no order.
    """
    moment, number = decisions.c.decided_at, decisions.c.number
    condition = filters.timeless_condition()
    if below is not None:
        # As a sum, the number does not lead SQLite through the table.
        condition = and_(condition, number + 0 < below)
    by_name = filters.search is not None or filters.reference is not None
    end_condition = decided_between(None, filters.until)
    start_condition = decided_between(filters.since, None)
    while True:
        entries = select(moment, number).where(end_condition, start_condition)
        end = entries.order_by(moment.desc(), number.desc()).offset(walk_rows).limit(1)
        with database.reading() as connection:
            # An index of its own has the few decisions of a name.
            last_entry = None if by_name else connection.execute(end).one_or_none()
            # One limit on each side: SQLite would take any of two.
            chunk_start = start_condition if last_entry is None else _follows(last_entry)
            query = select(number).where(condition, end_condition, chunk_start)
            numbers = connection.execute(query).scalars().all()
        yield numbers
        if last_entry is None:
            return
        end_condition = _precedes(last_entry)


def _precedes(entry: Any) -> ColumnElement[bool]:
    """Return the condition that a decision stands before a place in the index of times."""
    moment, number = decisions.c.decided_at, decisions.c.number
    tie_break = or_(moment < entry.decided_at, number < entry.number)
    return and_(moment <= entry.decided_at, tie_break)


def _follows(entry: Any) -> ColumnElement[bool]:
    """Return the condition that it stands at that place or behind it."""
    moment, number = decisions.c.decided_at, decisions.c.number
    tie_break = or_(moment > entry.decided_at, number >= entry.number)
    return and_(moment >= entry.decided_at, tie_break)
