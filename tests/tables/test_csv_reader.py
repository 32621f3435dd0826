"""The reader of tables: whole rows, whatever the line ends, wherever a piece is cut."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore import csv_reader
from creditscore.csv_reader import LONGEST_NAME, MOST_COLUMNS, open_csv
from creditscore.errors import NotATable
from creditscore.schema.csv_cells import quote

TEXT = "a,b\n1,2\n3,4\n"


def rows(raw: bytes, wanted: tuple[str, ...] = ()) -> list[tuple[int, list[str]]]:
    file = open_csv(io.BytesIO(raw), wanted=wanted)
    return [row for piece in file.pieces() for row in piece.rows]


def refusal(raw: bytes, wanted: tuple[str, ...] = ("a", "b")) -> tuple[str, str, int | None]:
    with pytest.raises(NotATable) as caught:
        rows(raw, wanted)
    (fault,) = caught.value.faults
    return fault.code, fault.text["en"], fault.line


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_each_kind_of_line_end_is_read(end: str, last: str) -> None:
    raw = (TEXT.strip() + last).replace("\n", end).encode()

    assert open_csv(io.BytesIO(raw)).columns == ("a", "b")
    assert rows(raw) == [(2, ["1", "2"]), (3, ["3", "4"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blank_lines_are_skipped_and_counted(end: str) -> None:
    raw = "\na,b\n\n1,2\n \t\n\n3,4\n\n \n".replace("\n", end).encode()

    assert rows(raw) == [(4, ["1", "2"]), (7, ["3", "4"])]


def test_empty_cells_behind_the_last_column_are_dropped() -> None:
    assert rows(b"a,b,,\n1,2,,\n3,4\n5,,,,\n6,7,,8\n") == [
        (2, ["1", "2"]),
        (3, ["3", "4"]),
        (4, ["5", ""]),
        (5, ["6", "7", "", "8"]),
    ]


CELLS = st.text(st.sampled_from('x,"\r\n é'), max_size=6)


@given(
    table=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=30),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    piece=st.integers(16, 60),
)
def test_rows_are_the_same_wherever_the_pieces_end(
    table: list[list[str]], end: str, piece: int
) -> None:
    lines = [",".join(map(quote, cells)) for cells in [["first", "second"], *table]]
    raws = [f"{line}{end}".encode() for line in lines]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "PIECE", piece)

        found = rows(b"".join(raws))

    numbers = [1 + len(b"".join(raws[:at]).splitlines()) for at in range(1, len(raws))]
    assert found == list(zip(numbers, table, strict=True))


def test_a_quotation_mark_inside_a_cell_is_a_character() -> None:
    body = b'5" pipe,1\n' + b"x,2\n" * 200_000

    assert len(rows(b"a,b\n" + body)) == 200_001


def test_an_open_quote_is_refused_by_its_line() -> None:
    code, _, line = refusal(b'a,b\n1,2\n"3,4\n' + b"5,6\n" * 500_000)

    assert (code, line) == ("not_csv", 3)


def test_a_row_without_end_is_refused() -> None:
    assert refusal(b"a,b\n" + b"1,2," * 1_000_000)[0] == "not_csv"
    assert refusal(b"a,b," + b"c,d," * 1_000_000)[0] == "not_csv"


def test_headers_are_limited() -> None:
    names = ",".join(f"c{number}" for number in range(MOST_COLUMNS))

    assert len(open_csv(io.BytesIO(f"{names}\n".encode())).columns) == MOST_COLUMNS
    assert refusal(f"{names},a\n".encode())[0] == "too_many_columns"
    assert refusal(f"a,{'x' * (LONGEST_NAME + 1)}\n".encode())[0] == "long_column"


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"PK\x03\x04....xl/workbook.xml", "an Excel workbook (.xlsx)"),
        (b"PK\x03\x04....", "a ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)"),
        (b"PAR1....", "a Parquet file"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (TEXT.encode("utf-16"), "text in UTF-16"),
        ((TEXT * 20).encode("utf-16-le"), "text in UTF-16"),
        (b"\0\1\2", "a binary file"),
        ("a,b\né,1\n".encode("latin-1"), "perhaps Windows-1252 or Latin-1"),
        (TEXT.replace(",", ";").encode(), "look separated by semicolons"),
        (TEXT.replace(",", "\t").encode(), "look separated by tabs"),
        (b'"x, y";"a"\n1;2\n', "look separated by semicolons"),
    ],
)
def test_other_files_are_named_as_what_they_are(raw: bytes, named: str) -> None:
    assert named in refusal(raw)[1]


def test_other_separators_in_names_are_no_separators() -> None:
    assert open_csv(io.BytesIO(b"a;b;c;d,b\n"), wanted=["b"]).columns == ("a;b;c;d", "b")
