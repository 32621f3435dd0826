"""A table of applicants, whatever format it has: its header, its rows, block by block."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, Text, say, shorten
from creditscore.nearest_name import nearest_name
from creditscore.readers import clean_name
from creditscore.readers.cell_text import cell_text
from creditscore.schema import MAX_FAULTS, Applicant, Field, Schema
from creditscore.schema.constraints import Rejected
from creditscore.schema.csv_cells import unescape
from creditscore.schema.reference import REFERENCE, accept_reference, reference_fault
from creditscore.schema.table_columns import field_columns

Result = TypeVar("Result")

#: Columns that are no fields, of which the nearest to a missing name is looked for.
MAX_HINTS = 100

#: Faults that are told of a row where many rows are listed.
MAX_ROW_FAULTS = 10


@dataclass(frozen=True, eq=False, slots=True)
class RejectedRow:
    """A row that is not a valid applicant.

    What is wrong is found once more when it is asked for: kept, it would take many times the memory
    of the row.
    """

    reader: RowReader
    block: Block
    index: int

    @property
    def faults(self) -> list[Fault]:
        """All that is wrong with it."""
        return self.reader.faults(self.block, self.index)

    @property
    def first_faults(self) -> list[Fault]:
        """Some of that, and how much more there is."""
        faults = self.faults
        if more := len(faults[MAX_ROW_FAULTS:]):
            faults[MAX_ROW_FAULTS:] = [Fault("more_faults", "", say("more_faults", count=more))]
        return faults


class Block(Protocol):
    """Some rows of a table.

    Attributes
    ----------
    numbers : sequence of int
        The line (CSV) or row (Parquet) of each in the file, counted from 1.
    keys : sequence of hashable
        Of each row the cells of its fields: rows with equal keys get the same decision.
    """

    @property
    def numbers(self) -> Sequence[int]: ...  # noqa: D102

    @property
    def keys(self) -> Sequence[Hashable]: ...  # noqa: D102

    def row(self, index: int) -> Sequence[Any]:
        """Return all cells of a row, which may be too many or too few."""

    def lines(self) -> Sequence[bytes]:
        """Return the rows as lines of CSV in UTF-8 in the table's style, without their ends."""


@dataclass(frozen=True)
class Style:
    """How a table is written as CSV: its rows, and what is put behind them.

    Attributes
    ----------
    separator : str
        Between cells.
    newline : str
        The line end.
    decimal : {".", ","}
        The decimal sign of the decision's numbers.
    """

    separator: str = ","
    newline: str = "\n"
    decimal: str = "."

    def of(self, columns: DecisionColumns, schema: Schema) -> DecisionColumns:
        """Return the decision's columns as they are written behind such a table."""
        return replace(
            columns,
            prefix=schema.decision_prefix,
            separator=self.separator,
            decimal=self.decimal,
        )


