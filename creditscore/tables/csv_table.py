"""Applicants as CSV, read in pieces, so that memory does not grow with the table.

A piece without quotation marks is split at its line ends and commas, which is several times as fast
as the csv module; every other piece goes through that.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import say
from creditscore.schema import Schema
from creditscore.schema.constraints import Rule, from_text
from creditscore.schema.csv_cells import FORMULA, to_line
from creditscore.tables.table import Block, check_header

#: Bytes that are read at once, and the longest row.
PIECE = 256 * 1024
LONGEST_ROW = 1024 * 1024

#: A cell that a spreadsheet could take for a formula; negative numbers are left out.
_UNSAFE = re.compile(rb"(?:^|[,\n])(?!-[0-9.]+(?:[,\n]|$))[=+\-@\t]")
_MARKS = [mark.encode() for mark in FORMULA if mark not in "\r\n"]


@dataclass(frozen=True)
class CsvTable:
    """A table whose header has been read.

    Attributes
    ----------
    columns : tuple of str
        Its header.
    newline : str
        Its line end.
    file : file
        The rows, behind what was read already.
    begun : bytes
        What was read of the rows together with the header.
    cut : FieldCutter
        Finds the fields in its rows.
    first_line : int
        The line on which the first row begins.
    size : int or None
        The file's, in bytes; None if it is not known.
    """

    columns: tuple[str, ...]
    newline: str
    file: BinaryIO
    begun: bytes
    cut: FieldCutter
    first_line: int
    size: int | None = None

    @property
    def header(self) -> str:
        """The header as a line of CSV."""
        return to_line(self.columns)

    def blocks(self) -> Iterator[Block]:
        """Read the rows.

        Raises
        ------
        InvalidApplicants
            With the line, where it is not CSV in UTF-8.
        """
        line = self.first_line
        for piece in _pieces(self.file, self.begun, line):
            yield self._block(piece, line)
            line += piece.count(b"\n")

    def read(self, rule: Rule, cell: str) -> object:
        """Read a cell as the JSON value that it stands for; None where it is empty."""
        return from_text(rule, cell) if cell else None

    def share_read(self) -> float | None:
        """Return the share of the table that has been read; None if it is not known."""
        if not self.size:
            return None
        return self.file.tell() / self.size

    def _block(self, piece: bytes, line: int) -> Block:
        """Split a piece of whole lines, beginning at a line."""
        text = _decode(piece, line)
        plain = (piece.replace(b"\r\n", b"\n") if b"\r" in piece else piece).removesuffix(b"\n")
        if _is_plain(plain):
            lines = plain.split(b"\n")
            if keys := self.cut.keys(lines):
                return PlainBlock(range(line, line + len(lines)), keys, lines)
        rows = dict(_rows(text, line))
        return CellBlock(list(rows), list(map(self.cut.key, rows.values())), list(rows.values()))


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

    def keys(self, lines: Sequence[bytes]) -> list[bytes]:
        """Return the fields' part of each line; an empty list where columns are not adjacent.

        A line with too many cells or too few has a part that no other line has.
        """
        if not self._adjacent:
            return []
        pieces = list(lines)
        for _ in range(self._before):
            pieces = [piece.partition(b",")[2] for piece in pieces]
        for _ in range(self._after):
            pieces = [piece.rpartition(b",")[0] for piece in pieces]
        return pieces

    def key(self, row: Sequence[str]) -> Hashable:
        """Return the fields' cells of a row."""
        if len(row) != self._width:
            return len(row)
        return tuple([row[index] for index in self._indices])


def open_table(
    file: BinaryIO, schema: Schema, *, taken: Collection[str], size: int | None = None
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
    size : int, optional
        Bytes of the file.

    Raises
    ------
    InvalidApplicants
        With all that is wrong with the header.
    """
    begun = file.read(PIECE).removeprefix(b"\xef\xbb\xbf")
    first, ended, rest = begun.partition(b"\n")
    while ended and first.count(b'"') % 2:
        more, ended, rest = rest.partition(b"\n")
        first += b"\n" + more
    text = _decode(first, 1)
    newline = "\r\n" if text.endswith("\r") else "\n"
    columns = next((cells for _, cells in _rows(text.removesuffix("\r"), 1)), [])
    check_header(columns, schema, taken=taken)
    # A quoted name of a column may hold line ends itself.
    first_line = 2 + first.count(b"\n")
    cut = FieldCutter(columns, schema.fields)
    return CsvTable(tuple(columns), newline, file, rest, cut, first_line, size)


def _is_plain(lines: bytes) -> bool:
    """Check whether lines can be split at their commas, and written as they are."""
    blank = b"\n\n" in lines or lines.startswith(b"\n") or lines.endswith(b"\n")
    if blank or b'"' in lines or b"\r" in lines:
        return False
    # Searching for the characters first is much faster than matching each cell.
    return not (any(mark in lines for mark in _MARKS) and _UNSAFE.search(lines))


def _pieces(file: BinaryIO, begun: bytes, line: int) -> Iterator[bytes]:
    """Split a file between rows: after a line end with an even number of quotation marks before."""
    waiting = begun
    while piece := file.read(PIECE):
        waiting += piece
        cut = waiting.rfind(b"\n") + 1
        if cut and waiting.count(b'"', 0, cut) % 2 == 0:
            yield waiting[:cut]
            line += waiting.count(b"\n", 0, cut)
            waiting = waiting[cut:]
        elif len(waiting) > LONGEST_ROW + PIECE:
            text = say("endless_row", most=LONGEST_ROW)
            raise InvalidApplicants([Fault("not_csv", "", text, line)])
    if waiting:
        yield waiting


def _decode(piece: bytes, line: int) -> str:
    try:
        return piece.decode()
    except UnicodeDecodeError as error:
        at = line + piece.count(b"\n", 0, error.start)
        raise InvalidApplicants([Fault("not_utf8", "", say("table_not_utf8"), at)]) from None


def _rows(text: str, line: int) -> Iterator[tuple[int, list[str]]]:
    """Read rows, each with the line that it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = line
    try:
        for cells in reader:
            # A blank line is not a row.
            if cells:
                yield begins, cells
            begins = line + reader.line_num
    except csv.Error as error:
        problem = say("not_csv", problem=str(error))
        raise InvalidApplicants([Fault("not_csv", "", problem, begins)]) from None
