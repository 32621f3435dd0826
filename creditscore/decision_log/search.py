"""Search the log, newest decision first, in short looks however long it is.

As long as SQLite reads, nobody's commit succeeds, so that no query here may walk through a long
log's wide rows: a million decisions are two gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.scan import PAGE_ROWS, SCAN_TIMEOUT_S, LogRange, Row
from creditscore.decision_log.tables import decided_between, decisions, outcomes
from creditscore.decisions.record import LoggedDecision, from_row

#: Which decisions a search is for by their outcome.
RECORDED, MISSING = OUTCOMES = ("recorded", "missing")

#: The newest rows that are read themselves. Where too few of them are found, the rest is looked up
#: in an index: a tenth of a second in a million decisions.
NEAR_ROWS = 2000


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

    def condition(self) -> ColumnElement[bool]:
        """Return the condition on a row, all of which an index can answer."""
        columns = decisions.c
        conditions = [decided_between(self.since, self.until)]
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
            known = exists(outcomes.c.number).where(outcomes.c.number == columns.number)
            conditions.append(known if self.outcome == RECORDED else ~known)
        return and_(*conditions)


@dataclass(frozen=True)
class Page:
    """Some decisions, newest first, and where the next page begins; None where there is none."""

    decisions: tuple[LoggedDecision, ...]
    cursor: int | None


def read_page(
    connection: Connection, filters: Filters, *, limit: int, cursor: int | None = None
) -> Page:
    """Read the decisions that a search is for, newest first.

    Parameters
    ----------
    connection : Connection
    filters : Filters
    limit : int
        Most decisions to give.
    cursor : int, optional
        From an earlier page.
    """
    numbers = _find_numbers(connection, filters, limit=limit + 1, cursor=cursor)
    shown = numbers[:limit]
    query = select(decisions).where(decisions.c.number.in_(shown))
    rows = connection.execute(query.order_by(decisions.c.number.desc()))
    page = tuple(from_row(row._asdict()) for row in rows)
    return Page(page, shown[-1] if len(numbers) > limit else None)


def _find_numbers(
    connection: Connection, filters: Filters, *, limit: int, cursor: int | None
) -> list[int]:
    """Find the newest decisions before a number, at most so many; give their numbers."""
    number, condition = decisions.c.number, filters.condition()
    # Outcomes come months later: the newest decisions have none.
    first = outcomes.c.number if filters.outcome == RECORDED else number
    newest = connection.execute(select(func.max(first))).scalar() or 0
    top = min(cursor or newest + 1, newest + 1)
    floor = top - NEAR_ROWS
    near = select(number).where(number < top, number >= floor, condition)
    found = [*connection.execute(near.order_by(number.desc()).limit(limit)).scalars()]
    if len(found) < limit and floor > 1:
        # As a sum, the number does not lead SQLite through the table: it takes an index that holds
        # all that is asked for.
        place = number + 0
        far = select(number).where(place < floor, condition)
        rest = far.order_by(place.desc()).limit(limit - len(found))
        found += connection.execute(rest).scalars()
    return found


def scan_matching(
    database: Database, log_range: LogRange, filters: Filters, *, columns: Sequence[str] = ()
) -> Iterator[list[Row]]:
    """Read the rows of a range that a search is for, newest first, some at a time.

    Parameters
    ----------
    database : Database
    log_range : LogRange
        Of the filters' window; what is logged later is not in it.
    filters : Filters
    columns : sequence of str
        Only these, beside the number; all if there are none.
    """
    number, condition = decisions.c.number, filters.condition()
    selected = [number, *(decisions.c[name] for name in columns)] if columns else [decisions]
    for top in range(log_range.last, log_range.first - 1, -PAGE_ROWS):
        # Between two numbers, as a page of rows that match could be a walk through all of them.
        inside = number.between(max(top - PAGE_ROWS + 1, log_range.first), top)
        query = select(*selected).where(inside, condition).order_by(number.desc())
        with database.reading(seconds=SCAN_TIMEOUT_S) as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        if rows:
            yield rows
