"""Whatever a table holds, its draft is a schema file by which every row of it is an applicant."""

from __future__ import annotations

import random
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drafted import OUTCOMES, ROWS, check_takes_every_row, cycle, drafted, write_table
from hypothesis import given, settings
from hypothesis import strategies as st
from workbooks import Cell, write_workbook

from creditscore.drafting import draft_table
from creditscore.errors import DatasetError
from creditscore.schema.reader import read_schema
from creditscore.training.dataset import Dataset, load

HOSTILE = [
    "Monthly.income", "with space", 'a "quoted" one', "it's", "50%", "Einkünfte", "収入", "a\\b",
    "a#b", "[fields.x]", "a = 1", "line\nend", "tab\tname", "bell\x07", "del\x7f",
    "zero\u200bwidth", "para\u2029graph", "{braces}", "true", "1", "-", "LOOK: x", "<b>&amp;</b>",
    "🙂", "a/b~c", "=1+1", "kind", "fields", "title",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_written_as_it_is(tmp_path: Path, name: str) -> None:
    numbers = [str(row // 4 % 50) for row in range(ROWS)]

    _, document = drafted(tmp_path, {name: numbers, f"{name} of codes": cycle("a", "b")})

    assert set(document["fields"]) == {"amount", name, f"{name} of codes"}


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_can_be_that_of_the_outcome_or_ignored(tmp_path: Path, name: str) -> None:
    _, document = drafted(
        tmp_path, {f"{name}2": ["same"] * ROWS, name: OUTCOMES, "default": cycle("a", "b")},
        outcome=name,
    )  # fmt: skip

    assert document["label"]["column"] == name.strip()
    assert document["dataset"]["ignored_columns"] == [f"{name}2"]


def test_any_text_can_be_a_code(tmp_path: Path) -> None:
    codes = [code for code in HOSTILE if code != "-"]

    _, document = drafted(tmp_path, {"x": [codes[row // 4 % len(codes)] for row in range(ROWS)]})

    assert set(document["fields"]["x"]["codes"]) == set(codes)


#: Cells of all kinds that tables have, mixed by chance.
CELLS = [
    *(["12", "7", "-3", "0", "1000", "99", "999", "-1", "-9"]),
    *(["1.5", "1,5", "1.000", "1,000", "1.234,5", "1,234.5", "+4", ".5", "5.", "1e3", "1E-5"]),
    *(["", "NA", "?", "-", ".", "n/a", "NULL", "unknown", "  ", "nan", "inf", "1e400", "-%"]),
    *(["12%", "12.5 %", "36 months", "10+ years", "< 1 year", "$5", "Rp 5.000", "5 000", "5'000"]),
    *(["2021-03-01", "1/2/2021", "Dec-2014", "20210301", "2021-03-01 10:00:00"]),
    *(
        [
            "a",
            "A",
            " a ",
            "b",
            "Ä",
            "A\u0308",
            "other",
            "Other",
            "true",
            "TRUE",
            "yes",
            "x\ny",
            "'q",
        ]
    ),
    *(["0" * 30, "9" * 50, "12345678901234567890", "x" * 250, "١٢", "1_000", "0x10", "=1+1"]),
]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), separator=st.sampled_from([",", ";", "\t"]))
def test_any_cells_make_a_draft_that_takes_them(seed: int, separator: str) -> None:
    draw = random.Random(seed)
    columns = {}
    for number in range(draw.randrange(1, 5)):
        some = draw.sample(CELLS, draw.randrange(1, 7))
        if draw.random() < 0.5:
            some += [str(draw.randrange(10**6)) for _ in range(draw.randrange(1, 40))]
        columns[f"c{number}"] = draw.choices(some, k=ROWS)

    with tempfile.TemporaryDirectory() as folder:
        path = write_table(Path(folder) / "t.csv", columns, separator=separator)
        check_takes_every_row(path, draft_table(path).text)


def test_a_workbook_is_drafted_from(tmp_path: Path) -> None:
    rows: list[list[str | int | float]] = [["amount", "rate", "job", "default"]]
    for row, outcome in enumerate(OUTCOMES):
        rows.append([row % 90, row % 7 + 0.5, "ab"[row // 4 % 2], outcome])
    path = write_workbook(tmp_path / "t.xlsx", {"Loans": rows})

    schema = check_takes_every_row(path, draft_table(path).text)

    assert schema.file.sheet == "Loans"
    assert list(schema.fields) == ["amount", "rate", "job"]


def write_typed(path: Path, columns: Mapping[str, Sequence[Cell]]) -> Path:
    """Write a workbook or Parquet file with these columns and an outcome behind."""
    table = {"months": [row // 4 % 60 for row in range(ROWS)], **columns, "default": OUTCOMES}
    if path.suffix == ".xlsx":
        rows = [list(table), *zip(*table.values(), strict=True)]
        return write_workbook(path, {"Loans": rows})
    pq.write_table(pa.table({name: pa.array(cells) for name, cells in table.items()}), path)
    return path


@pytest.mark.parametrize("name", ["t.xlsx", "t.parquet"])
def test_a_text_that_can_be_two_numbers_is_worth_a_look_in_any_file(
    tmp_path: Path, name: str
) -> None:
    incomes = [f"{20 + row // 4 % 60}.000" for row in range(ROWS)]
    path = write_typed(tmp_path / name, {"income": incomes})

    document = draft_table(path).text
    answered = draft_table(path, decimal=",").text

    assert "LOOK: 20.000 is 20 with a decimal point and 20000 with a decimal comma" in document
    assert list(train_on(path, document).columns) == ["months"]
    assert train_on(path, answered).columns["income"][0] == 20_000


@pytest.mark.parametrize("name", ["t.xlsx", "t.parquet"])
def test_texts_that_settle_the_decimal_sign_do_so_in_any_file(tmp_path: Path, name: str) -> None:
    incomes = [f"{1 + row // 4 % 60}.250.000" for row in range(ROWS)]
    debts = [f"{20 + row // 4 % 60}.000" for row in range(ROWS)]
    rates = [row // 4 % 50 + 0.125 for row in range(ROWS)]
    path = write_typed(tmp_path / name, {"income": incomes, "debt": debts, "rate": rates})

    data = train_on(path, draft_table(path).text)

    assert {name: column[0] for name, column in data.columns.items()} == {
        "months": 0, "income": 1_250_000, "debt": 20_000, "rate": 0.125
    }  # fmt: skip


def test_numbers_of_a_workbook_beside_texts_are_read_as_they_are(tmp_path: Path) -> None:
    cells = [row / 8 if row % 2 else f"1.000,{row % 90 + 10}" for row in range(ROWS)]
    path = write_typed(tmp_path / "t.xlsx", {"income": cells})

    data = train_on(path, draft_table(path).text)

    assert data.columns["income"][:4].tolist() == [1000.1, 0.125, 1000.12, 0.375]


def train_on(path: Path, document: str) -> Dataset:
    """Read a table as training does, by this schema file."""
    return load(path, read_schema(tomllib.loads(document), "t.toml"))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", "t.csv, line 1"),
        (b"a,default\n", "holds a header but no rows"),
        (b"a,a,default\n1,2,0\n3,4,1\n", "line 1, column a: appears twice in the header"),
        (b"a,default\n1,0\n1,2,3\n", "line 3: has 3 cells, the header has 2"),
        (b"PK\x03\x04 a zip", "t.csv, line 1"),
    ],
)
def test_what_is_no_table_is_said(tmp_path: Path, raw: bytes, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(raw)

    with pytest.raises(DatasetError) as raised:
        draft_table(path)

    assert text in str(raised.value)


def test_a_table_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read: No such file"):
        draft_table(tmp_path / "t.csv")
