"""Applicants in an Excel workbook; needs python-calamine (the extra excel)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from creditscore.readers.cell_text import Cell
from creditscore.readers.excel_reader import ExcelFile, open_excel
from creditscore.readers.workbook_process import WorkbookFile
from creditscore.schema import Field, Schema
from creditscore.schema.decimal_signs import decimal_signs
from creditscore.schema.table_columns import field_columns, field_names
from creditscore.tables.csv_table import CellReader, FieldCutter, cell_block
from creditscore.tables.table import Block, Style, check_header


@dataclass(frozen=True)
class ExcelTable:
    """A sheet whose header has been read; its rows are written as CSV."""

    source: ExcelFile | WorkbookFile
    cut: FieldCutter
    cells: CellReader
    style: Style

    @property
    def columns(self) -> Sequence[str]:
        """The header."""
        return self.source.columns

    def blocks(self) -> Iterator[Block]:
        """Read the rows."""
        for piece in self.source.pieces():
            yield cell_block(piece.typed_rows, self.cut, self.style.separator)

    def read(self, field: Field, cell: Cell) -> object:
        """Read a cell as the JSON value that it stands for; None where it is empty."""
        return self.cells.read(field, cell)

    def share_read(self) -> float | None:
        """Return None: how many rows a sheet has is known when all of it is read."""
        return None


def open_excel_table(path: Path, schema: Schema, *, reserved_names: Collection[str]) -> ExcelTable:
    """Open a workbook: the sheet that the schema file names, or the first with its fields.

    Parameters
    ----------
    path : Path
    schema : Schema
        Whose fields are among the columns; others are passed through.
    reserved_names : collection of str
        Names that no column may have.

    Raises
    ------
    MissingPackage
        If python-calamine is not installed.
    InvalidApplicants
        If it is no workbook, or with all that is wrong with the header.
    """
    source = open_excel(path, column_names=field_names(schema), stated=schema.file)
    return excel_table(source, schema, reserved_names=reserved_names, style=Style())


def excel_table(
    source: ExcelFile | WorkbookFile,
    schema: Schema,
    *,
    reserved_names: Collection[str],
    style: Style,
) -> ExcelTable:
    """Check the header of a sheet; parameters and errors as of `open_excel_table`.

    The rows are written as CSV in a style.
    """
    check_header(
        source.columns, schema, reserved_names=reserved_names, line=source.format.header_line
    )
    columns = {name: indices[0] for name, indices in field_columns(source.columns, schema).items()}
    return ExcelTable(
        source=source,
        cut=FieldCutter(source.columns, columns.values(), style.separator),
        cells=CellReader(decimal_signs(source, schema, columns), schema.fields),
        style=style,
    )
