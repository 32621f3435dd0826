"""Applicants in an Excel workbook; needs python-calamine (the extra excel)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from creditscore.readers.cell_text import Cell
from creditscore.readers.excel_reader import ExcelFile
from creditscore.readers.workbook_process import WorkbookFile
from creditscore.schema import Field, Schema
from creditscore.schema.decimal_signs import decimal_signs
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


def excel_table(
    source: ExcelFile | WorkbookFile,
    schema: Schema,
    *,
    reserved_names: Collection[str],
    style: Style,
) -> ExcelTable:
    """Check the header of a sheet.

    Parameters
    ----------
    source : ExcelFile or WorkbookFile
    schema : Schema
        Whose fields are among the columns; others are passed through.
    reserved_names : collection of str
        Names that no column may have.
    style : Style
        How the rows are written as CSV.

    Raises
    ------
    InvalidApplicants
        With all that is wrong with the header.
    """
    columns = check_header(
        source.columns, schema, reserved_names=reserved_names, line=source.format.header_line
    )
    return ExcelTable(
        source=source,
        cut=FieldCutter(source.columns, columns.values(), style.separator),
        cells=CellReader(decimal_signs(source, schema, columns), schema.fields),
        style=style,
    )
