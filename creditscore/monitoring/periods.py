"""Windows of time, and the days, weeks or months in them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement

from creditscore.decision_log.tables import decided_between

DAY, WEEK, MONTH = "day", "week", "month"

PERIODS = (DAY, WEEK, MONTH)

#: Decisions that span at most so many days are shown by day, or by week; longer ones by month.
MAX_DAYS_BY_DAY, MAX_DAYS_BY_WEEK = 14, 182


@dataclass(frozen=True)
class Window:
    """The decisions from `since` on and before `until` are counted."""

    since: datetime
    until: datetime

    @property
    def condition(self) -> ColumnElement[bool]:
        """The condition that a decision lies in the window."""
        return decided_between(self.since, self.until)

    def days(self) -> Iterator[Window]:
        """Split the window at midnight, UTC."""
        since = self.since
        while since < self.until:
            midnight = datetime.combine(since.astimezone(UTC), time(), UTC)
            until = min(self.until, midnight + timedelta(days=1))
            yield Window(since, until)
            since = until


def choose_period(window: Window) -> str:
    """Choose the length of periods that shows a course over a window."""
    days = (window.until - window.since) / timedelta(days=1)
    if days <= MAX_DAYS_BY_DAY:
        return DAY
    return WEEK if days <= MAX_DAYS_BY_WEEK else MONTH


def first_day(day: date, by: str) -> date:
    """Return the first day of the period that holds a day; weeks begin on Monday (ISO 8601)."""
    if by == DAY:
        return day
    return day - timedelta(days=day.weekday()) if by == WEEK else day.replace(day=1)


def last_day(first: date, by: str) -> date:
    """Return the last day of the period that begins on a day."""
    if by == DAY:
        return first
    if by == WEEK:
        return first + timedelta(days=6)
    return first.replace(day=monthrange(first.year, first.month)[1])
