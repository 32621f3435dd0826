"""A table looked at before it is scored: how many rows are valid, and what is wrong where."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
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
    """Collects the rows of a table that are shown: its first ones, and the first rejected ones.

    Parameters
    ----------
    table : Table
    schema : Schema
    max_first, max_rejected : int
        How many of each; rejected ones among the first count as first.

    Attributes
    ----------
    rows : list of CheckedRow
    rejected : int
        All rejected rows, shown or not.
    """

    table: Table
    schema: Schema
    max_first: int = FIRST_ROWS
    max_rejected: int = REJECTED_ROWS
    rows: list[CheckedRow] = field(default_factory=list, init=False)
    rejected: int = field(default=0, init=False)
    _row_count: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Find the columns that faults point to."""
        columns = field_columns(self.table.columns, self.schema)
        self._columns = {f"/{name}": indices[0] for name, indices in columns.items()}
        names = list(map(clean_name, self.table.columns))
        if REFERENCE in names:
            self._columns.setdefault(f"/{REFERENCE}", names.index(REFERENCE))

    def add(self, block: Block, rejected: dict[int, RejectedRow]) -> None:
        """Take what is shown of a block, given its rejected rows by their index.

        Raises
        ------
        InvalidApplicants
            If there are more rejected rows than `MAX_REJECTED`, with the faults of the first.
        """
        count = len(block.numbers)
        first = range(max(0, min(count, self.max_first - self._row_count)))
        self._row_count += count
        for index in first:
            self._take(block, index, rejected.get(index))
        for index, row in rejected.items():
            if self.max_rejected and index not in first:
                self.max_rejected -= 1
                self._take(block, index, row)
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
    InvalidApplicants
        As of `RowSample.add`.
    """
    sample, valid = RowSample(table, schema), 0
    for block, faulty_rows in _check_blocks(table, schema):
        valid += len(block.numbers) - len(faulty_rows)
        sample.add(block, faulty_rows)
    return CheckedTable(valid, sample.rejected, sample.rows)


def _check_blocks(table: Table, schema: Schema) -> Iterator[tuple[Block, dict[int, RejectedRow]]]:
    """Read the rows, and return the rejected ones of each block by their index."""
    reader = RowReader(schema, table)
    valid_keys: set[Hashable] = set()
    for block in table.blocks():
        if len(valid_keys) > MAX_CACHED_ROWS:
            valid_keys.clear()
        faulty_rows = {}
        for index, (key, reference) in enumerate(
            zip(block.keys, reader.references(block), strict=True)
        ):
            row = None if key in valid_keys else reader.applicant(block, index)
            if isinstance(row, RejectedRow) or isinstance(reference, RejectedRow):
                faulty_rows[index] = RejectedRow(reader, block, index)
            else:
                valid_keys.add(key)
        yield block, faulty_rows
