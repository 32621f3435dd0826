"""Find out how the cells of a column are written: numbers, dates, words for "not known"."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from creditscore.arrays import Floats
from creditscore.drafting.columns import Column
from creditscore.schema.cell_reader import plain_number
from creditscore.schema.constraints import MAX_NUMBER
from creditscore.schema.number_text import read_amount

#: Texts for "not known", in lower case.
MISSING_TEXTS = frozenset({
    "", "na", "n/a", "n.a.", "#n/a", "#na", "nan", "null", "?", "-", "--", "---", ".", "..", "...",
    "missing", "unknown", "not available", "not applicable", "not known", "not stated", "#null!",
    "#value!", "<na>", "tidak diketahui", "tidak tersedia", "tidak ada data", "kosong",
})  # fmt: skip

#: A number and what follows it.
_WITH_SUFFIX = re.compile(r"[-+]?[0-9][0-9.,]*\s*([^-+0-9.,\s][^0-9]{0,29})", re.ASCII)

#: What a date needs at least: digits, and separators or a month's name.
_LIKE_A_DATE = re.compile(
    r"[0-9]{4}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[0-9]{8}(?![0-9])"
    r"|([0-9]{1,2}[-/ ])?[A-Za-z]{3}[-/ ][0-9]{2}|[0-9]{2}-[A-Za-z]{3}",
    re.ASCII,
)

#: A code of digits, as a number would not be written: 08001.
_ZERO_IN_FRONT = re.compile(r"0+[1-9][0-9]*", re.ASCII)

DATE_FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m", "%Y/%m", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y",
    "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%Y%m%d",
    "%b-%Y", "%b-%y", "%y-%b", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y",
)  # fmt: skip

#: Different texts that are looked at to find suffixes, decimal signs and dates.
SAMPLE = 5000

#: Share of them that must follow the format of a date.
NEARLY_ALL = 0.95


def is_missing(text: str) -> bool:
    """Check whether a text is one of those for "not known"."""
    return text.casefold() in MISSING_TEXTS


def sample(texts: Sequence[str]) -> Sequence[str]:
    """Return some texts, evenly from all of them, without those for "not known"."""
    known_texts = [text for text in texts if not is_missing(text)]
    return known_texts[:: 1 + len(known_texts) // SAMPLE]


def find_suffix(texts: Sequence[str]) -> str:
    """Return what follows every number of a column, such as "%" or "months"; mostly nothing."""
    suffixes = set()
    for text in sample(texts):
        match = _WITH_SUFFIX.fullmatch(text)
        if match is None:
            return ""
        suffixes.add(match[1].strip())
    return suffixes.pop() if len(suffixes) == 1 else ""


def has_zero_in_front(text: str) -> bool:
    """Check whether a text is digits with a zero in front, which a number would lose."""
    return _ZERO_IN_FRONT.fullmatch(text) is not None


def read_numbers(column: Column, *, suffix: str, decimal: str | None) -> Floats:
    """Read the texts of a column as training reads them; NaN where one is no number.

    A number that the model cannot hold is infinite.
    """
    signs = ("." if text in column.typed else decimal or "." for text in column.texts)
    texts = zip(column.texts, signs, strict=True)
    return np.array([_read_number(text, suffix, sign) for text, sign in texts], dtype=float)


def _read_number(text: str, suffix: str, decimal: str) -> float:
    number = read_amount(plain_number(text, suffix=suffix, decimal=decimal), decimal)
    if number is None:
        return math.nan
    return float(number) if abs(number) <= MAX_NUMBER else math.inf


def find_date_format(column: Column) -> str | None:
    """Return the format of a column of dates, or of dates with times; None for any other.

    A format is found where nearly all of the texts follow it. Month and day that cannot be told
    apart are taken in the first order of `DATE_FORMATS`.
    """
    texts = sample(column.texts)
    if not texts or not all(_LIKE_A_DATE.match(text) for text in texts[:20]):
        return None
    if _share(texts, _is_iso) >= NEARLY_ALL:
        return "%Y-%m-%d"
    dates = [re.split(r"[ T](?=[0-9]{1,2}:)", text)[0] for text in texts]
    for date_format in DATE_FORMATS:
        follows = _follows(date_format)
        # Few first: most formats are not even those of these.
        if _share(dates[:20], follows) > NEARLY_ALL <= _share(dates, follows):
            return date_format
    return None


def _share(texts: Sequence[str], check: Callable[[str], bool]) -> float:
    return sum(map(check, texts)) / len(texts)


def _is_iso(text: str) -> bool:
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _follows(date_format: str) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            year = datetime.strptime(text, date_format).year
        except ValueError:
            return False
        return 1900 <= year <= 2100

    return check
