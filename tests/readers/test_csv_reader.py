"""The reader of tables: whole rows, whatever the line ends, wherever a piece is cut."""

from __future__ import annotations

import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.errors import NotATable
from creditscore.readers import StatedFormat, csv_reader
from creditscore.readers.csv_reader import MAX_COLUMNS, MAX_NAME_LENGTH, PIECE, open_csv
from creditscore.schema.csv_cells import quote


def rows(
    raw: bytes, column_names: tuple[str, ...] = (), stated: str | None = None
) -> list[tuple[int, list[str]]]:
    file = open_csv(
        io.BytesIO(raw), column_names=column_names, stated=StatedFormat(encoding=stated)
    )
    return [row for piece in file.pieces() for row in piece.rows]


def refusal(
    raw: bytes, column_names: tuple[str, ...] = ("a", "b"), stated: str | None = None
) -> tuple[str, str, int | None]:
    with pytest.raises(NotATable) as caught:
        rows(raw, column_names, stated)
    (fault,) = caught.value.faults
    return fault.code, fault.text["en"], fault.line


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

        numbered_rows = rows(b"".join(raws))

    numbers = [1 + len(b"".join(raws[:at]).splitlines()) for at in range(1, len(raws))]
    assert numbered_rows == list(zip(numbers, table, strict=True))


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
    names = ",".join(f"c{number}" for number in range(MAX_COLUMNS))

    assert len(open_csv(io.BytesIO(f"{names}\n".encode())).columns) == MAX_COLUMNS
    assert refusal(f"{names},a\n".encode())[0] == "too_many_columns"
    assert refusal(f"a,{'x' * (MAX_NAME_LENGTH + 1)}\n".encode())[0] == "long_column"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"PK\x03\x04....xl/workbook.xml", "an Excel workbook (.xlsx)"),
        (b"PK\x03\x04....", "a ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)"),
        (b"PAR1....", "a Parquet file"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"\0\1\2", "a binary file"),
    ],
)
def test_other_files_are_named_as_what_they_are(raw: bytes, kind: str) -> None:
    assert kind in refusal(raw)[1]


def test_other_separators_in_names_are_no_separators() -> None:
    assert open_csv(io.BytesIO(b"a;b;c;d,b\n"), column_names=["b"]).columns == ("a;b;c;d", "b")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_each_separator_line_end_and_encoding_is_read(encoding: str) -> None:
    for separator, end, column_names in itertools.product(
        (",", ";", "\t", "|"), ("\n", "\r\n", "\r"), ((), ("a",))
    ):
        text = f'a,ü\n"x{separator}y",2\né,4\n'.replace(",", separator).replace("\n", end)

        file = open_csv(io.BytesIO(text.encode(encoding)), column_names=column_names)

        rows = [row for piece in file.pieces() for row in piece.rows]
        expected = [(2, [f"x{separator}y", "2"]), (3, ["é", "4"])]
        assert (file.columns, rows) == (("a", "ü"), expected), (separator, end, column_names)


#: A row of 1 KiB.
FILLER = "1," + "2" * 1021 + "\n"


