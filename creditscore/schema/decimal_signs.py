"""Find the decimal sign of each column of numbers in a CSV file."""

from __future__ import annotations

from collections.abc import Mapping

from creditscore.readers.csv_reader import CsvFile
from creditscore.schema.constraints import NumericRange
from creditscore.schema.number_text import find_decimal_sign
from creditscore.schema.schema import Schema


def decimal_signs(
    file: CsvFile, schema: Schema, *, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the decimal sign of each number's column, where it is known.

    The schema file says it, or other cells of the column settle it, as "12.5" and "1.234.567" do.
    They are looked for in the rows that were read together with the header, so that the answer
    does not depend on how much of a table is in memory.

    Parameters
    ----------
    file : CsvFile
    schema : Schema
    headers : mapping of str to str, optional
        The file's name for each field, where it has another one.
    """
    names = {(headers or {}).get(name, name): name for name in schema.fields}
    numbers = {
        names[column]: index
        for index, column in enumerate(file.columns)
        if column in names and isinstance(schema.fields[names[column]].rule, NumericRange)
    }
    if schema.decimal is not None:
        return dict.fromkeys(numbers, schema.decimal)
    # Only a quoted cell can hold a comma.
    rows = file.first_rows() if b"." in file.begun or b'"' in file.begun else []
    signs = {}
    for name, index in numbers.items():
        cells = (row[index] for row in rows if index < len(row))
        if sign := find_decimal_sign(cells):
            signs[name] = sign
    return signs
