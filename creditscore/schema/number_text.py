"""Read numbers that were typed or written as text, with thousands groups and a decimal sign.

"30.000" is thirty thousand in Indonesian and thirty in English; nothing here guesses which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from creditscore.i18n.catalogue import DECIMAL_SIGNS, SWAPPED_SEPARATORS

#: The decimal signs of all languages.
SIGNS = tuple(DECIMAL_SIGNS.values())

#: A number as JSON writes it. float() would also take "nan", "2_4" and full-width digits.
NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,4})?", re.ASCII)

#: A number whose thousands are separated by commas.
_GROUPED = re.compile(r"-?[1-9][0-9]{0,2}(,[0-9]{3}){1,130}(\.[0-9]{1,400})?", re.ASCII)

#: A currency as it is written before an amount, whatever the case: $, US$, Rp, EUR.
CURRENCY = r"(?:[a-z]{0,2}[$£¥\u20a0-\u20cf]|(?:rp|idr|usd|eur|gbp)\.?)"

#: A number that no decimal sign makes another one: its point has not three digits behind it.
_DECIDED = re.compile(r"-?[0-9]{1,400}(\.(?:[0-9]{1,2}|[0-9]{4,400}))?", re.ASCII)


@dataclass(frozen=True)
class AmbiguousNumber:
    """A text that is one number with a decimal point, and another with a decimal comma."""

    text: str
    with_point: int | float
    with_comma: int | float


def read_amount(text: str, decimal: str = ".") -> int | float | None:
    """Read a number, its thousands in groups of three or not grouped; None if it is none.

    Parameters
    ----------
    text : str
        Such as "1,234.5" with a decimal point, "1.234,5" with a decimal comma.
    decimal : {".", ","}
        The decimal sign; the other one separates thousands.
    """
    english = text if decimal == "." else text.translate(SWAPPED_SEPARATORS)
    if _GROUPED.fullmatch(english):
        english = english.replace(",", "")
    match = NUMBER.fullmatch(english)
    if match is None:
        return None
    fraction, exponent = match.groups()
    return int(english) if fraction is None and exponent is None else float(english)


def read_undecided(text: str) -> int | float | AmbiguousNumber | None:
    """Read a number without knowing the decimal sign."""
    if match := _DECIDED.fullmatch(text):
        return float(text) if match[1] else int(text)
    point, comma = (read_amount(text, sign) for sign in SIGNS)
    if point is not None and comma is not None and point != comma:
        return AmbiguousNumber(text, point, comma)
    return comma if point is None else point


def find_decimal_sign(texts: Iterable[str]) -> str | None:
    """Return the decimal sign that texts settle, such as "12.5" or "1.234.567"; else None."""
    signs = set()
    for text in texts:
        if "." in text or "," in text:
            readable = [sign for sign in SIGNS if read_amount(text, sign) is not None]
            if len(readable) == 1:
                signs.update(readable)
    return signs.pop() if len(signs) == 1 else None
