"""Write CSV cells: numbers to the last bit, texts that no spreadsheet runs as a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable

from creditscore.readers.file_format import SEPARATORS
from creditscore.schema.number_text import NUMBER, read_undecided

#: With these a spreadsheet takes a text for a formula, or for the beginning of another cell. Some
#: take the full-width forms for the same.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")

_SPECIAL = {separator: re.compile(f'["\r\n{re.escape(separator)}]') for separator in SEPARATORS}


def safe(text: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would compute; -5 is a number.

    For cells of a table that is passed on: one that has its apostrophe already stays as it is.
    Spaces in front make no difference to a spreadsheet.

    References
    ----------
    OWASP, "CSV Injection".
    """
    if not text.startswith(FORMULA) and not text.lstrip().startswith(FORMULA):
        return text
    number = text.strip(" ")
    is_number = NUMBER.fullmatch(number) or read_undecided(number) is not None
    return text if is_number else f"'{text}"


def escape(text: str) -> str:
    """Write a text as a cell that no spreadsheet computes, and that `unescape` reads.

    A text that looks like such a cell already gets an apostrophe more.
    """
    return f"'{text}" if _is_escaped(f"'{text}") else text


def unescape(cell: str) -> str:
    """Read a text that `escape` wrote, or the text of a cell that `safe` passed on."""
    return cell[1:] if _is_escaped(cell) else cell


def _is_escaped(cell: str) -> bool:
    """Return whether apostrophes stand before a text that a spreadsheet would compute."""
    text = cell.lstrip("'")
    return text != cell and safe(text) != text


def quote(text: str, separator: str = ",") -> str:
    """Quote a text where it would not come back otherwise (RFC 4180)."""
    if _SPECIAL[separator].search(text):
        return '"{}"'.format(text.replace('"', '""'))
    return text


def to_cell(value: object, separator: str = ",") -> str:
    """Write a value; nothing for None."""
    if isinstance(value, float):
        # The shortest digits that bring every bit back.
        return repr(value)
    return "" if value is None else quote(safe(str(value)), separator)


def to_line(values: Iterable[object], separator: str = ",") -> str:
    """Write values as a line, without its end."""
    return separator.join([to_cell(value, separator) for value in values])
