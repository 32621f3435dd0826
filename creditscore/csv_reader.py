"""Read CSV for training, score.py and HTTP alike: whole rows, in pieces of constant memory.

UTF-8, with commas; line ends are LF, CRLF or CR. Blank lines are skipped, and so are empty cells
behind the last column that has a name. The csv module reads the cells.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

from creditscore.errors import NotATable
from creditscore.i18n.catalogue import say

#: Bytes that are read at once, and the longest row.
PIECE = 256 * 1024
LONGEST_ROW = 1024 * 1024

MOST_COLUMNS = 2000
LONGEST_NAME = 200

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

#: How files begin that people send in place of CSV, and the message that names each.
SIGNATURES = {
    b"PK\x03\x04": "file_zip",
    b"\xd0\xcf\x11\xe0": "file_xls",
    b"PAR1": "file_parquet",
    b"\x1f\x8b": "file_gzip",
    b"\xff\xfe": "file_utf16",
    b"\xfe\xff": "file_utf16",
}

#: Other separators, and the message that names each.
SEPARATORS = {";": "separator_semicolon", "\t": "separator_tab"}

#: The line that a row begins on, and its cells.
NumberedRow = tuple[int, list[str]]


@dataclass(frozen=True)
class Piece:
    """Some whole rows of a file.

    Attributes
    ----------
    raw : bytes
        The rows as they stand in the file.
    line : int
        The line that they begin on, counted from 1.
    width : int
        How many cells a row has; empty ones behind them are dropped.
    parsed : sequence of (int, list of str) or None
        The cells of each row, where they have been read already.
    """

    raw: bytes
    line: int
    width: int
    parsed: Sequence[NumberedRow] | None = None

    @cached_property
    def rows(self) -> Sequence[NumberedRow]:
        """The line and the cells of each row; other than the width where the file has it so."""
        parsed = _Rows(self.raw, self.line) if self.parsed is None else self.parsed
        return [(line, _trim(cells, self.width)) for line, cells in parsed]


@dataclass(frozen=True)
class CsvFile:
    """A file whose header has been read.

    Attributes
    ----------
    columns : tuple of str
        The header, without unnamed columns at its end.
    newline : str
        The line end to write: CRLF if the file has it, else LF.
    file : file
        What was not read yet.
    begun : bytes
        What was read together with the header.
    line : int
        The line behind the header.
    is_whole : bool
        Whether that was the whole file.
    """

    columns: tuple[str, ...]
    newline: str
    file: BinaryIO
    begun: bytes
    line: int
    is_whole: bool

    def pieces(self) -> Iterator[Piece]:
        """Read the rows, piece by piece.

        Raises
        ------
        NotATable
            With the line, where it is not CSV in UTF-8.
        """
        waiting, line, width, size = self.begun, self.line, len(self.columns), PIECE
        while read := self.file.read(size):
            taken, parsed = _whole_rows(waiting, line)
            if taken:
                yield Piece(waiting[:taken], line, width, parsed)
                line += _count_lines(waiting[:taken])
            elif len(waiting) > LONGEST_ROW:
                raise NotATable("not_csv", say("endless_row", most=LONGEST_ROW), line)
            waiting = waiting[taken:] + read
            # Doubled where no row ended, so that a long one is not read over and over.
            size = PIECE if taken else len(waiting)
        if waiting:
            yield Piece(waiting, line, width)

    def first_rows(self) -> Sequence[list[str]]:
        """Return the cells of the rows that were read together with the header.

        They are whole rows, up to the first fault, which is raised when the rows are read.
        """
        raw = self.begun if self.is_whole else self.begun[: _whole_rows(self.begun, self.line)[0]]
        rows = []
        with contextlib.suppress(NotATable):
            for _, cells in _Rows(raw, self.line):
                rows.append(cells)
        return rows


def open_csv(file: BinaryIO, *, wanted: Collection[str] = ()) -> CsvFile:
    """Read the header.

    Parameters
    ----------
    file : file
        Read from its beginning, in pieces.
    wanted : collection of str
        Some of its columns, to tell when another separator was used.

    Raises
    ------
    NotATable
        If it is empty, another kind of file, too wide, or not CSV in UTF-8.
    """
    read = file.read(PIECE)
    _check_kind(read)
    raw = read.removeprefix(BYTE_ORDER_MARK)
    rows = _Rows(raw, 1)
    try:
        _, cells = next(rows, (1, []))
    except NotATable:
        # Quoted names are no CSV with commas where another separator stands between them.
        _check_separator(raw[: rows.taken], [], wanted)
        raise
    header = raw[: rows.taken]
    is_whole = len(read) < PIECE
    if not is_whole and len(header) == len(raw) and not header.endswith((b"\n", b"\r")):
        raise NotATable("not_csv", say("endless_row", most=PIECE), 1)
    columns = _trim(cells, 0)
    _check_columns(columns, header, wanted)
    newline = "\r\n" if header.endswith(b"\r\n") else "\n"
    rest = raw[rows.taken :]
    return CsvFile(tuple(columns), newline, file, rest, 1 + rows.lines, is_whole)


class _Rows(Iterator[NumberedRow]):
    """Reads rows, and counts the bytes and the lines that were taken for them."""

    def __init__(self, raw: bytes, line: int) -> None:
        # Of bytes, splitlines knows LF, CRLF and CR only.
        self._raw, self._line = iter(raw.splitlines(keepends=True)), line
        self._reader = csv.reader(self._decoded(), strict=True)
        self.taken = self.lines = 0
        self.exhausted = False

    def __next__(self) -> NumberedRow:
        while True:
            begins = self._line + self.lines
            try:
                cells = next(self._reader)
            except csv.Error as error:
                raise NotATable("not_csv", say("not_csv", problem=str(error)), begins) from None
            if len(cells) > 1 or (cells and cells[0].strip(" \t")):
                return begins, cells

    def _decoded(self) -> Iterator[str]:
        for raw in self._raw:
            self.taken += len(raw)
            self.lines += 1
            try:
                yield raw.decode()
            except UnicodeDecodeError:
                line = self._line + self.lines - 1
                raise NotATable("not_utf8", say("table_not_utf8"), line) from None
        self.exhausted = True


def _whole_rows(raw: bytes, line: int) -> tuple[int, Sequence[NumberedRow] | None]:
    """Return how many bytes are whole rows, and the rows if finding that out has read them."""
    # A CR at the very end may be the first half of a CRLF.
    ends = max(raw.rfind(b"\n"), raw.rfind(b"\r", 0, -1)) + 1
    if b'"' not in raw:
        return ends, None
    rows, taken, parsed = _Rows(raw[:ends], line), 0, []
    try:
        for row in rows:
            parsed.append(row)
            taken = rows.taken
    except NotATable:
        # A quoted cell goes on behind the piece; other faults are raised when the rows are read.
        return (taken, parsed) if rows.exhausted else (ends, None)
    return ends, parsed


def _count_lines(raw: bytes) -> int:
    return raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")


def _trim(cells: list[str], width: int) -> list[str]:
    """Drop empty cells at the end that are beyond a width."""
    kept = len(cells)
    while kept > width and not cells[kept - 1]:
        kept -= 1
    return cells if kept == len(cells) else cells[:kept]


def _check_kind(begun: bytes) -> None:
    """Check that a file does not begin as other kinds of files do."""
    kind = next((kind for begin, kind in SIGNATURES.items() if begun.startswith(begin)), None)
    if kind == "file_zip" and b"xl/" in begun:
        kind = "file_xlsx"
    if kind is None and b"\0" in begun:
        # In UTF-16 every other byte of a text in Latin letters is 0.
        is_utf_16 = begun[:200].count(b"\0") in range(80, 121) and len(begun) >= 200
        kind = "file_utf16" if is_utf_16 else "file_binary"
    if kind is not None:
        code = "not_utf8" if kind == "file_utf16" else "not_csv"
        raise NotATable(code, say("another_file", kind=say(kind)), 1)


def _check_columns(columns: Sequence[str], header: bytes, wanted: Collection[str]) -> None:
    """Check that there are columns, separated by commas, not too many and not too long."""
    if not columns:
        raise NotATable("no_header", say("no_header"), 1)
    _check_separator(header, columns, wanted)
    if len(columns) > MOST_COLUMNS:
        text = say("too_many_columns", most=MOST_COLUMNS, count=len(columns))
        raise NotATable("too_many_columns", text, 1)
    if max(map(len, columns)) > LONGEST_NAME:
        raise NotATable("long_column", say("long_column", most=LONGEST_NAME), 1)


def _check_separator(header: bytes, columns: Sequence[str], wanted: Collection[str]) -> None:
    """Check that no other separator splits the header better than commas do.

    No column is wanted of those that commas make, and there are more with the other separator.
    Where commas make none, as of quoted names, some must be wanted.
    """
    if not set(columns).isdisjoint(wanted):
        return
    lines = header.decode(errors="replace").splitlines()
    for separator, message in SEPARATORS.items():
        try:
            others = next(csv.reader(lines, delimiter=separator), [])
        except csv.Error:
            continue
        if len(others) > len(columns) and (columns or not set(others).isdisjoint(wanted)):
            text = say("another_separator", separator=say(message))
            raise NotATable("another_separator", text, 1)
