"""Read CSV for training, score.py and HTTP alike: whole rows, in pieces of constant memory.

Line ends are LF, CRLF or CR. Blank lines are skipped, and so are empty cells behind the last column
that has a name. The csv module reads the cells.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, TypeVar

from creditscore.errors import NotATable
from creditscore.i18n.catalogue import say
from creditscore.readers.detection import decode_beginning
from creditscore.readers.file_format import NOTHING_STATED, FileFormat, StatedFormat
from creditscore.readers.header_search import SAMPLE_BYTES, find_header
from creditscore.readers.utf8_stream import Utf8Stream

#: Bytes that are read at once, and the longest row.
PIECE = 256 * 1024
MAX_ROW_LENGTH = 1024 * 1024

MAX_COLUMNS = 2000
MAX_NAME_LENGTH = 200

#: The line that a row begins on, and its cells.
NumberedRow = tuple[int, list[str]]

AnyCell = TypeVar("AnyCell", str, str | float)


@dataclass(frozen=True)
class Piece:
    """Some whole rows of a file.

    Attributes
    ----------
    raw : bytes
        The rows as they stand in the file, in UTF-8.
    line : int
        The line that they begin on, counted from 1.
    width : int
        How many cells a row has; empty ones behind them are dropped.
    separator : str
        Of the cells.
    parsed_rows : sequence of (int, list of str) or None
        The cells of each row, where they have been read already.
    """

    raw: bytes
    line: int
    width: int
    separator: str
    parsed_rows: Sequence[NumberedRow] | None = None

    @cached_property
    def rows(self) -> Sequence[NumberedRow]:
        """The line and the cells of each row; other than the width where the file has it so."""
        parsed_rows: Iterable[NumberedRow] | None = self.parsed_rows
        if parsed_rows is None:
            parsed_rows = _Rows(self.raw, self.line, self.separator)
        return [(line, trim(cells, self.width)) for line, cells in parsed_rows]

    @property
    def typed_rows(self) -> Sequence[NumberedRow]:
        """The same: all cells of CSV are texts."""
        return self.rows


@dataclass(frozen=True)
class CsvFile:
    """A file whose header has been read.

    Attributes
    ----------
    columns : tuple of str
        The header, without unnamed columns at its end.
    newline : str
        The line end to write: CRLF if the file has it, else LF.
    stream : Utf8Stream
        What was not read yet.
    separator : str
        Of the cells.
    header_line : int
        The line of the header, counted from 1.
    buffer : bytes
        What was read together with the header.
    line : int
        The line behind the header.
    is_whole : bool
        Whether that was the whole file.
    """

    columns: tuple[str, ...]
    newline: str
    stream: Utf8Stream
    separator: str
    header_line: int
    buffer: bytes
    line: int
    is_whole: bool

    @property
    def format(self) -> FileFormat:
        """How it is written; the encoding may be known only when all of it has been read."""
        return FileFormat(
            encoding=self.stream.encoding,
            separator=self.separator,
            header_line=self.header_line,
        )

    def pieces(self) -> Iterator[Piece]:
        """Read the rows, piece by piece.

        Raises
        ------
        NotATable
            With the line, where it is not CSV, or not of its encoding.
        """
        buffer, line, width, size = self.buffer, self.line, len(self.columns), PIECE
        while chunk := self.stream.read(size):
            length, parsed_rows = _whole_rows(buffer, line, self.separator)
            if length:
                yield Piece(buffer[:length], line, width, self.separator, parsed_rows)
                line += _count_lines(buffer[:length])
            elif len(buffer) > MAX_ROW_LENGTH:
                raise NotATable("not_csv", say("endless_row", most=MAX_ROW_LENGTH), line)
            buffer = buffer[length:] + chunk
            # Doubled where no row ended, so that a long one is not read over and over.
            size = PIECE if length else len(buffer)
        if buffer:
            yield Piece(buffer, line, width, self.separator)

    def first_rows(self) -> Sequence[list[str]]:
        """Return the cells of the rows that were read together with the header.

        They are whole rows, up to the first fault, which is raised when the rows are read.
        """
        raw = self.buffer
        if not self.is_whole:
            raw = raw[: _whole_rows(raw, self.line, self.separator)[0]]
        rows = []
        with contextlib.suppress(NotATable):
            for _, cells in _Rows(raw, self.line, self.separator):
                rows.append(cells)
        return rows


def open_csv(
    file: BinaryIO,
    *,
    column_names: Collection[str] = (),
    stated: StatedFormat = NOTHING_STATED,
    encoding: str | None = None,
) -> CsvFile:
    """Read the header.

    Parameters
    ----------
    file : file
        Read from its beginning, in pieces.
    column_names : collection of str
        Some of its columns, to find separator and header.
    stated : StatedFormat
        What is known of it.
    encoding : str, optional
        The encoding, whatever is stated: UTF-8 is what travels over HTTP.

    Raises
    ------
    NotATable
        If it is empty, another kind of file, too wide, or not CSV of its encoding.
    """
    stream = Utf8Stream(file, encoding or stated.encoding)
    if encoding == "utf-8" and stream.encoding != encoding:
        raise NotATable("not_utf8", say("another_file", kind=say("file_utf16")), 1)
    chunk = stream.read(PIECE)
    text = decode_beginning(chunk[:SAMPLE_BYTES])
    separator, line = find_header(text, column_names=column_names, stated=stated)
    start = _length_of_lines(chunk, line - 1)
    rows = _Rows(chunk[start:], line, separator)
    header_line, cells = next(rows, (line, []))
    header = chunk[start : start + rows.bytes_read]
    is_whole = stream.is_exhausted
    if (
        not is_whole
        and start + rows.bytes_read == len(chunk)
        and not header.endswith((b"\n", b"\r"))
    ):
        raise NotATable("not_csv", say("endless_row", most=PIECE), header_line)
    columns = trim(cells, 0)
    check_columns(columns, header_line)
    return CsvFile(
        columns=tuple(columns),
        newline="\r\n" if header.endswith(b"\r\n") else "\n",
        stream=stream,
        separator=separator,
        header_line=header_line,
        buffer=chunk[start + rows.bytes_read :],
        line=line + rows.lines,
        is_whole=is_whole,
    )


def _length_of_lines(raw: bytes, count: int) -> int:
    """Return how many bytes so many lines take."""
    return sum(map(len, raw[:SAMPLE_BYTES].splitlines(keepends=True)[:count]))


class _Rows(Iterator[NumberedRow]):
    """Reads rows, and counts the bytes and the lines that were taken for them."""

    def __init__(self, raw: bytes, line: int, separator: str) -> None:
        # Of bytes, splitlines knows LF, CRLF and CR only.
        self._raw, self._line = iter(raw.splitlines(keepends=True)), line
        self._reader = csv.reader(self._decode_lines(), delimiter=separator, strict=True)
        self.bytes_read = self.lines = 0
        self.is_exhausted = False

    def __next__(self) -> NumberedRow:
        while True:
            line = self._line + self.lines
            try:
                cells = next(self._reader)
            except csv.Error as error:
                raise NotATable("not_csv", say("not_csv", problem=str(error)), line) from None
            if len(cells) > 1 or (cells and cells[0].strip(" \t")):
                return line, cells

    def _decode_lines(self) -> Iterator[str]:
        for raw in self._raw:
            self.bytes_read += len(raw)
            self.lines += 1
            try:
                yield raw.decode()
            except UnicodeDecodeError:
                line = self._line + self.lines - 1
                raise NotATable("not_utf8", say("table_not_utf8"), line) from None
        self.is_exhausted = True


def _whole_rows(raw: bytes, line: int, separator: str) -> tuple[int, Sequence[NumberedRow] | None]:
    """Return how many bytes are whole rows, and the rows if finding that out has read them."""
    # A CR at the very end may be the first half of a CRLF.
    end = max(raw.rfind(b"\n"), raw.rfind(b"\r", 0, -1)) + 1
    if b'"' not in raw:
        return end, None
    rows, length, parsed_rows = _Rows(raw[:end], line, separator), 0, []
    try:
        for row in rows:
            parsed_rows.append(row)
            length = rows.bytes_read
    except NotATable:
        # A quoted cell goes on behind the piece; other faults are raised when the rows are read.
        return (length, parsed_rows) if rows.is_exhausted else (end, None)
    return end, parsed_rows


def _count_lines(raw: bytes) -> int:
    return raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")


def trim(cells: list[AnyCell], width: int) -> list[AnyCell]:
    """Drop empty cells at the end that are beyond a width."""
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells if end == len(cells) else cells[:end]


def check_columns(columns: Sequence[str], line: int) -> None:
    """Check that there are columns, not too many and not too long."""
    if not columns:
        raise NotATable("no_header", say("no_header"), line)
    if len(columns) > MAX_COLUMNS:
        text = say("too_many_columns", most=MAX_COLUMNS, count=len(columns))
        raise NotATable("too_many_columns", text, line)
    if max(map(len, columns)) > MAX_NAME_LENGTH:
        raise NotATable("long_column", say("long_column", most=MAX_NAME_LENGTH), line)
