"""A table looked at before it is scored: how many rows are valid, and what is wrong where."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from creditscore.errors import Fault
from creditscore.readers import clean_name
from creditscore.readers.cell_text import cell_text
from creditscore.schema import Schema
from creditscore.schema.reference import REFERENCE
from creditscore.schema.table_columns import field_columns
from creditscore.tables.table import Block, RejectedRow, RowReader, Table, refer

#: Rows whose faults are kept, for equal ones to come.
MAX_CACHED_ROWS = 100_000

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
    """Collects the rows of a table that are shown: its first ones, and the first rejected ones.

    Parameters
    ----------
    table : Table
    schema : Schema
    max_first, max_rejected : int
        How many of each; rejected ones among the first count as first.
    """

    table: Table
    schema: Schema
    max_first: int = FIRST_ROWS
    max_rejected: int = REJECTED_ROWS
    rows: list[CheckedRow] = field(default_factory=list, init=False)
    _row_count: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Find the columns that faults point to."""
        columns = field_columns(self.table.columns, self.schema)
        self._columns = {f"/{name}": indices[0] for name, indices in columns.items()}
        names = list(map(clean_name, self.table.columns))
        if REFERENCE in names:
            self._columns.setdefault(f"/{REFERENCE}", names.index(REFERENCE))

    def add(self, block: Block, rejected: dict[int, RejectedRow]) -> None:
        """Take what is shown of a block, given its rejected rows by their index."""
        count = len(block.numbers)
        first = range(max(0, min(count, self.max_first - self._row_count)))
        self._row_count += count
        for index in first:
            self._take(block, index, rejected.get(index))
        for index, row in rejected.items():
            if self.max_rejected and index not in first:
                self.max_rejected -= 1
                self._take(block, index, row)

    def _take(self, block: Block, index: int, rejected: RejectedRow | None) -> None:
        faults = rejected.faults if rejected is not None else ()
        wrong = frozenset(
            self._columns[fault.pointer] for fault in faults if fault.pointer in self._columns
        )
        cells = list(map(cell_text, block.row(index)))
        self.rows.append(CheckedRow(block.numbers[index], cells, faults, wrong))


@dataclass(frozen=True)
class CheckedTable:
    """What is known of a table before it is scored.

    Attributes
    ----------
    valid, rejected : int
        Rows that can be decided on, and rows that are not valid applicants.
    rows : sequence of CheckedRow
        Those that are shown.
    """

    valid: int
    rejected: int
    rows: Sequence[CheckedRow]


def check_table(table: Table, schema: Schema) -> CheckedTable:
    """Read all rows of a table, and decide on none.

    Raises
    ------
    NotATable
        With the line, where it cannot be read.
    """
    sample, valid, rejected = RowSample(table, schema), 0, 0
    for block, faulty_rows in _check_blocks(table, schema):
        valid += len(block.numbers) - len(faulty_rows)
        rejected += len(faulty_rows)
        sample.add(block, faulty_rows)
    return CheckedTable(valid, rejected, sample.rows)


def _check_blocks(table: Table, schema: Schema) -> Iterator[tuple[Block, dict[int, RejectedRow]]]:
    """Read the rows, and return the rejected ones of each block by their index."""
    reader = RowReader(schema, table)
    cache: dict[Hashable, RejectedRow | None] = {}
    for block in table.blocks():
        if len(cache) > MAX_CACHED_ROWS:
            cache.clear()
        faulty_rows = {}
        for index, (key, reference) in enumerate(
            zip(block.keys, reader.references(block), strict=True)
        ):
            if key not in cache:
                row = reader.applicant(block, index)
                cache[key] = row if isinstance(row, RejectedRow) else None
            result = refer(cache[key], reference)
            if result is not None:
                faulty_rows[index] = result
        yield block, faulty_rows
