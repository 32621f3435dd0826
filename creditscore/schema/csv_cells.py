"""Write CSV cells: numbers to the last bit, texts that no spreadsheet runs as a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable

from creditscore.readers.file_format import SEPARATORS
from creditscore.schema.number_text import NUMBER, read_undecided

#: With these a spreadsheet takes a text for a formula, or for the beginning of another cell. Some
#: take the full-width forms for the same.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")

#: A minus before a plain number or nothing is no formula, up to what ends the cell.
MINUS = r"-(?:[0-9]+(?:[.,][0-9]+)?)?"

#: A formula behind a separator inside a text: a spreadsheet that splits cells at another separator
#: than the file's takes it for a cell. Its group holds the apostrophes before it.
INNER_FORMULA = re.compile(
    rf"(?<=[,;|\t\r\n])('*)(?=[^\S\t\r\n]*(?!{MINUS}(?:[,;\t\r\n]|\Z))"
    "[=+\\-@\uff1d\uff0b\uff0d\uff20])"
)

_SPECIAL = {separator: re.compile(f'["\r\n{re.escape(separator)}]') for separator in SEPARATORS}


def safe(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would compute; -5 is a number.

    That is a text, and each part of it behind a comma, semicolon, tab, bar or line end. For cells
    of a table that is passed on: what has its apostrophe already stays as it is. Spaces in front
    make no difference to a spreadsheet.

    References
    ----------
    OWASP, "CSV Injection".
    """
    cell = INNER_FORMULA.sub(lambda match: match[1] or "'", text)
    return f"'{cell}" if _is_formula(text) else cell


def escape(text: str) -> str:
    """Write a text as a cell that no spreadsheet computes, and that `unescape` reads.

    A text that looks like such a cell already gets an apostrophe more.
    """
    cell = INNER_FORMULA.sub(r"'\1", text)
    return f"'{cell}" if _is_formula(text.lstrip("'")) else cell


def unescape(cell: str) -> str:
    """Read a text that `escape` wrote, or the text of a cell that `safe` passed on."""
    if "'" not in cell:
        return cell
    text = INNER_FORMULA.sub(lambda match: match[1][1:], cell)
    return text[1:] if text.startswith("'") and _is_formula(text.lstrip("'")) else text


def _is_formula(text: str) -> bool:
    """Return whether a spreadsheet would compute a text."""
    if not text.startswith(FORMULA) and not text.lstrip().startswith(FORMULA):
        return False
    number = text.strip(" ")
    return not (NUMBER.fullmatch(number) or read_undecided(number) is not None)


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
