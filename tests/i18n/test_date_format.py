"""Days and times as each language writes them, on pages and in sentences."""

from __future__ import annotations

import pytest

from creditscore.i18n import write_day, write_moment, write_month, write_short_day


@pytest.mark.parametrize(
    ("language", "day", "short", "month", "moment"),
    [
        ("en", "August 5, 2026", "Aug 5", "Aug 2026", "August 5, 2026 at 00:07 UTC"),
        ("id", "5 Agustus 2026", "5 Agu", "Agu 2026", "5 Agustus 2026 pukul 00.07 UTC"),
    ],
)
def test_a_day_and_a_time_are_written_in_the_language(
    language: str, day: str, short: str, month: str, moment: str
) -> None:
    assert write_day("2026-08-05", language) == day
    assert write_short_day("2026-08-05", language) == short
    assert write_month("2026-08-05", language) == month
    assert write_moment("2026-08-05T00:07:59.123Z", language) == moment
    assert write_moment("2026-08-05T07:07:00+07:00", language) == moment


def test_every_month_has_a_name_of_its_own(language: str) -> None:
    days = [f"2026-{month:02}-01" for month in range(1, 13)]

    assert len({write_day(day, language) for day in days}) == 12
    assert len({write_month(day, language) for day in days}) == 12
