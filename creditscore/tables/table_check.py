"""A table looked at before it is scored: how many rows are valid, and what is wrong where."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import say
from creditscore.i18n.number_format import say_number
from creditscore.readers import clean_name
from creditscore.readers.cell_text import cell_text
from creditscore.schema import Schema
from creditscore.schema.reference import REFERENCE
from creditscore.schema.table_columns import field_columns
from creditscore.tables.table import Block, RejectedRow, RowReader, Table

#: Different rows that are known to be valid.
MAX_CACHED_ROWS = 10_000

#: Rejected rows that a table may have: what is said of each is several times as long as the row.
MAX_REJECTED = 10_000

#: Rows that are shown: the first ones, and so many rejected ones behind them.
FIRST_ROWS, REJECTED_ROWS = 8, 12


@dataclass(frozen=True)
class CheckedRow:
    """A row as it came, and what is wrong with it.

    Attributes
    ----------
    line : int
        Its line (CSV) or row (Excel), counted from 1.
    cells : sequence of str
        Perhaps too many or too few.
    faults : sequence of Fault
        Empty if the row is valid.
    wrong : frozenset of int
        The places of the cells that have a fault.
    """

    line: int
    cells: Sequence[str]
    faults: Sequence[Fault]
    wrong: frozenset[int]


@dataclass
class RowSample:
    """Counts the rows of a table, and keeps those that are shown.

    These are its first rows, and the first rejected ones.

    Parameters
    ----------
    table : Table
    schema : Schema
    max_first, max_rejected : int
        How many of each; rejected ones among the first count as first.

    Attributes
    ----------
    rows : list of CheckedRow
        Those that are shown.
    valid, rejected : int
        All rows that can be decided on, and all that are not valid applicants, shown or not.
    """

    table: Table
    schema: Schema
    max_first: int = FIRST_ROWS
    max_rejected: int = REJECTED_ROWS
    rows: list[CheckedRow] = field(default_factory=list, init=False)
    valid: int = field(default=0, init=False)
    rejected: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Find the columns that faults point to."""
        columns = field_columns(self.table.columns, self.schema)
        self._columns = {f"/{name}": indices[0] for name, indices in columns.items()}
        names = list(map(clean_name, self.table.columns))
        if REFERENCE in names:
            self._columns.setdefault(f"/{REFERENCE}", names.index(REFERENCE))

    def add(self, block: Block, rejected: dict[int, RejectedRow]) -> None:
        """Count the rows of a block, and take what is shown, given its rejected rows by index.

        Raises
        ------
        InvalidApplicants
            If there are more rejected rows than `MAX_REJECTED`, with the faults of the first.
        """
        count = len(block.numbers)
        first = range(max(0, min(count, self.max_first - self.valid - self.rejected)))
        for index in first:
            self._take(block, index, rejected.get(index))
        for index, row in rejected.items():
            if self.max_rejected and index not in first:
                self.max_rejected -= 1
                self._take(block, index, row)
        self.valid += count - len(rejected)
        self.rejected += len(rejected)
        if self.rejected > MAX_REJECTED:
            text = say("too_many_rejected", most=say_number(MAX_REJECTED))
            faults = (replace(fault, line=row.line) for row in self.rows for fault in row.faults)
            raise InvalidApplicants([Fault("too_many_rejected", "", text), *faults])

    def _take(self, block: Block, index: int, rejected: RejectedRow | None) -> None:
        faults = rejected.first_faults if rejected is not None else ()
        wrong = frozenset(
            self._columns[fault.pointer] for fault in faults if fault.pointer in self._columns
        )
        cells = list(map(cell_text, block.row(index)))
        self.rows.append(CheckedRow(block.numbers[index], cells, faults, wrong))


def check_table(table: Table, schema: Schema) -> RowSample:
    """Read all rows of a table, and decide on none.

    Raises
    ------
    NotATable
        With the line, where it cannot be read.
    InvalidApplicants
        As of `RowSample.add`.
    """
    sample, reader = RowSample(table, schema), RowReader(schema, table)
    valid_keys: set[Hashable] = set()
    for block in table.blocks():
        if len(valid_keys) > MAX_CACHED_ROWS:
            valid_keys.clear()
        rejected = {}
        for index, (key, reference) in enumerate(
            zip(block.keys, reader.references(block), strict=True)
        ):
            row = None if key in valid_keys else reader.applicant(block, index)
            if isinstance(row, RejectedRow) or isinstance(reference, RejectedRow):
                rejected[index] = RejectedRow(reader, block, index)
            else:
                valid_keys.add(key)
        sample.add(block, rejected)
    return sample
