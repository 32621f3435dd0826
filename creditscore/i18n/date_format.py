"""How dates and times are written for people: as each language's browsers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from creditscore.i18n.catalogue import CATALOGUES, LANGUAGES, Text


def write_day(day: str, language: str) -> str:
    """Write a day in full: November 2, 2026, in Indonesian 2 November 2026."""
    return _fill("day", date.fromisoformat(day), language)


def write_short_day(day: str, language: str) -> str:
    """Write a day below an axis: Nov 2, in Indonesian 2 Nov."""
    return _fill("short_day", date.fromisoformat(day), language)


def write_month(day: str, language: str) -> str:
    """Write the month of a day below an axis: Nov 2026."""
    return _fill("month", date.fromisoformat(day), language)


def write_moment(moment: str, language: str) -> str:
    """Write a time in UTC (YYYY-MM-DDTHH:MM:SS[.sss]Z), to the minute, as times.js does."""
    return _fill("moment", datetime.fromisoformat(moment).astimezone(UTC), language)


def say_day(day: str) -> Text:
    """Write a day in full, in every language."""
    return {language: write_day(day, language) for language in LANGUAGES}


def _fill(form: str, day: date, language: str) -> str:
    texts = CATALOGUES[language]["dates"]
    months = texts["months"].split()
    at = day if isinstance(day, datetime) else datetime.combine(day, time())
    return str(texts[form]).format(
        year=day.year,
        month=months[day.month - 1],
        short=months[day.month - 1][:3],
        day=day.day,
        hour=f"{at:%H}",
        minute=f"{at:%M}",
    )
