"""Applicants as CSV, read in pieces, so that memory does not grow with the table.

A piece without quotation marks is split at its line ends and separators, which is several times as
fast as the csv module; every other piece goes through that (`creditscore.readers.csv_reader`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import BinaryIO

from creditscore.readers import CsvFile, Piece, open_csv
from creditscore.readers.cell_text import Cell, TypedRow, cell_text
from creditscore.readers.file_format import SEPARATORS
from creditscore.schema import Field, Schema
from creditscore.schema.cell_reader import accepts_empty, read_cell
from creditscore.schema.csv_cells import FORMULA, INNER_FORMULA, to_line
from creditscore.schema.decimal_signs import decimal_signs
from creditscore.schema.table_columns import field_names
from creditscore.tables.table import Block, Style, check_header

#: A cell that a spreadsheet could take for a formula; negative numbers are left out.
_UNSAFE = {
    separator: re.compile(
        rf"(?:^|[{re.escape(separator)}\n])(?:(?![{re.escape(separator)}\n])\s)*"
        rf"(?!-[0-9]+(?:[.,][0-9]+)?(?:[{re.escape(separator)}\n]|$))"
        rf"[=+\-@\uff1d\uff0b\uff0d\uff20{'' if separator == chr(9) else chr(9)}]"
    )
    for separator in SEPARATORS
}
_MARKS = [mark.encode() for mark in FORMULA if mark not in "\r\n"]

#: Cells whose values are kept at hand, and how long they may be: long ones seldom recur.
MAX_CELLS, MAX_CELL_LENGTH = 16_384, 100


@dataclass(frozen=True)
class CellReader:
    """Reads the cells of a table: texts, and numbers of workbooks and Parquet.

    Attributes
    ----------
    decimals : mapping of str to str
        The decimal sign of each field's column, where it is known.
    whole_fields : collection of str
        Fields where whole numbers are expected.
    """

    decimals: Mapping[str, str]
    whole_fields: Collection[str]

    def read(self, field: Field, cell: Cell) -> object:
        """Read a cell as the JSON value that it stands for; None where it is empty."""
        if isinstance(cell, float):
            return cell_text(cell) if field.rule.python_type is str else cell
        if not cell or cell.isspace():
            return "" if accepts_empty(field) else None
        read = self._read if len(cell) > MAX_CELL_LENGTH else self._read_short
        return read(field, cell)

    def _read(self, field: Field, cell: str) -> object:
        decimal = self.decimals.get(field.name)
        return read_cell(field, cell, decimal=decimal, integral=field.name in self.whole_fields)

    @cached_property
    def _read_short(self) -> Callable[[Field, str], object]:
        # Most cells of a column recur.
        return lru_cache(maxsize=MAX_CELLS)(self._read)


@dataclass(frozen=True)
class CsvTable:
    """A table whose header has been read.

    Attributes
    ----------
    source : CsvFile
        The file.
    cut : FieldCutter
        Finds the fields in its rows.
    cells : CellReader
    style : Style
    size : int or None
        The file's, in bytes; None if it is not known.
    """

    source: CsvFile
    cut: FieldCutter
    cells: CellReader
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
        return map(self._block, self.source.pieces())

    def read(self, field: Field, cell: str) -> object:
        """Read a cell as the JSON value that it stands for; None where it is empty."""
        return self.cells.read(field, cell)

    def share_read(self) -> float | None:
        """Return the share of the table that has been read; None if it is not known."""
        if not self.size:
            return None
        return self.source.stream.tell() / self.size

    def _block(self, piece: Piece) -> Block:
        """Split a piece at its separators where that is safe."""
        raw, separator = piece.raw, piece.separator
        if b"\r" in raw:
            raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        raw = raw.removesuffix(b"\n")
        if _is_plain(raw, separator):
            lines = raw.split(b"\n")
            keys = self.cut.keys(lines)
            if keys and not _has_spare_cells(raw, lines, piece.width, separator.encode()):
                numbers = range(piece.line, piece.line + len(lines))
                return PlainBlock(numbers, keys, lines, separator)
        return cell_block(piece.rows, self.cut, separator)


@dataclass(frozen=True)
class PlainBlock:
    """Rows that can be split at their separators, and written as they are."""

    numbers: Sequence[int]
    keys: Sequence[Hashable]
    raw_lines: Sequence[bytes]
    separator: str

    def row(self, index: int) -> Sequence[str]:
        """Return all cells of a row."""
        return self.raw_lines[index].decode().split(self.separator)

    def lines(self) -> Sequence[bytes]:
        """Return the rows as lines of CSV."""
        return self.raw_lines


@dataclass(frozen=True)
class CellBlock:
    """Rows whose cells have been read."""

    numbers: Sequence[int]
    keys: Sequence[Hashable]
    rows: Sequence[Sequence[Cell]]
    separator: str

    def row(self, index: int) -> Sequence[Cell]:
        """Return all cells of a row."""
        return self.rows[index]

    def lines(self) -> Sequence[bytes]:
        """Return the rows as lines of CSV."""
        return [to_line(row, self.separator).encode() for row in self.rows]


def cell_block(rows: Sequence[TypedRow], cut: FieldCutter, separator: str) -> CellBlock:
    """Return rows, each with its line, as a block."""
    cells = [row for _, row in rows]
    return CellBlock([line for line, _ in rows], list(map(cut.key, cells)), cells, separator)


class FieldCutter:
    """Finds the fields' cells in rows.

    Parameters
    ----------
    columns : sequence of str
        The header.
    indices : collection of int
        The fields' columns; where they are adjacent, they are cut out as one slice.
    separator : str
        Of the cells.
    """

    def __init__(self, columns: Sequence[str], indices: Collection[int], separator: str) -> None:
        self._indices = sorted(indices)
        self._cells_before = self._indices[0]
        self._cells_after = len(columns) - 1 - self._indices[-1]
        self._width = len(columns)
        self._separator = separator.encode()
        width = len(columns) - self._cells_before - self._cells_after
        # With one field alone, its cell would not show that other cells are missing.
        self._are_adjacent = width == len(self._indices) > 1

    def keys(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        """Return the fields' part of each line; an empty list where columns are not adjacent.

        A line with too many cells or too few has a part that no line of the right width has.
        """
        if not self._are_adjacent:
            return []
        pieces, separator = lines, self._separator
        if self._cells_before:
            pieces = [piece.split(separator, self._cells_before)[-1] for piece in pieces]
        if self._cells_after:
            pieces = [piece.rsplit(separator, self._cells_after)[0] for piece in pieces]
        return pieces

    def key(self, row: Sequence[Cell]) -> Hashable:
        """Return the fields' cells of a row."""
        if len(row) != self._width:
            return len(row)
        return tuple([row[index] for index in self._indices])


