"""A table is the same rows whatever program wrote it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from workbooks import Cell, write_workbook

from creditscore.errors import MissingPackage, NotATable
from creditscore.readers import FileFormat, StatedFormat, TableFile, open_table_file
from creditscore.readers.cell_text import cell_text, typed_cell
from creditscore.schema.decimal_signs import first_rows

#: A workbook as Excel 97 writes it, with two rows of names.
XLS = Path(__file__).resolve().parents[1] / "fixtures" / "two_headers.xls"

HEADER = ("id", "amount", "home")
ROWS = [["1", "2.5", "rents"], ["2", "1000", ""], ["3", "0.125", "Größe"]]


def read(path: Path, **options: object) -> tuple[tuple[str, ...], list[list[str]], FileFormat]:
    file: TableFile
    with open_table_file(path, **options) as file:  # type: ignore[arg-type]  # its keywords
        rows = [cells for piece in file.pieces() for _, cells in piece.rows]
        return file.columns, rows, file.format


def as_csv(path: Path) -> Path:
    lines = [";".join(cells) for cells in [HEADER, *ROWS]]
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return path


def as_workbook(path: Path) -> Path:
    rows: list[list[Cell]] = [[1, 2.5, "rents"], [2, 1000.0, None], [3, 0.125, "Größe"]]
    return write_workbook(path, {"Data": [HEADER, *rows]})


def as_parquet(path: Path) -> Path:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    columns = {"id": [1, 2, 3], "amount": [2.5, 1000.0, 0.125], "home": ["rents", None, "Größe"]}
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("write", [as_csv, as_workbook, as_parquet])
def test_all_kinds_of_files_hold_the_same_texts(tmp_path: Path, write: object) -> None:
    columns, rows, _ = read(write(tmp_path / "table"))  # type: ignore[operator]  # one of the above

    assert (columns, rows) == (HEADER, ROWS)


@pytest.mark.parametrize("write", [as_workbook, as_parquet])
def test_a_number_with_a_point_is_a_number(tmp_path: Path, write: object) -> None:
    with open_table_file(write(tmp_path / "table")) as file:  # type: ignore[operator]  # as above
        rows = [list(cells) for piece in file.pieces() for _, cells in piece.typed_rows]
        beginning = list(map(list, first_rows(file)))

    assert rows == [["1", 2.5, "rents"], ["2", "1000", ""], ["3", 0.125, "Größe"]]
    assert beginning == rows


@pytest.mark.parametrize("cell", ["30.125", "2.5", 3.0, 1e300, float("inf"), True, None])
def test_all_else_is_a_text(cell: object) -> None:
    assert typed_cell(cell) == cell_text(cell)


def test_an_old_workbook_is_read_below_its_second_row_of_names() -> None:
    columns, rows, fmt = read(XLS)

    assert columns == ("ID", "LIMIT_BAL", "SEX", "AGE", "default payment next month")
    assert rows[0] == ["1", "10000", "2", "21", "0"]
    assert len(rows) == 30
    assert fmt.describe() == "an Excel workbook, sheet 'Data', header in line 2"


def test_the_sheet_with_the_wanted_columns_is_read(tmp_path: Path) -> None:
    big: list[list[Cell]] = [[number] * 9 for number in range(40)]
    sheets: dict[str, Sequence[Sequence[Cell]]] = {
        "Notes": [["hello"]],
        "Sums": big,
        "Loans": [["Title"], [], HEADER, [1, 2, "x"]],
    }
    path = write_workbook(tmp_path / "book.xlsx", sheets)

    assert read(path, column_names=("home", "id"))[:2] == (HEADER, [["1", "2", "x"]])
    assert read(path)[2].sheet == "Sums"
    assert read(path, stated=StatedFormat(sheet="Notes"))[0] == ("hello",)


def test_a_stated_sheet_that_is_absent_counts_as_none(tmp_path: Path) -> None:
    sheets: dict[str, Sequence[Sequence[Cell]]] = {
        "Notes": [["hello"]],
        "June": [["Title"], HEADER, [1, 2, "x"]],
    }
    path = write_workbook(tmp_path / "book.xlsx", sheets)
    stated = StatedFormat(sheet="May", header_line=1)

    columns, rows, fmt = read(path, column_names=("home", "id"), stated=stated)

    assert (columns, rows) == (HEADER, [["1", "2", "x"]])
    assert (fmt.sheet, fmt.header_line) == ("June", 2)


@pytest.mark.parametrize("above", [0, 1, 3])
@pytest.mark.parametrize("before", [0, 2])
def test_rows_of_a_workbook_keep_their_numbers(tmp_path: Path, above: int, before: int) -> None:
    rows: list[list[Cell]] = [["a", "b"], [1, 3], [None], ["", ""], [2, 4]]
    empty: list[Cell] = [None]
    rows = [empty] * above + [empty * before + row for row in rows]
    path = write_workbook(tmp_path / "book.xlsx", {"A": rows})

    with open_table_file(path) as file:
        assert file.columns == ("a", "b")
        assert file.format.header_line == 1 + above
        assert [row for piece in file.pieces() for row in piece.rows] == [
            (2 + above, ["1", "3"]),
            (5 + above, ["2", "4"]),
        ]


def test_without_the_library_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)

    with pytest.raises(MissingPackage, match=r"Excel needs python-calamine.*requirements-tables"):
        read(XLS)


@pytest.mark.parametrize("raw", [b"PK\x03\x04 xl/", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_damaged_workbook_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "book").write_bytes(raw)

    with pytest.raises(NotATable, match="the file cannot be read: "):
        read(tmp_path / "book")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (True, "true"),
        (3.0, "3"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (Decimal("1.50"), "1.5"),
        (datetime(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, 3, 4), "2024-01-02 03:04:00"),
        (date(2024, 1, 2), "2024-01-02"),
    ],
)
def test_typed_cells_are_texts_as_csv_has_them(cell: object, text: str) -> None:
    assert cell_text(cell) == text
