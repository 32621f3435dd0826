"""Find the decimal sign of each column of numbers in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from creditscore.readers import CsvFile, TableFile
from creditscore.readers.cell_text import Cell
from creditscore.schema.cell_reader import plain_number
from creditscore.schema.constraints import NumericRange
from creditscore.schema.number_text import find_decimal_sign
from creditscore.schema.schema import Schema


def decimal_signs(file: TableFile, schema: Schema, indices: Mapping[str, int]) -> dict[str, str]:
    """Return the decimal sign of each number's column, where it is known.

    The schema file says it, or other texts of the column settle it, as "12.5" and "1.234.567" do.
    A cell that is a number in a workbook or in Parquet needs no sign, and settles none.
    They are looked for in the rows that were read together with the header, so that the answer
    does not depend on how much of a table is in memory. Where commas do not separate the cells and
    every column that is settled has a decimal comma, so have the others.

    Parameters
    ----------
    file : TableFile
    schema : Schema
    indices : mapping of str to int
        Where each field's column is.
    """
    numbers = {
        name: index
        for name, index in indices.items()
        if isinstance(schema.fields[name].rule, NumericRange)
    }
    if schema.file.decimal is not None:
        return dict.fromkeys(numbers, schema.file.decimal)
    signs = {}
    rows = first_rows(file)
    for name, index in numbers.items():
        field = schema.fields[name]
        cells = (row[index] for row in rows if index < len(row))
        texts = (cell for cell in cells if isinstance(cell, str))
        sign = find_decimal_sign(
            plain_number(text, prefix=field.prefix, suffix=field.suffix) for text in texts
        )
        if sign is not None:
            signs[name] = sign
    has_commas = isinstance(file, CsvFile) and file.separator == ","
    if not has_commas and set(signs.values()) == {","}:
        return dict.fromkeys(numbers, ",")
    return signs


def first_rows(file: TableFile) -> Sequence[Sequence[Cell]]:
    """Return the cells of the first rows that can settle a decimal sign, without taking them."""
    if not isinstance(file, CsvFile):
        first_piece = next(file.pieces(), None)
        return [cells for _, cells in first_piece.typed_rows] if first_piece else []
    # Beside commas only a quoted cell can hold one.
    may_settle = file.separator != "," or b"." in file.buffer or b'"' in file.buffer
    return file.first_rows() if may_settle else []