def open_table(
    file: BinaryIO,
    schema: Schema,
    *,
    reserved_names: Collection[str],
    whole_fields: Collection[str] = (),
    size: int | None = None,
    encoding: str | None = None,
) -> CsvTable:
    """Read a table's header.

    Parameters
    ----------
    file : file
        Read from its beginning, in pieces.
    schema : Schema
        Whose fields are among the columns; others are passed through.
    reserved_names : collection of str
        Names that no column may have.
    whole_fields : collection of str
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
    source = open_csv(file, column_names=field_names(schema), stated=schema.file, encoding=encoding)
    columns = check_header(
        source.columns, schema, reserved_names=reserved_names, line=source.header_line
    )
    decimals, separator = decimal_signs(source, schema, columns), source.separator
    if separator != ",":
        # Where commas do not separate cells, "1.000" may well be a thousand.
        whole_fields = schema.fields
    return CsvTable(
        source=source,
        cut=FieldCutter(source.columns, columns.values(), separator),
        cells=CellReader(decimals, whole_fields),
        style=Style(separator, source.newline, _decimal(decimals, separator)),
        size=size,
    )


def _decimal(decimals: Mapping[str, str], separator: str) -> str:
    """Return the decimal sign to write: a comma where all columns have it and it is free."""
    return "," if separator != "," and set(decimals.values()) == {","} else "."


def _is_plain(lines: bytes, separator: str) -> bool:
    """Check whether lines can be split at their separators, and written as they are."""
    if b'"' in lines or b"\n\n" in lines or b"\n " in lines:
        return False
    if lines[:1] in b"\n " or lines.endswith(b"\n"):
        return False
    try:
        text = lines.decode()
    except UnicodeDecodeError:
        return False
    # Searching for the characters first is much faster than matching each cell.
    return not (
        any(mark in lines for mark in _MARKS)
        and (_UNSAFE[separator].search(text) or INNER_FORMULA.search(text))
    )


def _has_spare_cells(raw: bytes, lines: Sequence[bytes], width: int, separator: bytes) -> bool:
    """Check whether a line has empty cells behind the last column, which are to be dropped."""
    if separator + b"\n" not in raw and not raw.endswith(separator):
        return False
    return any(line.count(separator) >= width for line in lines)
