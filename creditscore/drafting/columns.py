"""Read a table into columns of texts, each different text kept once."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from creditscore.arrays import Ints
from creditscore.errors import DatasetError
from creditscore.readers import FileFormat, clean_name, naming_file, open_table_file
from creditscore.readers.cell_text import Cell, cell_text


@dataclass(frozen=True)
class Column:
    """A column of texts, as they are compared: without outer spaces, in Unicode's form NFC.

    Attributes
    ----------
    name : str
        Empty for a column without a name.
    texts : tuple of str
        The different texts, in the order in which they come first.
    codes : ndarray of shape (n_rows,)
        The index of each row's text.
    typed : frozenset of str
        The texts with a decimal point that are numbers in the file itself, a workbook or Parquet.
    """

    name: str
    texts: tuple[str, ...]
    codes: Ints
    typed: frozenset[str] = frozenset()

    @cached_property
    def counts(self) -> Ints:
        """How many rows hold each text."""
        return np.bincount(self.codes, minlength=len(self.texts))

    def of_rows(self, rows: Ints) -> Column:
        """Return the column of some of its rows, with the texts that they hold."""
        texts, first, codes = np.unique(self.codes[rows], return_index=True, return_inverse=True)
        # In the order in which they come first.
        order = np.argsort(first)
        held_texts = tuple(self.texts[index] for index in texts[order])
        return replace(self, texts=held_texts, codes=np.argsort(order)[codes])


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    path : Path
    format : FileFormat
        How the file is written.
    columns : tuple of Column
    """

    path: Path
    format: FileFormat
    columns: tuple[Column, ...]

    @property
    def n_rows(self) -> int:
        """Count the rows."""
        return len(self.columns[0].codes)

    def of_rows(self, rows: Ints) -> Table:
        """Return a table of some of its rows."""
        return replace(self, columns=tuple(column.of_rows(rows) for column in self.columns))


def read_table(path: Path) -> Table:
    """Read a table of any kind that training reads.

    Raises
    ------
    DatasetError
        If it cannot be read, or its header or a row is not as training needs it.
    """
    with naming_file(path), open_table_file(path) as file:
        header = [clean_name(name) for name in file.columns]
        _check_header(path, header, line=file.format.header_line)
        builders = [_ColumnBuilder() for _ in header]
        for piece in file.pieces():
            for line, cells in piece.typed_rows:
                if len(cells) != len(header):
                    problem = f"has {len(cells)} cells, the header has {len(header)}"
                    raise DatasetError(path, problem, line=line)
            rows = [cells for _, cells in piece.typed_rows]
            for builder, column in zip(builders, zip(*rows, strict=True), strict=False):
                builder.add(column)
        file_format = file.format
    pairs = zip(header, builders, strict=True)
    table = Table(path, file_format, tuple(builder.finish(name) for name, builder in pairs))
    if not table.n_rows:
        raise DatasetError(path, "holds a header but no rows")
    return table


def _check_header(path: Path, header: Sequence[str], *, line: int) -> None:
    for name, count in Counter(header).items():
        if name and count > 1:
            raise DatasetError(path, "appears twice in the header", line=line, column=name)


class _ColumnBuilder:
    """Collects cells, one number for each."""

    def __init__(self) -> None:
        self._numbers: defaultdict[Cell, int] = defaultdict()
        self._numbers.default_factory = self._numbers.__len__
        self._codes = array("i")

    def add(self, cells: Iterable[Cell]) -> None:
        """Add the next cells."""
        self._codes.extend(map(self._numbers.__getitem__, cells))

    def finish(self, name: str) -> Column:
        """Return the column, texts that compare alike as one."""
        places: dict[str, int] = {}
        merged, typed, untyped = list[int](), set[str](), set[str]()
        for cell in self._numbers:
            text = clean_name(cell) if isinstance(cell, str) else cell_text(cell)
            (untyped if isinstance(cell, str) else typed).add(text)
            merged.append(places.setdefault(text, len(places)))
        codes = np.frombuffer(self._codes, dtype=np.int32) if self._codes else np.empty(0, np.int32)
        lookup = np.array(merged, dtype=np.int64)
        indices = lookup[codes] if len(lookup) else codes.astype(np.int64)
        # What is a text in one row and a number in another is as ambiguous as a text.
        return Column(name, tuple(places), indices, frozenset(typed - untyped))
