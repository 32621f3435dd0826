"""Results of a table's rows: decisions as CSV behind each row, rejected rows in another file."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any

from creditscore.files import open_output
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, in_language
from creditscore.schema.csv_cells import to_line
from creditscore.tables.table import Block, Style


@dataclass
class Counts:
    """Numbers of rows.

    Attributes
    ----------
    scored, rejected : int
        Rows that got a decision, and rows that are not valid applicants.
    first_reject : str
        Line of the first rejected row, and what is wrong with it.
    """

    scored: int = 0
    rejected: int = 0
    first_reject: str = ""


@dataclass
class CsvOutput:
    """Decisions as CSV: each row as it came, and the decision's columns behind it.

    Attributes
    ----------
    file : file
    style : Style
        The table's.
    columns : sequence of str
        The header, written with the first rows if not before.
    """

    file: IO[bytes]
    style: Style
    columns: Sequence[str]
    _has_header: bool = field(default=False, init=False)

    def begin(self) -> None:
        """Write the header."""
        line = to_line(self.columns, self.style.separator)
        self.file.write(f"{line}{self.style.newline}".encode())
        self._has_header = True

    def end(self, text: str) -> bytes:
        """Return a decision's cells as what is appended to its row, line end included."""
        return f"{self.style.separator}{text}{self.style.newline}".encode()

    def write(self, block: Block, results: Sequence[Any], rejected: Sequence[int]) -> None:
        """Write the rows of a block, without those at the indices that were rejected."""
        if not self._has_header:
            self.begin()
        ends = without(results, rejected)
        pairs = zip(without(block.lines(), rejected), ends, strict=True)
        self.file.write(b"".join(chain.from_iterable(pairs)))


@dataclass
class Rejects:
    """Writes rows that are not valid applicants as CSV, each with its line and what is wrong.

    Attributes
    ----------
    path : Path or None
        The file, made only if there are such rows; None to write none.
    header : sequence of str
    style : Style
        The table's.
    stack : ExitStack
        Closes the file.
    """

    path: Path | None
    header: Sequence[str]
    style: Style
    stack: contextlib.ExitStack
    _file: IO[bytes] | None = field(default=None, init=False)

    def write(self, block: Block, results: Sequence[Any], rejected: Sequence[int]) -> str:
        """Write the rows of a block that were rejected; return line and faults of the first."""
        first_reject = ""
        for index in rejected:
            faults = results[index].first_faults
            reason = "; ".join(in_language(fault.text, DEFAULT_LANGUAGE) for fault in faults)
            first_reject = first_reject or f"line {block.numbers[index]}: {reason}"
            self._write([block.numbers[index], reason, *block.row(index)])
        return first_reject

    def _write(self, cells: Sequence[object]) -> None:
        if self.path is None:
            return
        if self._file is None:
            self._file = self.stack.enter_context(open_output(self.path))
            self._file.write(self._line(["line", "faults", *self.header]))
        self._file.write(self._line(cells))

    def _line(self, cells: Sequence[object]) -> bytes:
        return f"{to_line(cells, self.style.separator)}\n".encode()


def without(rows: Sequence[Any], indices: Sequence[int]) -> Sequence[Any]:
    """Return rows without those at some indices, which are in ascending order."""
    if not indices:
        return rows
    remaining_rows = list(rows)
    for index in reversed(indices):
        del remaining_rows[index]
    return remaining_rows
