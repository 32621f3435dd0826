"""A workbook that a stranger sent is read by another process, which it can harm alone."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from workbooks import Cell, write_workbook

from creditscore.errors import NotATable, Overloaded
from creditscore.readers import StatedFormat
from creditscore.readers.csv_reader import MAX_ROW_LENGTH, PIECE
from creditscore.readers.workbook_process import WorkbookFile, can_read_workbooks, read_workbook
from creditscore.schema.decimal_signs import first_rows

#: A workbook as Excel 97 writes it, with two rows of names.
XLS = Path(__file__).resolve().parents[1] / "fixtures" / "two_headers.xls"

pytestmark = pytest.mark.skipif(not can_read_workbooks(), reason="python-calamine is an extra")


def read(raw: bytes, *column_names: str, stated: StatedFormat | None = None) -> WorkbookFile:
    return read_workbook(raw, column_names=column_names, stated=stated or StatedFormat())


@pytest.fixture
def raw(tmp_path: Path) -> bytes:
    """Two sheets, of which the second has a title, a gap and names."""
    data: list[list[Cell]] = [["Report"], ["id", "home"], [1, "Größe"], [None], [2.5, None]]
    return write_workbook(tmp_path / "x.xlsx", {"Notes": [["x"]], "Data": data}).read_bytes()


def changed(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Change the text of the second sheet."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for entry in source.infolist():
            text = source.read(entry)
            archive.writestr(entry.filename, change(text) if "sheet2" in entry.filename else text)
    return target.getvalue()


def test_rows_and_format_are_those_of_the_sheet_with_the_columns(raw: bytes) -> None:
    with closing(read(raw, "id", "home")) as workbook:
        rows = [row for piece in workbook.pieces() for row in piece.rows]

        assert workbook.columns == ("id", "home")
        assert (workbook.format.sheet, workbook.format.header_line) == ("Data", 2)
        assert rows == [(3, ["1", "Größe"]), (5, ["2.5", ""])]
        # Twice, as a table is checked and then scored.
        assert [row for piece in workbook.pieces() for row in piece.rows] == rows
        assert first_rows(workbook) == [["1", "Größe"], [2.5, ""]]


def test_old_workbooks_are_read_too() -> None:
    with closing(read(XLS.read_bytes(), "LIMIT_BAL", "SEX")) as workbook:
        assert "LIMIT_BAL" in workbook.columns


@pytest.mark.parametrize(("stated", "sheet"), [("Notes", "Notes"), ("Other", "Data")])
def test_a_sheet_that_a_schema_file_states_is_taken_if_there(
    raw: bytes, stated: str, sheet: str
) -> None:
    with closing(read(raw, "id", stated=StatedFormat(sheet=stated))) as workbook:
        assert workbook.format.sheet == sheet


def test_faults_of_a_workbook_are_told(tmp_path: Path) -> None:
    empty = write_workbook(tmp_path / "empty.xlsx", {"Data": []}).read_bytes()

    with pytest.raises(NotATable, match="the table is empty"):
        read(empty, "id")


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no process")
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'r="B3"', b'r="XFD1048576"'),
        lambda text: text.replace("Größe".encode(), b"0" * 300_000_000),
    ],
    ids=["opposite corners", "gigabytes"],
)
def test_a_workbook_that_would_fill_all_memory_is_refused(
    raw: bytes, change: Callable[[bytes], bytes]
) -> None:
    bomb = changed(raw, change)

    assert len(bomb) < 1_000_000
    with pytest.raises(NotATable, match="too much memory or time"):
        read(bomb, "id", "home")


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no process")
def test_sizes_that_a_workbook_states_are_not_believed(raw: bytes) -> None:
    size = 600_000_000
    bomb = bytearray(changed(raw, lambda text: text.replace("Größe".encode(), b"0" * size)))
    with zipfile.ZipFile(io.BytesIO(bytes(bomb))) as archive:
        stated = max(entry.file_size for entry in archive.infolist())
    for begin in range(len(bomb) - 4):
        if bomb[begin : begin + 4] == stated.to_bytes(4, "little"):
            bomb[begin : begin + 4] = (1000).to_bytes(4, "little")

    with pytest.raises(NotATable, match="cannot be read"):
        read(bytes(bomb), "id", "home")


def test_a_workbook_that_takes_too_long_is_given_up(raw: bytes) -> None:
    with pytest.raises(NotATable, match="too much memory or time"):
        read_workbook(raw, column_names=["id"], stated=StatedFormat(), max_seconds=0)


def test_only_so_many_workbooks_are_read_at_a_time(raw: bytes) -> None:
    at_a_time = threading.Semaphore(1)
    stated = StatedFormat()

    with at_a_time, pytest.raises(Overloaded):
        read_workbook(raw, column_names=["id"], stated=stated, at_a_time=at_a_time)

    with pytest.raises(NotATable):
        read_workbook(b"PK", column_names=["id"], stated=stated, at_a_time=at_a_time)
    read_workbook(raw, column_names=["id"], stated=stated, at_a_time=at_a_time).close()


def test_rows_with_long_texts_come_a_few_at_a_time(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[number, "x" * 30_000] for number in range(100)]
    raw = write_workbook(tmp_path / "x.xlsx", {"Data": [["id", "home"], *rows]}).read_bytes()

    with closing(read(raw, "id", "home")) as workbook:
        pieces = [piece.rows for piece in workbook.pieces()]

    assert [cells[0] for piece in pieces for _, cells in piece] == [*map(str, range(100))]
    assert max(len(cells[1]) * len(piece) for piece in pieces for _, cells in piece) < 2 * PIECE


def test_a_row_that_would_be_too_long_in_csv_is_refused_by_its_number(tmp_path: Path) -> None:
    long_row: list[Cell] = ["x" * (MAX_ROW_LENGTH // 4), "x"] * 4
    raw = write_workbook(tmp_path / "x.xlsx", {"Data": [["id"], [1], long_row]}).read_bytes()

    with closing(read(raw, "id")) as workbook:
        with pytest.raises(NotATable, match=f"more than {MAX_ROW_LENGTH} characters") as refused:
            list(workbook.pieces())

        assert refused.value.faults[0].line == 3


@pytest.mark.parametrize("cut", [8, 300, -30])
def test_a_damaged_workbook_is_refused(raw: bytes, cut: int) -> None:
    with pytest.raises(NotATable, match="cannot be read"):
        read(raw[:cut], "id")
