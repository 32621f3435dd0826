"""Applicants in an Excel workbook; needs python-calamine (the extra excel)."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from creditscore.readers.excel_reader import ExcelFile, open_excel
from creditscore.readers.workbook_process import WorkbookFile
from creditscore.schema import Schema
from creditscore.schema.decimal_signs import decimal_signs
from creditscore.schema.table_columns import field_names
from creditscore.tables.csv_table import TextTable
from creditscore.tables.table import Style, check_header


def open_excel_table(path: Path, schema: Schema, *, taken: Collection[str]) -> TextTable:
    """Open a workbook: the sheet that the schema file names, or the first with its fields.

    Parameters
    ----------
    path : Path
    schema : Schema
        Whose fields are among the columns; others are passed through.
    taken : collection of str
        Names that no column may have.

    Raises
    ------
    MissingPackage
        If python-calamine is not installed.
    InvalidApplicants
        If it is no workbook, or with all that is wrong with the header.
    """
    source = open_excel(path, wanted=field_names(schema), stated=schema.file)
    return excel_table(source, schema, taken=taken, style=Style())


def excel_table(
    source: ExcelFile | WorkbookFile, schema: Schema, *, taken: Collection[str], style: Style
) -> TextTable:
    """Check the header of a sheet; parameters and errors as of `open_excel_table`.

    The rows are written as CSV in a style.
    """
    places = check_header(source.columns, schema, taken=taken, line=source.format.header_line)
    return TextTable(source, [*places.values()], decimal_signs(source, schema, places), (), style)
