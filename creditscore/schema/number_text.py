"""Read numbers that were typed or written as text, with thousands groups and a decimal sign.

"30.000" is thirty thousand in Indonesian and thirty in English; nothing here guesses which.
"""

from __future__ import annotations

import re

from creditscore.i18n.catalogue import SWAPPED_SEPARATORS

#: A number as JSON writes it. float() would also take "nan", "2_4" and full-width digits.
NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,4})?", re.ASCII)

#: A number whose thousands are separated by commas.
_GROUPED = re.compile(r"-?[1-9][0-9]{0,2}(,[0-9]{3}){1,130}(\.[0-9]{1,400})?", re.ASCII)


def read_amount(text: str, *, decimal: str) -> int | float | None:
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


def write_amount(number: int | float, *, decimal: str) -> str:
    """Write a number with thousands in groups, to the last bit, as `read_amount` reads it."""
    english = f"{number:,}"
    return english if decimal == "." else english.translate(SWAPPED_SEPARATORS)
