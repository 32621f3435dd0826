"""Applicants as CSV, read in pieces, so that memory does not grow with the table.

A piece without quotation marks is split at its line ends and commas, which is several times as fast
as the csv module; every other piece goes through that (`creditscore.readers.csv_reader`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import BinaryIO

from creditscore.readers.csv_reader import CsvFile, Piece, open_csv
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import from_text
from creditscore.schema.csv_cells import FORMULA, to_line
from creditscore.schema.decimal_signs import decimal_signs
from creditscore.tables.table import Block, check_header

#: A cell that a spreadsheet could take for a formula; negative numbers are left out.
_UNSAFE = re.compile(
    r"(?:^|[,\n])[^\S\n]*(?!-[0-9]+(?:\.[0-9]+)?(?:[,\n]|$))[=+\-@\t\uff1d\uff0b\uff0d\uff20]"
)
_MARKS = [mark.encode() for mark in FORMULA if mark not in "\r\n"]

#: Cells whose values are kept at hand.
MOST_CELLS = 16_384


@dataclass(frozen=True)
class CsvTable:
    """A table whose header has been read.

    Attributes
    ----------
    source : CsvFile
        The file.
    cut : FieldCutter
        Finds the fields in its rows.
    decimals : mapping of str to str
        The decimal sign of each field's column, where it is known.
    whole : collection of str
        Fields where whole numbers are expected.
    size : int or None
        The file's, in bytes; None if it is not known.
    """

    source: CsvFile
    cut: FieldCutter
    decimals: Mapping[str, str]
    whole: Collection[str]
    size: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The header."""
        return self.source.columns

    @property
    def newline(self) -> str:
        """The line end."""
        return self.source.newline

    def blocks(self) -> Iterator[Block]:
        """Read the rows.

        Raises
        ------
        NotATable
            With the line, where it is not CSV in UTF-8.
        """
        return map(self._block, self.source.pieces())

    def read(self, field: Field, cell: str) -> object:
        """Read a cell as the JSON value that it stands for; None where it is empty."""
        return self._read(field, cell) if cell else None

    @cached_property
    def _read(self) -> Callable[[Field, str], object]:
        # Most cells of a column recur.
        @lru_cache(maxsize=MOST_CELLS)
        def read(field: Field, cell: str) -> object:
            decimal = self.decimals.get(field.name)
            return from_text(field.rule, cell, decimal=decimal, whole=field.name in self.whole)

        return read

    def share_read(self) -> float | None:
        """Return the share of the table that has been read; None if it is not known."""
        if not self.size:
            return None
        return self.source.stream.tell() / self.size

    def _block(self, piece: Piece) -> Block:
        """Split a piece at its commas where that is safe."""
        raw = piece.raw
        if b"\r" in raw:
            raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        raw = raw.removesuffix(b"\n")
        if self.source.separator == "," and _is_plain(raw):
            lines = raw.split(b"\n")
            if (keys := self.cut.keys(lines)) and not _has_spare_cells(raw, lines, piece.width):
                return PlainBlock(range(piece.line, piece.line + len(lines)), keys, lines)
        numbers, rows = [line for line, _ in piece.rows], [cells for _, cells in piece.rows]
        return CellBlock(numbers, list(map(self.cut.key, rows)), rows)


@dataclass(frozen=True)
class PlainBlock:
    """Rows that can be split at their commas, and written as they are."""

    numbers: Sequence[int]
    keys: Sequence[Hashable]
    plain: Sequence[bytes]

    def row(self, index: int) -> Sequence[str]:
        """Return all cells of a row."""
        return self.plain[index].decode().split(",")

    def lines(self) -> Sequence[bytes]:
        """Return the rows as lines of CSV."""
        return self.plain


@dataclass(frozen=True)
class CellBlock:
    """Rows that the csv module has read."""

    numbers: Sequence[int]
    keys: Sequence[Hashable]
    rows: Sequence[Sequence[str]]

    def row(self, index: int) -> Sequence[str]:
        """Return all cells of a row."""
        return self.rows[index]

    def lines(self) -> Sequence[bytes]:
        """Return the rows as lines of CSV."""
        return [to_line(row).encode() for row in self.rows]


class FieldCutter:
    """Finds the fields' cells in rows.

    Parameters
    ----------
    columns : sequence of str
        The header.
    fields : collection of str
        The fields; where their columns are adjacent, they are cut out as one slice.
    """

    def __init__(self, columns: Sequence[str], fields: Collection[str]) -> None:
        self._indices = [index for index, name in enumerate(columns) if name in fields]
        self._before, self._after = self._indices[0], len(columns) - 1 - self._indices[-1]
        self._width = len(columns)
        wide = len(columns) - self._before - self._after
        # With one field alone, its cell would not show that other cells are missing.
        self._adjacent = wide == len(self._indices) > 1

    def keys(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        """Return the fields' part of each line; an empty list where columns are not adjacent.

        A line with too many cells or too few has a part that no line of the right width has.
        """
        if not self._adjacent:
            return []
        pieces = lines
        if self._before:
            pieces = [piece.split(b",", self._before)[-1] for piece in pieces]
        if self._after:
            pieces = [piece.rsplit(b",", self._after)[0] for piece in pieces]
        return pieces

    def key(self, row: Sequence[str]) -> Hashable:
        """Return the fields' cells of a row."""
        if len(row) != self._width:
            return len(row)
        return tuple([row[index] for index in self._indices])


def open_table(
    file: BinaryIO,
    schema: Schema,
    *,
    taken: Collection[str],
    whole: Collection[str] = (),
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
    source = open_csv(file, wanted=schema.fields, encoding=encoding)
    check_header(source.columns, schema, taken=taken)
    cut = FieldCutter(source.columns, schema.fields)
    return CsvTable(source, cut, decimal_signs(source, schema), whole, size)


def _is_plain(lines: bytes) -> bool:
    """Check whether lines can be split at their commas, and written as they are."""
    if b'"' in lines or b"\n\n" in lines or b"\n " in lines:
        return False
    if lines[:1] in b"\n " or lines.endswith(b"\n"):
        return False
    try:
        text = lines.decode()
    except UnicodeDecodeError:
        return False
    # Searching for the characters first is much faster than matching each cell.
    return not (any(mark in lines for mark in _MARKS) and _UNSAFE.search(text))


def _has_spare_cells(raw: bytes, lines: Sequence[bytes], width: int) -> bool:
    """Check whether a line has empty cells behind the last column, which are to be dropped."""
    if b",\n" not in raw and not raw.endswith(b","):
        return False
    return any(line.count(b",") >= width for line in lines)
