"""A table of applicants, whatever format it has: its header, its rows, block by block."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import Text, say
from creditscore.nearest_name import nearest_name
from creditscore.schema import MOST_FAULTS, Applicant, Field, Schema

#: Columns that are no fields, of which the nearest to a missing name is looked for.
MOST_HINTS = 100


@dataclass(frozen=True, eq=False)
class RejectedRow:
    """A row that is not a valid applicant, and why."""

    faults: Sequence[Fault]


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
        """Return the rows as lines of CSV in UTF-8, without their ends."""


class Table(Protocol):
    """A table whose header has been read.

    Attributes
    ----------
    columns : sequence of str
        Its header.
    """

    @property
    def columns(self) -> Sequence[str]: ...  # noqa: D102

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
        Columns that are not fields are left out.
    """

    def __init__(self, schema: Schema, table: Table) -> None:
        names = [name for name in schema.fields if name in table.columns]
        self._fields = [(schema.fields[name], table.columns.index(name)) for name in names]
        self._width, self._read, self._schema = len(table.columns), table.read, schema

    def applicant(self, block: Block, index: int) -> Applicant | RejectedRow:
        """Return the applicant of a row, or what is wrong with it."""
        cells = block.row(index)
        if len(cells) != self._width:
            text = say("wrong_cells", got=len(cells), expected=self._width)
            return RejectedRow([Fault("wrong_cells", "", text)])
        values = ((field.name, self._read(field, cells[column])) for field, column in self._fields)
        try:
            return self._schema.parse({name: raw for name, raw in values if raw is not None})
        except InvalidApplicants as error:
            return RejectedRow(error.faults)


def check_header(columns: Sequence[str], schema: Schema, *, taken: Collection[str]) -> None:
    """Check that the columns have different names, and that none is missing.

    Parameters
    ----------
    columns : sequence of str
        The header; columns that are not fields are passed through.
    schema : Schema
    taken : collection of str
        Names that no column may have.

    Raises
    ------
    InvalidApplicants
        With all that is wrong.
    """
    if not columns:
        raise InvalidApplicants([Fault("no_header", "", say("no_header"), 1)])
    faults = []
    for name, count in Counter(columns).items():
        if count > 1:
            faults.append(Fault("column_twice", "", say("column_twice", name=_short(name)), 1))
        elif name in taken:
            faults.append(Fault("column_taken", "", say("column_taken", name=name), 1))
    given = set(columns)
    missing = [name for name in schema.base_fields if name not in given | schema.optional]
    # Finding the nearest name takes its time.
    unknown = (name for name in columns if name not in schema.fields)
    others = list(itertools.islice(unknown, MOST_HINTS))
    faults += [
        Fault("column_missing", f"/{name}", _missing(name, others), 1)
        for name in missing[:MOST_FAULTS]
    ]
    if faults:
        raise InvalidApplicants(faults[:MOST_FAULTS])


def _missing(name: str, others: Sequence[str]) -> Text:
    if near := nearest_name(name, others):
        return say("column_missing_near", field=name, nearest=_short(near))
    return say("column_missing", field=name)


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:40]}…"
