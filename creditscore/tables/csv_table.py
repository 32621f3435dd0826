"""Applicants in a table whose cells are texts, read in pieces so that memory does not grow with it.

CSV and the sheets of Excel workbooks are such tables; `creditscore.readers` reads both.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from creditscore.readers import CsvFile, TableFile, open_csv
from creditscore.schema import Field, Schema
from creditscore.schema.cell_reader import accepts_empty, read_cell
from creditscore.schema.csv_cells import to_line
from creditscore.schema.decimal_signs import decimal_signs
from creditscore.schema.table_columns import field_names
from creditscore.tables.table import Block, Style, check_header


@dataclass(frozen=True)
class TextTable:
    """A table whose header has been read.

    Attributes
    ----------
    source : TableFile
        The file.
    places : sequence of int
        The fields' columns.
    decimals : mapping of str to str
        The decimal sign of each field's column, where it is known.
    whole : collection of str
        Fields where whole numbers are expected.
    style : Style
    size : int or None
        The file's, in bytes; None if it is not known.
    """

    source: TableFile
    places: Sequence[int]
    decimals: Mapping[str, str]
    whole: Collection[str]
    style: Style
    size: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The header."""
        return self.source.columns

    def blocks(self) -> Iterator[Block]:
        """Read the rows.

        Raises
        ------
        NotATable
            With the line, where it is not CSV, or not of its encoding.
        """
        for piece in self.source.pieces():
            rows = [cells for _, cells in piece]
            keys = list(map(self._key, rows))
            yield TextBlock([line for line, _ in piece], keys, rows, self.style.separator)

    def read(self, field: Field, cell: str) -> object:
        """Read a cell as the JSON value that it stands for; None where it is empty."""
        if not cell or cell.isspace():
            return "" if accepts_empty(field) else None
        decimal = self.decimals.get(field.name)
        return read_cell(field, cell, decimal=decimal, whole=field.name in self.whole)

    def share_read(self) -> float | None:
        """Return the share of the table that has been read; None if it is not known.

        How many rows a sheet has is known when all of it is read.
        """
        if not self.size or not isinstance(self.source, CsvFile):
            return None
        return self.source.stream.tell() / self.size

    def _key(self, row: Sequence[str]) -> Hashable:
        """Return the fields' cells of a row, or how many there are where that is wrong."""
        if len(row) != len(self.columns):
            return len(row)
        return tuple([row[place] for place in self.places])


@dataclass(frozen=True)
class TextBlock:
    """Some rows of a table."""

    numbers: Sequence[int]
    keys: Sequence[Hashable]
    rows: Sequence[Sequence[str]]
    separator: str

    def row(self, index: int) -> Sequence[str]:
        """Return all cells of a row."""
        return self.rows[index]

    def lines(self) -> Sequence[bytes]:
        """Return the rows as lines of CSV."""
        return [to_line(row, self.separator).encode() for row in self.rows]


def open_table(
    file: BinaryIO,
    schema: Schema,
    *,
    taken: Collection[str],
    whole: Collection[str] = (),
    size: int | None = None,
    encoding: str | None = None,
) -> TextTable:
    """Read the header of a table as CSV.

    Parameters
    ----------
    file : file
        Read from its beginning, in pieces.
    schema : Schema
        Whose fields are among the columns; others are passed through.
    taken : collection of str
        Names that no column may have.
    whole : collection of str
        Fields where whole numbers are expected, so that "30.000" is ambiguous.
    size : int, optional
        Bytes of the file.
    encoding : str, optional
        The only encoding that is read; found out where it is left out.

    Raises
    ------
    InvalidApplicants
        With all that is wrong with the header.
    """
    wanted = field_names(schema)
    source = open_csv(file, wanted=wanted, stated=schema.file, encoding=encoding)
    places = check_header(source.columns, schema, taken=taken, line=source.header_line)
    decimals, separator = decimal_signs(source, schema, places), source.separator
    if separator != ",":
        # Where commas do not separate cells, "1.000" may well be a thousand.
        whole = schema.fields
    style = Style(separator, source.newline, _decimal(decimals, separator))
    return TextTable(source, [*places.values()], decimals, whole, style, size)


def _decimal(decimals: Mapping[str, str], separator: str) -> str:
    """Return the decimal sign to write: a comma where all columns have it and it is free."""
    return "," if separator != "," and set(decimals.values()) == {","} else "."
