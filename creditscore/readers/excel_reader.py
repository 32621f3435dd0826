"""Read a sheet of an Excel workbook; needs python-calamine (the extra excel)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from creditscore.environment import install_command
from creditscore.errors import MissingPackage, NotATable
from creditscore.i18n.catalogue import say
from creditscore.readers.cell_text import Cell, TypedRow, cell_text, typed_cell
from creditscore.readers.csv_reader import (
    MAX_ROW_LENGTH,
    PIECE,
    NumberedRow,
    check_columns,
    trim,
)
from creditscore.readers.file_format import (
    EXCEL,
    FileFormat,
    StatedFormat,
    clean_name,
)
from creditscore.readers.header_search import HEADER_LINES, SAMPLE_ROWS, likely_header

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook


#: Rows that are made texts at once.
PIECE_ROWS = 4096


@dataclass(frozen=True)
class RowsPiece:
    """Some rows, each with its number in the file, counted from 1."""

    typed_rows: Sequence[TypedRow]

    @property
    def rows(self) -> Sequence[NumberedRow]:
        """The rows as texts."""
        return [(number, list(map(cell_text, cells))) for number, cells in self.typed_rows]


@dataclass(frozen=True)
class ExcelFile:
    """A sheet whose header has been read.

    Attributes
    ----------
    columns : tuple of str
        The header, without unnamed columns at its end.
    format : FileFormat
    sheet : CalamineSheet
    """

    columns: tuple[str, ...]
    format: FileFormat
    sheet: CalamineSheet

    def pieces(self) -> Iterator[RowsPiece]:
        """Read the rows below the header, as many at once as of CSV; blank ones are left out.

        Raises
        ------
        NotATable
            With its number, where a row is too long.
        """
        width, rows, size = len(self.columns), list[TypedRow](), 0
        for number, all_cells in _rows(self.sheet):
            if number > self.format.header_line and not all(map(_is_blank, all_cells)):
                cells = trim(all_cells, width)
                length = sum(len(cell) for cell in cells if isinstance(cell, str))
                if length > MAX_ROW_LENGTH:
                    raise NotATable("not_csv", say("long_row", most=MAX_ROW_LENGTH), number)
                rows.append((number, cells))
                size += length
                # Many cells of a workbook may share one long text.
                if size >= PIECE or len(rows) == PIECE_ROWS:
                    yield RowsPiece(rows)
                    rows, size = [], 0
        if rows:
            yield RowsPiece(rows)


def open_excel(
    source: Path | BinaryIO, *, column_names: Collection[str], stated: StatedFormat
) -> ExcelFile:
    """Read the header of a sheet: the one that is stated, or the first that has wanted columns.

    A stated sheet that the workbook does not have counts as none. Where no sheet has wanted
    columns, it is the one whose first rows hold the most cells.

    Parameters
    ----------
    source : Path or file
    column_names : collection of str
        Some names of its columns, if any are known.
    stated : StatedFormat
        What is known of it.

    Raises
    ------
    MissingPackage
        If python-calamine is not installed.
    NotATable
        If it is no workbook, or is empty.
    """
    workbook = _open_workbook(source)
    names = frozenset(map(clean_name, column_names))
    candidates = []
    for name in _sheet_names(workbook, stated.sheet):
        sheet = workbook.get_sheet_by_name(name)
        first_rows = islice(_rows(sheet), SAMPLE_ROWS)
        rows = {number: list(map(cell_text, cells)) for number, cells in first_rows}
        count, line = _find_header(rows, names, stated.header_line)
        size = sum(map(len, rows.values()))
        if size:
            candidates.append((count, size, line, rows, sheet))
        if count:
            break
    if not candidates:
        raise NotATable("no_header", say("no_header"), 1)
    *_, line, rows, sheet = max(candidates, key=lambda candidate: candidate[:2])
    columns = trim(rows.get(line, []), 0)
    check_columns(columns, line)
    return ExcelFile(
        columns=tuple(columns),
        format=FileFormat(kind=EXCEL, header_line=line, sheet=sheet.name),
        sheet=sheet,
    )


def _open_workbook(source: Path | BinaryIO) -> CalamineWorkbook:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise MissingPackage("Excel", "python-calamine", install_command("excel")) from None
    try:
        return CalamineWorkbook.from_object(source)
    except CalamineError as error:
        raise NotATable("not_csv", say("not_readable", problem=str(error)), 1) from None


def _sheet_names(workbook: CalamineWorkbook, stated_sheet: str | None) -> Sequence[str]:
    from python_calamine import SheetVisibleEnum

    if stated_sheet in workbook.sheet_names:
        return [stated_sheet]
    # The next workbook may call its sheet after another month or branch.
    sheets = workbook.sheets_metadata
    visible = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    return visible or workbook.sheet_names


def _find_header(
    rows: Mapping[int, Sequence[str]], names: frozenset[str], stated_line: int | None
) -> tuple[int, int]:
    """Return how many wanted names the header has, and its row."""
    counts = {
        line: len(names.intersection(map(clean_name, cells)))
        for line, cells in islice(rows.items(), HEADER_LINES)
    }
    if stated_line is not None and (counts.get(stated_line) or not any(counts.values())):
        return counts.get(stated_line, 0), stated_line
    line = max(counts, key=lambda line: counts[line], default=1)
    if counts.get(line):
        return counts[line], line
    return 0, likely_header(rows) or 1


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Cell]]]:
    """Read the rows of a sheet, from its first row and its first column with a cell on."""
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        yield number, list(map(typed_cell, cells))


def _is_blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()
