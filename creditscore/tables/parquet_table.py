"""Applicants and decisions as Parquet; needs pyarrow (the extra parquet)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from creditscore.errors import BatchError
from creditscore.readers import clean_name
from creditscore.readers.cell_text import cell_text
from creditscore.readers.parquet_reader import ParquetFile, require_pyarrow
from creditscore.schema import Field, Schema
from creditscore.schema.csv_cells import to_line
from creditscore.schema.decimal_signs import decimal_signs
from creditscore.schema.table_columns import field_names
from creditscore.tables.csv_table import CellReader
from creditscore.tables.output import without
from creditscore.tables.table import Block, Style, Table, check_header

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

#: Rows that are read at once, and rows of a row group.
READ_ROWS = 8192
GROUP_ROWS = 131_072


def open_parquet(path: Path, schema: Schema, *, reserved_names: Collection[str]) -> ParquetTable:
    """Open a Parquet file.

    Parameters
    ----------
    path : Path
    schema : Schema
        Whose fields are among its columns; others are passed through.
    reserved_names : collection of str
        Names that no column may have.

    Raises
    ------
    MissingPackage
        If pyarrow is not installed.
    BatchError
        If it is no Parquet file.
    InvalidApplicants
        With all that is wrong with its columns.
    """
    require_pyarrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowException as error:
        raise BatchError(f"{path} is not a Parquet file: {error}") from None
    columns = check_header(file.schema_arrow.names, schema, reserved_names=reserved_names)
    return ParquetTable(file, schema, columns)


@dataclass
class ParquetTable:
    """A Parquet file that is open, and the index of each field's column."""

    file: pq.ParquetFile
    schema: Schema
    field_indices: Mapping[str, int]
    style: Style = field(default_factory=Style, init=False)
    _read_rows: int = field(default=0, init=False)

    @property
    def columns(self) -> Sequence[str]:
        """The names of its columns."""
        return cast(Sequence[str], self.file.schema_arrow.names)

    def blocks(self) -> Iterator[Block]:
        """Read the rows.

        Raises
        ------
        BatchError
            Where the file is damaged.
        """
        field_indices = list(self.field_indices.values())
        try:
            for batch in self.file.iter_batches(batch_size=READ_ROWS):
                start = self._read_rows + 1
                self._read_rows += len(batch)
                yield ParquetBlock(range(start, start + len(batch)), batch, field_indices)
        except (OSError, ValueError) as error:
            raise BatchError(f"the Parquet file is damaged: {error}") from None

    def read(self, field: Field, cell: Any) -> object:
        """Read a cell as the JSON value that it stands for; None where it is empty."""
        if isinstance(cell, Decimal):
            return float(cell)
        # pandas writes a number that is missing as NaN.
        if cell is None or cell != cell:
            return None
        if type(cell) in (int, float) and field.rule.python_type is not str:
            return cell
        # As in training, and as the same table is read from CSV.
        return self._cells.read(field, cell_text(cell))

    @cached_property
    def _cells(self) -> CellReader:
        source = ParquetFile(tuple(self.columns), self.file)
        decimals = decimal_signs(source, self.schema, self.field_indices)
        return CellReader(decimals, self.schema.fields)

    def share_read(self) -> float | None:
        """Return the share of the table that has been read; None if it has no rows."""
        rows = self.file.metadata.num_rows
        return self._read_rows / rows if rows else None


@dataclass(frozen=True)
class ParquetBlock:
    """Some rows of a Parquet file."""

    numbers: Sequence[int]
    batch: pa.RecordBatch
    field_indices: Sequence[int]

    @cached_property
    def keys(self) -> Sequence[Hashable]:
        """The fields' cells of each row."""
        columns = [self.batch.column(index).to_pylist() for index in self.field_indices]
        return list(zip(*columns, strict=True))

    @cached_property
    def _columns(self) -> list[list[Any]]:
        return [column.to_pylist() for column in self.batch.columns]

    def row(self, index: int) -> Sequence[Any]:
        """Return all cells of a row."""
        return [column[index] for column in self._columns]

    def lines(self) -> Sequence[bytes]:
        """Return the rows as lines of CSV."""
        rows = zip(*self._columns, strict=True)
        return [to_line(map(_as_text, row)).encode() for row in rows]


class ParquetOutput:
    """Writes Parquet: the columns of each row, then those of its decision.

    Parameters
    ----------
    file : file
        To be written.
    table : Table
        Where the rows come from.
    schema : Schema
        Of the fields, for tables whose cells are all texts.
    types : mapping of str to type
        The decision's columns.
    """

    def __init__(
        self, file: IO[bytes], table: Table, schema: Schema, types: Mapping[str, type]
    ) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._table, self._schema = table, schema
        arrow_types = {str: pa.string(), float: pa.float64(), int: pa.int64()}
        self._row_fields = (
            list(table.file.schema_arrow)
            if isinstance(table, ParquetTable)
            else [pa.field(name, arrow_types[_type(schema, name)]) for name in table.columns]
        )
        self._decision_fields = [
            pa.field(name, arrow_types[python_type]) for name, python_type in types.items()
        ]
        self._writer = pq.ParquetWriter(
            file, pa.schema([*self._row_fields, *self._decision_fields])
        )
        self._batches: list[pa.RecordBatch] = []

    def write(self, block: Block, results: Sequence[Any], rejected: Sequence[int]) -> None:
        """Write the rows of a block, without those at the indices that were rejected."""
        import pyarrow as pa

        indices = without(range(len(results)), rejected)
        if not indices:
            return
        if isinstance(block, ParquetBlock):
            columns = (
                block.batch.take(pa.array(indices)).columns if rejected else block.batch.columns
            )
        else:
            columns = self._read_columns([block.row(index) for index in indices])
        cells = zip(*without(results, rejected), strict=True)
        columns = [
            *columns,
            *(pa.array(c, f.type) for c, f in zip(cells, self._decision_fields, strict=True)),
        ]
        self._batches.append(pa.RecordBatch.from_arrays(columns, schema=self._writer.schema))
        if sum(map(len, self._batches)) >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write pending rows, and the end of the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._batches:
            table = pa.Table.from_batches(self._batches)
            self._writer.write_table(table, row_group_size=GROUP_ROWS)
            self._batches.clear()

    def _read_columns(self, rows: Sequence[Sequence[str]]) -> list[Any]:
        """Return the columns of rows of text, fields as their rules read them."""
        import pyarrow as pa

        readers = [_reader(self._table, self._schema, name) for name in self._table.columns]
        return [
            pa.array([read(cell) for cell in cells], column.type)
            for read, cells, column in zip(
                readers, zip(*rows, strict=True), self._row_fields, strict=True
            )
        ]


def _type(schema: Schema, name: str) -> type:
    """Return the type of a column whose cells are texts."""
    field_name = field_names(schema).get(clean_name(name))
    return schema.fields[field_name].rule.python_type if field_name else str


def _reader(table: Table, schema: Schema, name: str) -> Callable[[str], Any]:
    field_name = field_names(schema).get(clean_name(name))
    if field_name is None:
        return str
    field, python_type = schema.fields[field_name], _type(schema, name)

    def read(cell: str) -> Any:
        raw = table.read(field, cell)
        value = field.accept(raw) if raw is not None else None
        return None if value is None else python_type(value)

    return read


def _as_text(cell: Any) -> object:
    """Return a cell as CSV has it: true and false as in JSON, nothing for a missing number."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return cell if cell == cell else None
