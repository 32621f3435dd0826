"""Find out how the cells of a column are written: numbers, dates, words for "not known"."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from creditscore.arrays import Floats
from creditscore.drafting.columns import Column
from creditscore.schema.cell_reader import plain_number
from creditscore.schema.constraints import MAX_NUMBER
from creditscore.schema.number_text import CURRENCY, read_amount

#: Texts for "not known", in lower case.
MISSING_TEXTS = frozenset({
    "", "na", "n/a", "n.a.", "#n/a", "#na", "nan", "null", "?", "-", "--", "---", ".", "..", "...",
    "missing", "unknown", "not available", "not applicable", "not known", "not stated", "#null!",
    "#value!", "<na>", "tidak diketahui", "tidak tersedia", "tidak ada data", "kosong",
})  # fmt: skip

#: A number, a currency before it and what follows it. Zeros in front are those of a code: RP00012.
_WITH_AFFIXES = re.compile(
    rf"[-+]?(?:({CURRENCY})\s*(?!0[0-9]))?[-+]?[0-9][0-9.,]*\s*([^-+0-9.,\s][^0-9]{{0,29}}|,-)?",
    re.IGNORECASE,
)

#: What a date needs at least: digits, and separators or a month's name.
_LIKE_A_DATE = re.compile(
    r"[0-9]{4}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[0-9]{8}(?![0-9])"
    r"|([0-9]{1,2}[-/ ])?[A-Za-z]{3}[-/ ][0-9]{2}|[0-9]{2}-[A-Za-z]{3}",
    re.ASCII,
)

DATE_FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m", "%Y/%m", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y",
    "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%Y%m%d",
    "%b-%Y", "%b-%y", "%y-%b", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y",
)  # fmt: skip

#: Different texts that are looked at to find affixes, decimal signs and dates.
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


@dataclass(frozen=True)
class Affixes:
    """What stands before and behind each number of a column, such as "Rp" and "months"."""

    prefix: str = ""
    suffix: str = ""

    def take_off(self, text: str, decimal: str | None = None) -> str:
        """Return a number without them, as training reads it."""
        return plain_number(text, prefix=self.prefix, suffix=self.suffix, decimal=decimal)


#: Of most columns.
NO_AFFIXES = Affixes()


def find_affixes(texts: Sequence[str]) -> Affixes:
    """Return the currency before every number of a column and what follows it; mostly nothing."""
    affixes = set()
    for text in sample(texts):
        match = _WITH_AFFIXES.fullmatch(text)
        if match is None:
            return NO_AFFIXES
        affixes.add(Affixes(match[1] or "", (match[2] or "").strip()))
    return affixes.pop() if len(affixes) == 1 else NO_AFFIXES


def read_numbers(column: Column, *, affixes: Affixes, decimal: str | None) -> Floats:
    """Read the texts of a column as training reads them; NaN where one is no number.

    A number that the model cannot hold is infinite.
    """
    signs = ("." if text in column.typed else decimal or "." for text in column.texts)
    texts = zip(column.texts, signs, strict=True)
    return np.array([_read_number(text, affixes, sign) for text, sign in texts], dtype=float)


def _read_number(text: str, affixes: Affixes, decimal: str) -> float:
    number = read_amount(affixes.take_off(text, decimal), decimal)
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
