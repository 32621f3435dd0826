"""How a table is written is found out by its wanted columns, or by its own regularity."""

from __future__ import annotations

import io

import pytest

from creditscore.readers import FileFormat, StatedFormat, clean_name, open_csv
from creditscore.readers.detection import detect_encoding

SEMICOLONS = b"id;income;work\n1;1000,50;permanent\n2;2000,25;contract\n"


def find_layout(
    raw: bytes, column_names: tuple[str, ...] = (), **stated: object
) -> tuple[str, int]:
    fmt = open_csv(io.BytesIO(raw), column_names=column_names, stated=StatedFormat(**stated)).format  # type: ignore[arg-type]  # one of its keys
    return fmt.separator, fmt.header_line


def test_decimal_commas_do_not_hide_semicolons() -> None:
    assert find_layout(SEMICOLONS) == (";", 1)
    assert find_layout(SEMICOLONS, column_names=("work",)) == (";", 1)


def test_lists_inside_cells_are_no_columns() -> None:
    assert find_layout(b"id,colours\n1,red;green\n2,blue;red\n3,red\n") == (",", 1)


def test_lists_of_any_length_do_not_hide_semicolons() -> None:
    lists = ["x,y,z"] * 4 + ["x", "y", "x,y", "x,y,z,x"]
    raw = "".join(f"{number};{colours}\n" for number, colours in enumerate(lists))

    assert find_layout(f"id;colours\n{raw}".encode()) == (";", 1)


def test_the_line_of_excel_names_the_separator() -> None:
    assert find_layout(b"sep=;\na;b,c\n1;2\n") == (";", 2)
    assert find_layout(b"sep=;\r\na;b\r\n1;2\r\n", column_names=("b",)) == (";", 2)
    assert find_layout(b'"sep=|"\na|b\n1|2\n') == ("|", 2)


def test_what_is_stated_is_taken_where_nothing_speaks_against_it() -> None:
    assert find_layout(b"a;b|c\n1;2|3\n", separator="|") == ("|", 1)
    assert find_layout(b"x,y\na,b\n1,2\n", column_names=("a",), header_line=2) == (",", 2)
    assert find_layout(b"x,y\na,b\n1,2\n", header_line=1) == (",", 1)


def test_a_table_that_is_not_written_as_stated_is_found_by_its_columns() -> None:
    assert find_layout(b"a,b\n1,2\n", column_names=("a", "b"), separator=";", header_line=3) == (
        ",",
        1,
    )


def test_of_two_rows_of_names_the_one_above_the_numbers_is_the_header() -> None:
    raw = b",X1,X2,Y\nID,LIMIT,SEX,late\n" + b"".join(b"%d,10,2,0\n" % n for n in range(9))

    assert find_layout(raw) == (",", 2)
    assert find_layout(raw, column_names=("LIMIT", "SEX")) == (",", 2)


def test_words_in_the_first_rows_are_no_header() -> None:
    assert find_layout(b"id,work,late\n1,permanent,NA\n2,contract,0\n3,contract,1\n") == (",", 1)
    assert find_layout(b"work,home\npermanent,rents\ncontract,owns\n") == (",", 1)
    assert find_layout(b"a,b,c\nNA,NA,x\n1,2,y\n3,4,x\n" + b"5,6,x\n" * 9) == (",", 1)


def test_names_are_compared_without_spaces_around_and_in_one_form() -> None:
    decomposed = "Einku\u0308nfte"

    assert clean_name(f" \u00a0{decomposed}\t") == "Eink\u00fcnfte"
    assert find_layout(f"a; {decomposed} \n1;2\n".encode(), column_names=("Eink\u00fcnfte",)) == (
        ";",
        1,
    )


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (b"a,b\n", "utf-8"),
        ("é,b\n".encode(), "utf-8"),
        ("éé".encode()[:3], "utf-8"),
        ("é,b\n".encode()[:1], "cp1252"),
        ("é,b\n".encode("utf-8-sig"), "utf-8"),
        ("é,b\n".encode("cp1252"), "cp1252"),
        ("é,b\n".encode("utf-16"), "utf-16-le"),
        ("é,b\n".encode("utf-16-be"), "utf-16-be"),
        ("a,b\n".encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_the_encoding_is_found(raw: bytes, encoding: str) -> None:
    assert detect_encoding(raw) == encoding


@pytest.mark.parametrize(
    ("stated", "raw", "encoding"),
    [
        ("cp850", b"a,\x82\n", "cp850"),
        ("cp850", b"a,b\n", "cp850"),
        ("cp850", "a,é\n".encode(), "utf-8"),
        ("cp850", "a,é\n".encode("utf-16"), "utf-16-le"),
        ("cp850", "a,é\n".encode("utf-16-be"), "utf-16-be"),
        ("cp1252", "a\né".encode("cp1252"), "cp1252"),
        ("utf-16", "a,é\n".encode(), "utf-8"),
        ("utf-16", b"a,b\n", "utf-8"),
        ("utf-16", "a,é\n".encode("cp1252"), "cp1252"),
        ("utf-16-le", "a,b\n".encode("utf-16-le"), "utf-16-le"),
        ("utf-16-le", "a,Ж\n".encode("utf-16-le"), "utf-16-le"),
        ("utf-32", "a,é\n".encode("utf-32-le"), "utf-32"),
        ("utf-8", "a,é\n".encode("cp1252"), "utf-8"),
    ],
)
def test_a_stated_encoding_is_taken_but_for_what_the_bytes_show(
    stated: str, raw: bytes, encoding: str
) -> None:
    assert detect_encoding(raw, stated=stated) == encoding


def test_a_format_is_told_in_words() -> None:
    assert FileFormat().describe() == "CSV with commas, in UTF-8"
    assert (
        FileFormat(encoding="utf-16-le", separator="\t", header_line=3).describe()
        == "CSV with tabs, in UTF-16, header in line 3"
    )
    assert FileFormat(kind="parquet").describe() == "Parquet"
