"""What comes of a table's rows: decisions behind the rows as CSV, and rejects beside them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any, Protocol

from creditscore.files import atomic_write
from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, in_language
from creditscore.schema.csv_cells import to_line
from creditscore.tables.table import Block, RejectedRow, Table


@dataclass
class Counts:
    """How many rows there were.

    Attributes
    ----------
    scored, rejected : int
        Those that got a decision, and those that were no valid applicants.
    first_reject : str
        Where the first of these is, and why.
    """

    scored: int = 0
    rejected: int = 0
    first_reject: str = ""


class Output(Protocol):
    """Takes what came of the rows."""

    def write(self, block: Block, results: Sequence[Any], refused: Sequence[int]) -> None:
        """Write the rows of a block, less those at the places that were refused."""


class RowScorer(Protocol):
    """Decides on rows; `scorer.Scorer` is one."""

    def score(self, block: Block) -> Sequence[Any]:
        """Give for each row what is shown of its decision, or `RejectedRow`."""


@dataclass(frozen=True)
class CsvOutput:
    """Decisions as CSV: each row as it came, and the decision's columns behind it."""

    file: IO[bytes]
    newline: str

    def begin(self, columns: Sequence[str]) -> None:
        """Write the header."""
        self.file.write(f"{to_line(columns)}{self.newline}".encode())

    def end(self, text: str) -> bytes:
        """Give what stands behind a row: a decision's text, to the line's end."""
        return f",{text}{self.newline}".encode()

    def write(self, block: Block, results: Sequence[Any], refused: Sequence[int]) -> None:
        """Write the rows of a block, less those at the places that were refused."""
        ends = without(results, refused)
        pairs = zip(without(block.lines(), refused), ends, strict=True)
        self.file.write(b"".join(chain.from_iterable(pairs)))


@dataclass
class Rejects:
    """Rows that are no valid applicants, each with its line and what is wrong, as CSV.

    Attributes
    ----------
    path : Path or None
        Where to; None for nowhere. There is a file only if there are such rows.
    header : sequence of str
        The table's.
    stack : ExitStack
        Closes it.
    """

    path: Path | None
    header: Sequence[str]
    stack: contextlib.ExitStack
    _file: IO[bytes] | None = field(default=None, init=False)

    def take(self, block: Block, results: Sequence[Any], refused: Sequence[int]) -> str:
        """Keep those at some places of a block, and tell of the first of them."""
        told = ""
        for place in refused:
            faults = results[place].faults
            why = "; ".join(in_language(fault.text, FALLBACK_LANGUAGE) for fault in faults)
            told = told or f"line {block.numbers[place]}: {why}"
            self._write([block.numbers[place], why, *block.row(place)])
        return told

    def _write(self, cells: Sequence[object]) -> None:
        if self.path is None:
            return
        if self._file is None:
            self._file = self.stack.enter_context(atomic_write(self.path))
            self._file.write(f"{to_line(['line', 'faults', *self.header])}\n".encode())
        self._file.write(f"{to_line(cells)}\n".encode())


def score_table(
    table: Table,
    scorer: RowScorer,
    output: Output,
    rejects: Rejects,
    *,
    progress: Callable[[int], None] = lambda rows: None,
) -> Counts:
    """Score a table block by block.

    Parameters
    ----------
    progress : callable
        Is told of every block how many rows it had.
    """
    counts = Counts()
    for block in table.blocks():
        results = scorer.score(block)
        refused = [i for i, result in enumerate(results) if type(result) is RejectedRow]
        if refused:
            first = rejects.take(block, results, refused)
            counts.first_reject = counts.first_reject or first
        output.write(block, results, refused)
        counts.scored += len(results) - len(refused)
        counts.rejected += len(refused)
        progress(len(results))
    return counts


def without(rows: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """Leave out the rows at some places, which are in ascending order."""
    if not places:
        return rows
    left = list(rows)
    for place in reversed(places):
        del left[place]
    return left
