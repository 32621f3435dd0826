"""Read the rows of training data into columns, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from creditscore.arrays import Floats, Ints
from creditscore.errors import DatasetError
from creditscore.readers import FileFormat, TableFile
from creditscore.readers.cell_text import Cell, TypedRow, cell_text
from creditscore.schema import Schema
from creditscore.schema.decimal_signs import decimal_signs
from creditscore.training.column_reader import FieldReader, NamelessColumn, OutcomeColumn
from creditscore.training.header import Header
from creditscore.training.sample_columns import SampleColumn
from creditscore.training.wrong_cells import TableFault, refuse_table

#: How decimal signs are called.
DECIMALS = {".": "decimal points", ",": "decimal commas"}


class RowReader:
    """Reads rows piece by piece into columns of numbers, so that no cell is kept as text.

    Parameters
    ----------
    path : Path
        The file as it was named, for errors.
    file : TableFile
    schema : Schema
    header : Header
    """

    def __init__(self, path: Path, file: TableFile, schema: Schema, header: Header) -> None:
        self._path, self._file, self._label = path, file, schema.label
        self._label_index, self._width = header.label, len(file.columns)
        self._decimals = decimal_signs(file, schema, header.fields)
        columns = file.columns
        self._fields = [
            (FieldReader(schema.fields[name], columns[index], self._decimals.get(name)), index)
            for name, index in header.fields.items()
        ]
        self._outcome = OutcomeColumn(schema.label)
        self._sample = [
            (SampleColumn(role, columns[index].strip(), schema.file.decimal), index)
            for role, index in header.sample.items()
        ]
        self._nameless = [(NamelessColumn(columns[at], 1 + at), at) for at in header.nameless]
        self._rows = self._kept_rows = self._odd_rows = 0
        self._bad_rows: set[int] = set()
        self._odd: TableFault | None = None

    def read(self, rows: Sequence[TypedRow]) -> None:
        """Read some rows."""
        self._rows += len(rows)
        rows = self._of_right_width(rows)
        if not rows:
            return
        lines: Sequence[int] = [line for line, _ in rows]
        columns: list[Sequence[Cell]] = list(zip(*[cells for _, cells in rows], strict=True))
        for nameless, index in self._nameless:
            nameless.read(_texts(columns[index]), lines)
        kept_indices = self._outcome.read(_texts(columns[self._label_index]))
        if kept_indices is not None:
            lines = [lines[index] for index in kept_indices]
            columns = [[cells[index] for index in kept_indices] for cells in columns]
        for column, index in self._sample:
            column.read(columns[index], lines)
        for field, index in self._fields:
            wrong = field.read(_texts(columns[index], write=field.write), lines)
            self._bad_rows.update(self._kept_rows + index for index in wrong)
        self._kept_rows += len(lines)

    def _of_right_width(self, rows: Sequence[TypedRow]) -> Sequence[TypedRow]:
        odd = [row for row in rows if len(row[1]) != self._width]
        if not odd:
            return rows
        if self._odd is None:
            line, cells = odd[0]
            text = f"has {len(cells)} cells, the header has {self._width}"
            self._odd = TableFault(text, line)
        self._odd_rows += len(odd)
        return [row for row in rows if len(row[1]) == self._width]

    def refuse_faults(self) -> None:
        """Check that there are rows, and that nothing is wrong with any.

        Raises
        ------
        DatasetError
            With all that is wrong.
        """
        if not self._rows:
            raise DatasetError(self._path, "holds a header but no rows")
        faults = [fault for nameless, _ in self._nameless if (fault := nameless.fault())]
        for column, _ in self._sample:
            if fault := column.fault():
                faults.append(fault)
                self._bad_rows.update(column.wrong_rows().tolist())
        if self._odd is not None:
            more = self._odd_rows - 1
            text = self._odd.text + (f" (and {more:,} more such rows)" if more else "")
            faults.append(TableFault(text, self._odd.line))
        cells = [wrong for field, _ in self._fields for wrong in field.wrong.values()]
        bad_rows = len(self._bad_rows) + self._odd_rows
        refuse_table(self._path, cells, faults, bad_rows=bad_rows, rows=self._rows)

    def outcomes(self) -> Ints:
        """Return the outcomes: 1 for a bad one, 0 for a good one.

        Raises
        ------
        DatasetError
            If there is no row of one of them.
        """
        bad = self._outcome.finish()
        for value, words in ((0, self._label.good), (1, self._label.bad)):
            if not (bad == value).any():
                text = f"must hold both outcomes, but no row has {' or '.join(map(repr, words))}"
                counts = ", ".join(
                    f"{text!r} ({rows:,} rows)" for text, rows in self.left_out.items()
                )
                text += f"; other outcomes are {counts}" if counts else ""
                raise DatasetError(self._path, text, column=self._file.columns[self._label_index])
        return bad

    def columns(self) -> dict[str, Floats]:
        """Return the fields' columns."""
        return {field.field.name: field.finish() for field, _ in self._fields}

    def sample(self) -> dict[str, Any]:
        """Return the columns of [sample], by what they are for."""
        return {column.role: column.finish() for column, _ in self._sample}

    @property
    def folded(self) -> dict[str, int]:
        """How many rows of a field held an undocumented code."""
        return {field.field.name: field.folded for field, _ in self._fields if field.folded}

    @property
    def left_out(self) -> Mapping[str, int]:
        """How many rows had another outcome, by its text."""
        return self._outcome.left_out

    def describe_file(self) -> dict[str, Any]:
        """Return how the file is written, for the manifest."""
        file_format = self._file.format
        return {
            "kind": file_format.kind,
            "encoding": file_format.encoding,
            "separator": file_format.separator,
            "header_line": file_format.header_line,
            "sheet": file_format.sheet,
            "decimal": self._decimal(),
        }

    def notes(self) -> Iterator[str]:
        """Say what was found out about the file, and what may not be as it was meant."""
        file_format, decimal = self._file.format, self._decimal()
        plain = FileFormat()
        if file_format != plain or decimal == ",":
            sign = (
                f", with {DECIMALS[decimal]}" if file_format.kind == plain.kind and decimal else ""
            )
            yield f"{self._path.name} is {file_format.describe()}{sign}"
        for nameless, _ in self._nameless:
            yield f"column {nameless.name} is left out: it holds an index, or nothing"
        for field, _ in self._fields:
            if field.only_thousandths and file_format.kind == plain.kind:
                yield (
                    f"every value of {field.column} has exactly three digits behind its decimal "
                    f"sign: where they are thousands, say so by [file] decimal in the schema file"
                )

    def _decimal(self) -> str | None:
        """Return the decimal sign that all columns with a known one share."""
        signs = set(self._decimals.values())
        return signs.pop() if len(signs) == 1 else None


def _texts(cells: Sequence[Cell], write: Callable[[float], str] = cell_text) -> Sequence[str]:
    """Return cells as texts."""
    return [write(cell) if isinstance(cell, float) else cell for cell in cells]
