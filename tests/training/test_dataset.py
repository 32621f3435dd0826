"""A table is trained on only if every cell of it could have been scored."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import pytest
from invented import invent, write_csv

from creditscore.errors import DatasetError
from creditscore.schema import Schema
from creditscore.schema.reader import read_schema
from creditscore.training.dataset import Dataset, load

LOANS = Path(__file__).resolve().parents[1] / "data" / "loans.toml"
HEADER = "customer,months,home,income,late"
ROWS = ("7,12,1,30.5,0", "8,0,2,1000,1")

#: The codes of the homes, as errors list them.
HOMES = "1 (rents), 2 (owns), or 0 (counted as 2), 5 (counted as 1)"


@pytest.fixture(scope="module")
def loans() -> Schema:
    """A small data dictionary, with a column that is ignored and a code that is folded."""
    document = tomllib.loads(LOANS.read_text(encoding="utf-8"))
    document["fields"]["home"]["fold"]["5"] = 1
    return read_schema(document, "loans.toml")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "my loans.csv"


def written(path: Path, *lines: str, header: str = HEADER, end: str = "\n") -> Path:
    text = end.join([header, *lines, ""])
    path.write_bytes(text.encode())
    return path


def refusal(path: Path, schema: Schema) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        load(path, schema)
    assert str(caught.value).startswith(str(path))
    return caught.value


def cells(**changes: str) -> str:
    """Give a good row with some cells changed."""
    good = dict(zip(HEADER.split(","), ROWS[0].split(","), strict=True))
    return ",".join((good | changes).values())


def assert_read(data: Dataset) -> None:
    assert data.columns["income"].tolist() == [30.5, 1000.0]
    assert data.columns["home"].tolist() == [1.0, 2.0]
    assert data.columns["months"].tolist() == [12.0, 0.0]
    assert data.bad.tolist() == [0, 1]


# Sound files


def test_a_table_is_read_by_the_names_of_its_columns(path: Path, loans: Schema) -> None:
    data = load(written(path, *ROWS), loans)

    assert_read(data)
    assert data.name == path.name
    assert data.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(data) == 2
    assert not data.folded


def test_the_ignored_columns_need_not_be_there(path: Path, loans: Schema) -> None:
    rows = [row.split(",", 1)[1] for row in ROWS]

    assert_read(load(written(path, *rows, header=HEADER.split(",", 1)[1]), loans))


def test_integral_floats_are_whole_numbers_and_codes(path: Path, loans: Schema) -> None:
    data = load(written(path, "7,12.0,1.0,3.05e1,0", "8,0e0,0.0,1000,1"), loans)

    assert_read(data)
    assert data.folded == {"home": 1}


def test_undocumented_codes_are_folded_and_counted(path: Path, loans: Schema) -> None:
    rows = [cells(home=home, late=late) for home, late in ("00", "01", "50", "21")]

    data = load(written(path, *rows), loans)

    assert data.columns["home"].tolist() == [2, 2, 1, 2]
    assert data.folded == {"home": 3}


def test_columns_can_be_called_otherwise(path: Path, loans: Schema) -> None:
    names = {"income": "X1", "home": "X2", "months": "X3", "late": "Y"}

    data = load(
        written(path, "a,12,1,30.5,0", "b,0,2,1000,1", header="ID,X3,X2,X1,Y"),
        loans,
        columns=names,
    )

    assert_read(data)


def test_rows_can_be_picked(path: Path, loans: Schema) -> None:
    data = load(written(path, *ROWS), loans).rows(np.array([1]))

    assert data.bad.tolist() == [1]
    assert data.matrix(["months", "income"]).tolist() == [[0, 1000]]


# The header


@pytest.mark.parametrize(
    ("header", "column", "text"),
    [
        ("customer,months,home,late", "income", "is missing, the header is customer, months"),
        ("customer,months,home,incom,late", "income", "; nearest is 'incom'"),
        ("customer,months,home,income,lat", "late", "is missing"),
        (f"{HEADER},x", "x", "is not a field of the schema, nor among its ignored_columns"),
        (f"{HEADER},month s", "month s", "its ignored_columns, did you mean 'months'?"),
        (f"{HEADER},months2", "months2", "nor among its ignored_columns"),
        (f"{HEADER},home", "home", "appears twice in the header"),
        (f"{HEADER},customer", "customer", "appears twice in the header"),
    ],
)
def test_a_wrong_header_is_told_first(
    path: Path, loans: Schema, header: str, column: str, text: str
) -> None:
    error = refusal(written(path, "x", header=header), loans)

    assert (error.line, error.column) == (1, column)
    assert text in str(error)


# The rows


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        ("income", "0", "must be a number greater than 0 and at most 1,000, got 0"),
        ("income", "1000.01", "got 1000.01"),
        ("income", "1e400", "got a number too large to be stored"),
        ("income", "9" * 390, "got a number too large to be stored"),
        ("income", "9" * 5000, f"got '{'9' * 40}'"),
        *(
            (
                "income",
                cell,
                "must be a number greater than 0 and at most 1,000, but the cell is empty; "
                "say missing = true of a field whose value may be unknown",
            )
            for cell in ("", "   ", "\u00a0")
        ),
        *(
            ("income", cell, f"got {cell!r}")
            for cell in ("2_4", "nan", "inf", "0x10", "\uff12\uff14", "NA", "None", "(24)", "--2")
        ),
        ("months", "601", "must be a whole number from 0 to 600, got 601"),
        ("months", "1.5", "must be a whole number from 0 to 600, got 1.5"),
        ("home", "3", f"must be one of {HOMES}, got 3"),
        ("home", "rents", f"must be one of {HOMES}, got 'rents'"),
        (
            "income",
            "Rp 24",
            "got 'Rp 24': where that may come before the number, say prefix = 'Rp' of the field",
        ),
        (
            "income",
            "24 EUR",
            "got '24 EUR': where that may follow the number, say suffix = 'EUR' of the field",
        ),
        (
            "months",
            "36 months",
            "got '36 months': where that may follow the number, say suffix = 'months' of the field",
        ),
        (
            "income",
            "12.5%",
            "got '12.5%': where that may follow the number, say suffix = '%' of the field",
        ),
    ],
)
def test_a_wrong_cell_is_named_by_line_and_column(
    path: Path, loans: Schema, column: str, cell: str, text: str
) -> None:
    error = refusal(written(path, *ROWS, cells(**{column: cell}), *ROWS), loans)

    assert (error.line, error.column) == (4, column)
    assert str(error).endswith(text)


def test_everything_that_is_wrong_is_told_at_once(path: Path, loans: Schema) -> None:
    rows = [ROWS[0], cells(home="9"), cells(months="x", home="8"), cells(income="0"), "7,12"]

    error = refusal(written(path, *rows, *ROWS), loans)

    assert error.line == 3
    assert str(error).splitlines() == [
        f"{path}: 4 of 7 rows cannot be trained on:",
        "  line 5, column income: must be a number greater than 0 and at most 1,000, got 0",
        f"  line 3, column home: must be one of {HOMES}, got 9 "
        "(and 1 more such cells, such as '8')",
        "  line 4, column months: must be a whole number from 0 to 600, got 'x'",
        "  line 6: has 2 cells, the header has 5",
    ]


def test_empty_cells_of_all_columns_are_one_sentence(path: Path, loans: Schema) -> None:
    rows = [cells(home="", income=""), cells(income=" "), cells(income="-1"), *ROWS]

    error = refusal(written(path, *rows), loans)

    assert error.line == 2
    assert str(error).splitlines() == [
        f"{path}: 3 of 5 rows cannot be trained on:",
        "  3 cells of 2 columns are empty: income 2 (from line 2), home 1 (from line 2); "
        "say missing = true of a field whose value may be unknown",
        "  line 4, column income: must be a number greater than 0 and at most 1,000, got -1",
    ]


def test_many_wrong_cells_of_a_kind_are_counted(path: Path, loans: Schema) -> None:
    rows = [cells(income=f"x{number}") for number in range(1500)]

    error = refusal(written(path, *rows, *ROWS), loans)

    assert (error.line, error.column) == (2, "income")
    assert str(error).endswith("got 'x0' (and 1,499 more such cells, such as 'x1', 'x2', 'x3')")


def test_all_that_is_wrong_with_a_header_is_told_at_once(path: Path, loans: Schema) -> None:
    error = refusal(written(path, "x", header="customer,home,incom,late,x,late"), loans)

    assert error.line == 1
    assert str(error).splitlines() == [
        f"{path}: line 1: the header has 4 faults:",
        "  column income: is missing, the header is customer, home, incom, late, x, late; "
        "nearest is 'incom'",
        "  column months: is missing",
        "  column late: appears twice in the header",
        "  column x: is not a field of the schema, nor among its ignored_columns",
    ]


def test_columns_in_capitals_are_recognised_as_what_they_are(path: Path, loans: Schema) -> None:
    error = refusal(written(path, "x", header=HEADER.title()), loans)

    for name in ("Months", "Home", "Income", "Late"):
        assert f"; nearest is {name!r}" in str(error)


def test_many_unknown_columns_are_counted(path: Path, loans: Schema) -> None:
    extra = ",".join(f"c{number}" for number in range(100))

    error = refusal(written(path, "x", header=f"{HEADER},{extra}"), loans)

    assert "100 columns are not fields of the schema" in str(error)
    assert len(str(error)) < 400


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("7,12,1", "has 3 cells, the header has 5"),
        (f"{ROWS[0]},1", "has 6 cells, the header has 5"),
        (f"{ROWS[0]},,1", "has 7 cells, the header has 5"),
    ],
)
def test_a_row_of_another_width_is_refused(
    path: Path, loans: Schema, index: int, row: str, text: str
) -> None:
    rows = list(ROWS)
    rows.insert(index, row)

    error = refusal(written(path, *rows), loans)

    assert str(error) == f"{path}, line {index + 2}: {text}"


# The file


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_header_alone_is_refused(path: Path, loans: Schema, end: str) -> None:
    path.write_bytes((HEADER + end).encode())

    assert str(refusal(path, loans)) == f"{path}: holds a header but no rows"


@pytest.mark.parametrize("outcome", ["0", "1"])
def test_rows_of_one_outcome_are_refused(path: Path, loans: Schema, outcome: str) -> None:
    error = refusal(written(path, *[cells(late=outcome)] * 9), loans)

    assert error.column == "late"
    assert f"must hold both outcomes, but no row has {1 - int(outcome)}" in str(error)


# Amounts


def test_three_digits_behind_one_separator_are_refused_unless_others_settle_it(
    path: Path, loans: Schema
) -> None:
    error = refusal(written(path, cells(income="30.125"), cells(late="1", income="7")), loans)

    assert (error.line, error.column) == (2, "income")
    assert "got 30.125, which can mean 30.125 or 30125: write it without a separator, or" in str(
        error
    )
    data = load(written(path, cells(income="30.125"), cells(late="1", income="7.5")), loans)
    assert data.columns["income"].tolist() == [30.125, 7.5]


# Data sets


def test_invented_rows_of_the_bundled_schema_are_read(tmp_path: Path, schema: Schema) -> None:
    rows = invent(schema, count=500, seed=1)

    data = load(write_csv(tmp_path / "invented.csv", rows), schema)

    for name, field in schema.fields.items():
        expected = [field.rule.encode(row[name]) for row in rows]
        assert data.columns[name].tolist() == expected
    assert data.bad.tolist() == [int(row["TARGET"]) for row in rows]


def test_the_real_rows_hold_345_and_54_undocumented_codes(uci_csv: Path, schema: Schema) -> None:
    data = load(uci_csv, schema)

    assert (len(data), int(data.bad.sum())) == (30_000, 6_636)
    assert data.folded == {"EDUCATION": 345, "MARRIAGE": 54}


def test_the_archive_and_its_cut_are_the_same_data(
    uci_csv: Path, uci_archive_csv: Path, schema: Schema
) -> None:
    cut = load(uci_csv, schema)
    archive = load(uci_archive_csv, schema, columns=schema.sources["uci"].columns)

    assert np.array_equal(cut.bad, archive.bad)
    assert np.array_equal(cut.matrix(list(schema.fields)), archive.matrix(list(schema.fields)))
    assert cut.sha256 != archive.sha256