@pytest.mark.parametrize(
    ("stated", "encoding"),
    [
        (None, "utf-8"),
        (None, "cp1252"),
        ("cp1252", "utf-8"),
        ("cp850", "utf-8"),
        ("cp850", "cp850"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-8"),
        ("utf-16", "cp1252"),
        ("utf-8", "utf-8"),
    ],
)
@pytest.mark.parametrize("ascii_bytes", [PIECE - 1, PIECE, 2 * PIECE - 1])
@pytest.mark.parametrize("last", ["é", "é,1\n", "é,1\n" + FILLER * 600])
def test_an_encoding_that_shows_late_is_found_there(
    stated: str | None, encoding: str, ascii_bytes: int, last: str
) -> None:
    beginning = "a,b\n" + FILLER * (ascii_bytes // len(FILLER) - 1)
    beginning += "1," + "2" * (ascii_bytes - len(beginning) - 3) + "\n"
    raw = (beginning + last).encode(encoding)

    file = open_csv(io.BytesIO(raw), stated=StatedFormat(encoding=stated))
    numbered_rows = [row for piece in file.pieces() for row in piece.rows]

    assert len(beginning) == ascii_bytes
    lines = beginning.count("\n")
    assert numbered_rows[lines - 1] == (lines + 1, last.splitlines()[0].split(","))
    assert len(numbered_rows) == lines - 1 + len(last.splitlines())
    assert file.format.encoding == encoding


@pytest.mark.parametrize("stated", [None, "cp1252", "utf-16"])
def test_a_table_of_two_encodings_is_refused_by_line(stated: str | None) -> None:
    raw = b"a,b\n" + b"1,2\n" * 100_000 + "é,1\n".encode() + b"1,2\n" * 100_000 + b"\xe9,1\n"

    assert refusal(raw, stated=stated)[::2] == ("not_utf8", 200_003)


@pytest.mark.parametrize("stated", [None, "cp1252", "utf-16"])
def test_late_bytes_that_no_encoding_has_are_refused_by_line(stated: str | None) -> None:
    raw = b"a,b\n" + b"1,2\n" * 100_000 + b"\xe9,1\n" + b"1,2\n" * 100_000 + b"\x81,1\n"

    assert refusal(raw, stated=stated)[::2] == ("not_utf8", 200_003)


def test_bytes_that_no_encoding_has_are_refused_by_line() -> None:
    assert refusal(b"a,b\n1,\xe9\n2,\x81\n", ())[::2] == ("not_utf8", 3)


#: What a file of whatever kind may be made of.
SNIPPETS = [
    *(b",", b";", b"\t", b"|", b"\n", b"\r", b'"', b"a", b"1", b" ", b"\0", b"sep=", b"\x81"),
    *(b"\xe9", b"\xc3\xa9", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"PK\x03\x04"),
]


@given(
    raw=st.lists(st.sampled_from(SNIPPETS), max_size=40).map(b"".join),
    column_names=st.sampled_from([(), ("a", "1")]),
    encoding=st.sampled_from([None, "utf-8", "utf-16"]),
)
def test_whatever_comes_is_rows_or_a_refusal(
    raw: bytes, column_names: tuple[str, ...], encoding: str | None
) -> None:
    try:
        file = open_csv(io.BytesIO(raw), column_names=column_names, encoding=encoding)
        numbered_rows = [row for piece in file.pieces() for row in piece.rows]
    except NotATable:
        return
    lines = [file.format.header_line, *(line for line, _ in numbered_rows)]
    assert file.columns
    assert lines == sorted(set(lines))


def test_over_http_only_utf_8_is_read() -> None:
    for encoding, line in (("utf-16", 1), ("cp1252", 2)):
        raw = io.BytesIO("a,b\né,1\n".encode(encoding))
        with pytest.raises(NotATable) as caught:
            list(next(open_csv(raw, encoding="utf-8").pieces()).rows)

        assert [(fault.code, fault.line) for fault in caught.value.faults] == [("not_utf8", line)]


def test_a_table_in_utf_16_of_many_pieces_is_read_whole() -> None:
    lines = [f"{number},é{number}" for number in range(100_000)]

    numbered_rows = rows("\n".join(["a,b", *lines]).encode("utf-16"))

    assert [cells for _, cells in numbered_rows] == [line.split(",") for line in lines]


def test_lines_above_the_header_are_skipped() -> None:
    raw = b"Loans of 2024;;\nprinted on Monday;;\n\nid;sum;late\n7;12;0\n8;13;1\n"

    for column_names in ((), ("sum", "late")):
        file = open_csv(io.BytesIO(raw), column_names=column_names)
        assert file.columns == ("id", "sum", "late")
        assert file.format.header_line == 4
        assert next(file.pieces()).rows[0] == (5, ["7", "12", "0"])