class Table(Protocol):
    """A table whose header has been read.

    Attributes
    ----------
    columns : sequence of str
        Its header.
    style : Style
        How its rows are written as CSV.
    """

    @property
    def columns(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def style(self) -> Style: ...  # noqa: D102

    def blocks(self) -> Iterator[Block]:
        """Read the rows, some at a time."""

    def read(self, field: Field, cell: Any) -> object:
        """Read a cell as the JSON value that it stands for; None where it is empty."""

    def share_read(self) -> float | None:
        """Return the share of the table that has been read; None if it is not known."""


class RowReader:
    """Reads rows of a table as applicants.

    Parameters
    ----------
    schema : Schema
    table : Table
        Columns that are neither fields nor the reference are left out.
    """

    def __init__(self, schema: Schema, table: Table) -> None:
        columns = field_columns(table.columns, schema)
        self._fields = [(schema.fields[name], indices[0]) for name, indices in columns.items()]
        self._width, self._read_cell, self._schema = len(table.columns), table.read, schema
        field_indices = {index for indices in columns.values() for index in indices}
        names = map(clean_name, table.columns)
        reference_indices = [
            index
            for index, name in enumerate(names)
            if name == REFERENCE and index not in field_indices
        ]
        self._reference = next(iter(reference_indices), None)

    def applicant(self, block: Block, index: int) -> Applicant | RejectedRow:
        """Return the applicant of a row, or what is wrong with it."""
        try:
            return self._parse(block.row(index))
        except InvalidApplicants:
            return RejectedRow(self, block, index)

    def references(self, block: Block) -> list[str | RejectedRow | None]:
        """Return each row's reference, None where it has none, or what is wrong with it."""
        rows = range(len(block.numbers))
        if self._reference is None:
            return [None for _ in rows]
        return [self._reference_of(block, index) for index in rows]

    def faults(self, block: Block, index: int) -> list[Fault]:
        """Return all that is wrong with a row and its reference."""
        cells = block.row(index)
        faults: list[Fault] = []
        for read in (self._parse, self._read_reference):
            try:
                read(cells)
            except InvalidApplicants as error:
                faults += error.faults
        return faults

    def _parse(self, cells: Sequence[Any]) -> Applicant:
        if len(cells) != self._width:
            text = say("wrong_cells", got=len(cells), expected=self._width)
            raise InvalidApplicants([Fault("wrong_cells", "", text)])
        values = (
            (field.name, self._read_cell(field, cells[column])) for field, column in self._fields
        )
        return self._schema.parse({name: raw for name, raw in values if raw is not None})

    def _reference_of(self, block: Block, index: int) -> str | RejectedRow | None:
        try:
            return self._read_reference(block.row(index))
        except InvalidApplicants:
            return RejectedRow(self, block, index)

    def _read_reference(self, cells: Sequence[Any]) -> str | None:
        # Another number of cells is a fault of the applicant.
        if self._reference is None or len(cells) != self._width:
            return None
        raw = unescape(cell_text(cells[self._reference]))
        try:
            return accept_reference(raw)
        except Rejected as rejected:
            raise InvalidApplicants([reference_fault(raw, rejected.code)]) from None


def refer(result: Result | RejectedRow, reference: object) -> Result | RejectedRow:
    """Return a row's result, or the row as rejected where its reference is wrong."""
    return reference if isinstance(reference, RejectedRow) else result


def check_header(
    columns: Sequence[str], schema: Schema, *, reserved_names: Collection[str], line: int = 1
) -> dict[str, int]:
    """Check that the columns have different names, and that none is missing.

    Parameters
    ----------
    columns : sequence of str
        The header; columns that are not fields are passed through.
    schema : Schema
    reserved_names : collection of str
        Names that no column may have.
    line : int
        The header's.

    Returns
    -------
    dict of str to int
        The index of each field's column.

    Raises
    ------
    InvalidApplicants
        With all that is wrong.
    """
    if not columns:
        raise InvalidApplicants([Fault("no_header", "", say("no_header"), line)])
    faults = []
    columns_by_field = field_columns(columns, schema)
    names = {index: name for name, indices in columns_by_field.items() for index in indices}
    # Several columns may have no name; of the others no two may mean the same.
    name_counts = Counter(
        names.get(index, clean_name(column))
        for index, column in enumerate(columns)
        if clean_name(column)
    )
    for name, count in name_counts.items():
        if count > 1:
            text = say("column_twice", name=shorten(name))
            faults.append(Fault("column_twice", "", text, line))
    for column in columns:
        if column in reserved_names:
            faults.append(Fault("column_taken", "", say("column_taken", name=column), line))
    missing_names = [
        name for name in schema.base_fields if name not in {*columns_by_field, *schema.optional}
    ]
    # Finding the nearest name takes its time.
    spare_columns = (column for index, column in enumerate(columns) if index not in names)
    candidates = list(itertools.islice(spare_columns, MAX_HINTS))
    faults += [
        Fault("column_missing", f"/{name}", _missing_text(schema.fields[name], candidates), line)
        for name in missing_names[:MAX_FAULTS]
    ]
    if faults:
        raise InvalidApplicants(faults[:MAX_FAULTS])
    return {name: indices[0] for name, indices in columns_by_field.items()}


def taken_columns(columns: Sequence[str], schema: Schema) -> list[str]:
    """Say which columns of a table are called as those of a decision, which scoring refuses."""
    types = DecisionColumns(True, language=DEFAULT_LANGUAGE, prefix=schema.decision_prefix).types
    reserved = [column for column in columns if column in types]
    if not reserved:
        return []
    prefix = "credit_"
    return [
        f"a decision has columns of the names {', '.join(reserved)}: tables with such ones cannot "
        f"be scored; say [file] decision_prefix = {prefix!r} in the schema file, or rename them"
    ]


def _missing_text(field: Field, candidates: Sequence[str]) -> Text:
    for name in filter(None, (field.name, field.column)):
        if nearest := nearest_name(name, candidates):
            nearest = shorten(nearest)
            return say("column_missing_near", field=field.name, nearest=nearest)
    if field.column is not None:
        return say("column_missing_either", field=field.name, column=field.column)
    return say("column_missing", field=field.name)
