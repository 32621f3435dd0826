"""How long decisions are kept, and when that was: calendar months, as the law counts them."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

from creditscore.errors import PurgeRefused

#: A creditor keeps applications, and what it decided on them with, this long after it told the
#: applicant (ECOA, Regulation B: 12 CFR 1002.12(b)). Elsewhere it may be longer, or shorter.
MONTHS_KEPT = 25

#: 25months, 3 years, 400days; or a duration of ISO 8601 in whole years, months, weeks and days.
IN_WORDS = re.compile(r"(\d{1,5}) ?(year|month|week|day)s?", re.ASCII)
ISO_8601 = re.compile(
    r"P(?=\d)(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?", re.ASCII
)


def read_age(text: str) -> tuple[int, int]:
    """Read an age as months and days.

    Raises
    ------
    ValueError
        If it is none.
    """
    if found := IN_WORDS.fullmatch(text):
        number, unit = int(found[1]), found[2]
        months, days = {"year": (12, 0), "month": (1, 0), "week": (0, 7), "day": (0, 1)}[unit]
        return number * months, number * days
    if found := ISO_8601.fullmatch(text):
        years, months, weeks, days = (int(part or 0) for part in found.groups())
        return 12 * years + months, 7 * weeks + days
    raise ValueError(text)


def ago(now: datetime, *, months: int, days: int = 0) -> datetime:
    """Give the time so many calendar months and days before another.

    Where that month is too short for the day, its last day: never later than asked.

    Raises
    ------
    ValueError, OverflowError
        If no calendar goes back so far.
    """
    place = now.year * 12 + now.month - 1 - months
    year, month = place // 12, place % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return now.replace(year=year, month=month, day=min(now.day, last)) - timedelta(days=days)


def check_old_enough(before: datetime, *, now: datetime, force: bool) -> None:
    """Make sure that decisions from before a time may be purged.

    Raises
    ------
    PurgeRefused
        If they may not.
    """
    if before > now:
        # A tombstone of a time to come would take the guard off what is decided until then.
        raise PurgeRefused("that lies in the future: only what was decided can be purged")
    if not force and before > ago(now, months=MONTHS_KEPT):
        raise PurgeRefused(
            f"decisions are kept {MONTHS_KEPT} months (12 CFR 1002.12(b)): purge older ones, or "
            "give --force if another law applies to you"
        )
