"""Days, weeks and months of a window."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from creditscore.monitoring.periods import Window, choose_period, first_day, last_day

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("by", "day", "first", "last"),
    [
        ("day", date(2026, 3, 4), date(2026, 3, 4), date(2026, 3, 4)),
        # The 1st of March 2026 is a Sunday: the week began in February.
        ("week", date(2026, 3, 1), date(2026, 2, 23), date(2026, 3, 1)),
        ("week", date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 8)),
        ("week", date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 3)),
        ("month", date(2024, 2, 29), date(2024, 2, 1), date(2024, 2, 29)),
        ("month", date(2026, 12, 5), date(2026, 12, 1), date(2026, 12, 31)),
        ("month", date(9999, 12, 5), date(9999, 12, 1), date(9999, 12, 31)),
    ],
)
def test_a_period_has_a_first_and_a_last_day(by: str, day: date, first: date, last: date) -> None:
    assert first_day(day, by) == first
    assert last_day(first, by) == last


@pytest.mark.parametrize(
    ("days", "by"), [(1, "day"), (14, "day"), (15, "week"), (182, "week"), (183, "month")]
)
def test_periods_are_as_long_as_the_span_asks_for(days: int, by: str) -> None:
    assert choose_period(Window(BEGIN, BEGIN + timedelta(days=days))) == by
