"""Scan the log page by page, oldest decision first, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import decided_between, decisions
from creditscore.errors import UnknownDecision

#: Seconds that one query of a scan may take: no client waits for its answer.
SCAN_TIMEOUT_S = 600.0

#: Rows of one page of a scan. No transaction is open between two pages, so that no one waits.
PAGE_ROWS = 1000

Row = dict[str, Any]


@dataclass(frozen=True)
class LogRange:
    """A part of the log, as of one moment: what is logged later is not in it.

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
        """Return how many numbers it spans: at least as many as it has decisions."""
        return self.last - self.first + 1


def range_of(
    database: Database, *, since: datetime | None = None, until: datetime | None = None
) -> LogRange:
    """Return the range of the decisions from a time on, and before another."""
    number, condition = decisions.c.number, decided_between(since, until)
    # Each alone is one look at an index; asked for together they would be a look at every row,
    # and as long as SQLite reads, no commit succeeds.
    with database.reading(seconds=SCAN_TIMEOUT_S) as connection:
        first = connection.execute(select(func.min(number)).where(condition)).scalar()
        last = connection.execute(select(func.max(number)).where(condition)).scalar()
    return LogRange(since, until, first or 1, last or 0)


def scan(
    database: Database, log_range: LogRange, *, columns: Sequence[str] = ()
) -> Iterator[list[Row]]:
    """Read the rows of a range page by page, each once, though others are logged or purged.

    Parameters
    ----------
    database : Database
    log_range : LogRange
    columns : sequence of str
        Only these, beside the number; all if there are none.
    """
    number, last_read = decisions.c.number, log_range.first - 1
    selection = [number, *(decisions.c[name] for name in columns)] if columns else [decisions]
    in_window = decided_between(log_range.since, log_range.until)
    while last_read < log_range.last:
        rest = and_(number > last_read, number <= log_range.last, in_window)
        page = select(*selection).where(rest).order_by(number).limit(PAGE_ROWS)
        with database.reading(seconds=SCAN_TIMEOUT_S) as connection:
            rows = [row._asdict() for row in connection.execute(page)]
        if not rows:
            return
        last_read = rows[-1]["number"]
        yield rows


def read_row(connection: Connection, decision_id: str) -> Row:
    """Read the row of one decision.

    Raises
    ------
    UnknownDecision
        If none has that id.
    """
    row = connection.execute(select(decisions).where(decisions.c.id == decision_id)).one_or_none()
    if row is None:
        raise UnknownDecision(f"no decision {decision_id} is logged")
    return row._asdict()
