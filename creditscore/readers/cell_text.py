"""Write the typed cells of workbooks and Parquet as the texts that CSV would hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

#: Whole numbers up to here are the same as an integer and as a float.
EXACT = 2**53

#: A text, or a number with a decimal point that is a number in the file itself.
Cell = str | float

#: The number of a row in the file, and its cells.
TypedRow = tuple[int, Sequence[Cell]]


def cell_text(cell: object) -> str:
    """Return a cell as text: nothing where it is empty, 3 for 3.0, true and false as in JSON."""
    if isinstance(cell, str):
        return cell
    # NaN is how pandas writes what is missing.
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        cell = float(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < EXACT else repr(cell)
    if isinstance(cell, datetime):
        # A date in a workbook is the midnight that it begins with.
        midnight = cell.time() == time() and cell.tzinfo is None
        return cell.date().isoformat() if midnight else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def typed_cell(cell: object) -> Cell:
    """Return a number as it is where its text would have a decimal point; else a cell's text.

    So a number that is 30.125 differs from a text "30.125", which can mean 30125.
    """
    number = float(cell) if isinstance(cell, Decimal) else cell
    text = cell_text(number)
    return number if isinstance(number, float) and "." in text else text
