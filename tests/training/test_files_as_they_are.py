"""Tables are trained on as programs wrote them; what they cannot mean is said before training."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workbooks import Cell, write_workbook

from creditscore.cli import train
from creditscore.errors import DatasetError
from creditscore.schema import Schema
from creditscore.schema.reader import read_schema
from creditscore.training.dataset import Dataset, load

LOANS = Path(__file__).resolve().parents[1] / "data" / "loans.toml"
XLS = Path(__file__).resolve().parents[1] / "fixtures" / "two_headers.xls"

HEADER = "months;home;income;late"


def schema_of(**changes: Any) -> Schema:
    """Give the data dictionary of the loans, with some tables of it changed."""
    document = tomllib.loads(LOANS.read_text(encoding="utf-8"))
    for name, content in changes.items():
        document[name] = document.get(name, {}) | content
    return read_schema(document, "loans.toml")


def with_field(name: str, **keys: Any) -> Schema:
    document = tomllib.loads(LOANS.read_text(encoding="utf-8"))
    return schema_of(fields={**document["fields"], name: document["fields"][name] | keys})


def written(folder: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    path = folder / "loans.csv"
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


def incomes(folder: Path, *cells: str, schema: Schema | None = None) -> list[float]:
    rows = [f"12;1;{cell};{number % 2}" for number, cell in enumerate(cells)]
    data = load(written(folder, HEADER, *rows), schema or schema_of())
    return [float(number) for number in data.columns["income"]]


# How the file is written


# test_csv_reader.py holds every combination.
@pytest.mark.parametrize(
    ("separator", "encoding", "end"),
    [(";", "utf-8", "\n"), ("\t", "utf-16", "\r\n"), ("|", "cp1252", "\r")],
)
def test_a_file_is_read_as_it_is_written(
    tmp_path: Path, separator: str, encoding: str, end: str
) -> None:
    lines = ["Kredite für Österreich", "", HEADER, "12;1;30,5;0", "0;2;1000,0;1"]
    lines = [line.replace(";", separator) for line in lines]

    data = load(written(tmp_path, *lines, encoding=encoding, end=end), schema_of())

    assert data.columns["income"].tolist() == [30.5, 1000]
    assert (data.file_format["separator"], data.file_format["header_line"]) == (separator, 3)
    assert data.file_format["decimal"] == ","
    (note,) = data.notes
    assert note.endswith(", header in line 3, with decimal commas")


def test_a_plain_file_needs_no_word(tmp_path: Path) -> None:
    data = load(written(tmp_path, "months,home,income,late", "1,1,5,0", "2,1,7,1"), schema_of())

    assert data.notes == ()
    assert data.file_format == {
        "kind": "csv",
        "encoding": "utf-8",
        "separator": ",",
        "header_line": 1,
        "sheet": None,
        "decimal": None,
    }


def test_what_the_schema_file_states_is_taken(tmp_path: Path) -> None:
    stated = {"separator": ";", "encoding": "cp850", "header_line": 2, "decimal": ","}
    path = written(tmp_path, "a;b", HEADER, "12;1;1.000;0", "1;2;5;1", encoding="cp850")

    data = load(path, schema_of(file=stated))

    assert data.columns["income"].tolist() == [1000, 5]
    assert data.file_format["encoding"] == "cp850"


def test_a_wrong_encoding_is_refused_by_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, "12;1;5;0", "12;1;é;0", encoding="cp1252")

    with pytest.raises(DatasetError, match="line 3: this is not UTF-8"):
        load(path, schema_of(file={"encoding": "utf-8"}))


def test_the_workbook_of_the_archive_is_read_as_it_is(tmp_path: Path) -> None:
    document = tomllib.loads(LOANS.read_text(encoding="utf-8"))
    document["dataset"]["ignored_columns"] = ["ID"]
    document["label"]["column"] = "default payment next month"
    document["fields"]["income"] |= {"column": "LIMIT_BAL", "maximum": 1_000_000}
    document["fields"]["home"] |= {"column": "SEX"}
    document["fields"]["months"] |= {"column": "AGE"}
    del document["sources"]

    data = load(XLS, read_schema(document, "loans.toml"))

    assert (len(data), int(data.bad.sum())) == (30, 10)
    assert data.columns["income"][:2].tolist() == [10_000, 20_000]


def test_a_pipe_is_read(tmp_path: Path) -> None:
    import os
    import threading

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = "months,home,income,late\n12,1,5,0\n12,1,5,1\n"
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()

    data = load(pipe, schema_of())

    writer.join()
    assert len(data) == 2


# Columns


def test_a_column_can_have_another_name_in_files(tmp_path: Path) -> None:
    schema = with_field("months", column=" Months at bank ")
    rows = ["12,1,5,0", "0,2,7,1"]

    for name in ("months", "Months at bank"):
        data = load(written(tmp_path, f"{name},home,income,late", *rows), schema)
        assert data.columns["months"].tolist() == [12, 0]

    header = "months,home,income,late,Months at bank"
    with pytest.raises(DatasetError, match="in the header as Months at bank and months"):
        load(written(tmp_path, header, *[f"{row},9" for row in rows]), schema)
    with pytest.raises(DatasetError, match="column Months at bank: is missing"):
        load(written(tmp_path, "home,income,late", "1,5,0"), schema)


def test_names_and_codes_are_compared_without_spaces_and_in_one_form(tmp_path: Path) -> None:
    codes = ["gemietet", "Ga\u0308stehaus", "eigen "]
    schema = with_field("home", codes=codes, example="gemietet", fold={}, column="Gebäude")
    rows = ["12, gemietet,5,0", "1,\u00a0G\u00e4stehaus\u00a0, 7,1", "1,eigen,+8 ,1"]

    data = load(written(tmp_path, " months,Geba\u0308ude, income,\u00a0late", *rows), schema)

    assert data.columns["home"].tolist() == [1, 2, 3]
    assert data.columns["income"].tolist() == [5, 7, 8]


@pytest.mark.parametrize("header", ["", "Unnamed: 0", " "])
@pytest.mark.parametrize("first", [0, 1])
def test_an_index_without_a_name_is_left_out(tmp_path: Path, header: str, first: int) -> None:
    rows = [f"{first + number},12,1,5,{number % 2},,x" for number in range(9)]
    rows[3] = rows[3].removeprefix(str(first + 3))
    schema = schema_of(dataset={"ignored_columns": ["note"]})

    data = load(written(tmp_path, f"{header},months,home,income,late,,note", *rows), schema)

    assert len(data) == 9
    assert [note.split(" is left out")[0] for note in data.notes] == [
        f"column 1 (its name is '{header}')" if header.strip() else "column 1 (it has no name)",
        "column 6 (it has no name)",
    ]


def test_another_column_without_a_name_is_refused_as_such(tmp_path: Path) -> None:
    rows = ["7,12,1,5,0", "3,12,1,5,1"]

    with pytest.raises(DatasetError) as caught:
        load(written(tmp_path, ",months,home,income,late", *rows), schema_of())

    assert str(caught.value).endswith(
        "line 2, column 1 (it has no name): has no name and is not an index from 0 or 1 on, got "
        "'7': name it in the file, leave it out, or have \"\" among the ignored_columns"
    )
    schema = schema_of(dataset={"ignored_columns": [""]})
    assert len(load(written(tmp_path, ",months,home,income,late", *rows), schema)) == 2


# Cells


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("+10", ".5", "5."), [10, 0.5, 5]),
        (("1.000,5", "7", ",5"), None),
        (("12,5", "7", ",5"), [12.5, 7, 0.5]),
        (("12,5", "1.000", "+3,"), [12.5, 1000, 3]),
        (("1 000", "1\u00a0000", "1\u202f000"), [1000, 1000, 1000]),
        (("1'000", "999.5", "1\u2019000"), [1000, 999.5, 1000]),
        ((" 7", "8\u00a0", "\t9"), [7, 8, 9]),
    ],
)
def test_numbers_are_read_as_programs_write_them(
    tmp_path: Path, cells: tuple[str, ...], numbers: list[float] | None
) -> None:
    if numbers is None:
        with pytest.raises(DatasetError, match=r"got 1000\.5"):
            incomes(tmp_path, *cells)
    else:
        assert incomes(tmp_path, *cells) == numbers


@pytest.mark.parametrize(
    ("suffix", "cells"),
    [("%", ("12.5%", "30 %", "7")), (" EUR", ("12.5 EUR", "30EUR", "7  EUR"))],
)
def test_a_suffix_may_follow_numbers(tmp_path: Path, suffix: str, cells: tuple[str, ...]) -> None:
    schema = with_field("income", suffix=suffix)

    assert incomes(tmp_path, *cells, schema=schema) == [12.5, 30, 7]
    with pytest.raises(DatasetError, match="got '7 x"):
        incomes(tmp_path, "7 xEUR", "7 x", schema=schema)


@pytest.mark.parametrize(
    ("decimal", "cells", "numbers"),
    [
        (None, [30.125, 0.5, "7"], [30.125, 0.5, 7]),
        (None, [30.125, 0.5, "1,5", "0,125"], [30.125, 0.5, 1.5, 0.125]),
        (",", [30.125, 0.5, "30,125"], [30.125, 0.5, 30.125]),
        (".", [30.125, 0.5, "30.125"], [30.125, 0.5, 30.125]),
    ],
)
def test_numbers_of_a_workbook_are_these_numbers(
    tmp_path: Path, decimal: str | None, cells: list[Cell], numbers: list[float]
) -> None:
    rows: list[list[Cell]] = [[12, "1", cell, number % 2] for number, cell in enumerate(cells)]
    path = write_workbook(tmp_path / "loans.xlsx", {"Loans": [HEADER.split(";"), *rows]})

    data = load(path, schema_of(file={"decimal": decimal} if decimal else {}))

    assert data.columns["income"].tolist() == numbers


@pytest.mark.parametrize(
    ("affix", "cells"),
    [({"suffix": "%"}, ("12,5%", "1.000,00 %")), ({"prefix": "Rp"}, ("Rp12,5", "Rp 1.000,00"))],
)
def test_a_prefix_or_suffix_does_not_hide_the_decimal_comma(
    tmp_path: Path, affix: dict[str, str], cells: tuple[str, ...]
) -> None:
    schema = with_field("income", **affix)

    assert incomes(tmp_path, *cells, schema=schema) == [12.5, 1000]


def test_numbers_that_may_all_be_thousands_are_refused_or_pointed_out(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"got 1\.000, which can mean 1 or 1000.*\[file\] dec"):
        incomes(tmp_path, "1.000", "2.000", "3.000")

    rows = ["12;1;1.000;0", "12;1;2.500;1"]
    data = load(written(tmp_path, HEADER, *rows), schema_of(file={"decimal": "."}))

    assert data.columns["income"].tolist() == [1, 2.5]
    assert data.notes[-1].startswith("every value of income has exactly three digits behind its")
    rows.append("12;1;3.5;1")
    data = load(written(tmp_path, HEADER, *rows), schema_of(file={"decimal": "."}))
    assert len(data.notes) == 1


def test_without_commas_between_cells_one_decimal_comma_settles_all_columns(
    tmp_path: Path,
) -> None:
    document = tomllib.loads(LOANS.read_text(encoding="utf-8"))
    document["fields"]["debt"] = document["fields"]["income"] | {"title": "Debt"}
    document["scorecards"]["long"]["fields"].append("debt")
    del document["sources"]
    schema = read_schema(document, "loans.toml")
    header, rows = "months;home;income;debt;late", ["12;1;1.000;2,5;0", "1;2;7;3;1"]

    data = load(written(tmp_path, header, *rows), schema)

    assert data.columns["income"].tolist() == [1000, 7]
    rows[1] = "1;2;7;3.25;1"
    with pytest.raises(DatasetError, match=r"got 1\.000, which can mean 1 or 1000"):
        load(written(tmp_path, header, *rows, "1;2;7;1.234,5;1", "1;2;7;1;0"), schema)


def test_a_column_of_many_pieces_is_read_whole(tmp_path: Path) -> None:
    cells = [f"{number / 100:.2f}" for number in range(1, 90_001)]
    cells[70_000] = "1e2"

    values = incomes(tmp_path, *cells)

    assert values == list(map(float, cells))


# Outcomes


def outcomes(folder: Path, *cells: str, **label: Any) -> Dataset:
    rows = [f"12,1,5,{cell}" for cell in cells]
    return load(written(folder, "months,home,income,late", *rows), schema_of(label=label))


@pytest.mark.parametrize(
    ("good", "bad", "cells"),
    [
        (0, 1, ("0.0", "1.0", " 0", "01", "1,0".replace(",", "."))),
        (0.0, "1", ("0", "1", "00", "+1", "1.")),
        (False, True, ("False", "TRUE", "false ", "true", "True")),
        ("no", "yes", ("no", "YES", "No", "Yes ", "yes")),
        (["Fully Paid", "Current"], ["Charged Off", "Default"],
         ("Fully Paid", "Default", "current", "Charged Off", "default")),
    ],
)  # fmt: skip
def test_outcomes_are_read_as_programs_write_them(
    tmp_path: Path, good: Any, bad: Any, cells: tuple[str, ...]
) -> None:
    data = outcomes(tmp_path, *cells, good=good, bad=bad)

    assert data.bad.tolist() == [0, 1, 0, 1, 1]
    assert not data.left_out


def test_case_counts_where_it_tells_good_from_bad(tmp_path: Path) -> None:
    data = outcomes(tmp_path, "y", "Y", "Z", "z", good=["y", "z"], bad="Y")

    assert data.bad.tolist() == [0, 1, 0, 0]
    data = outcomes(tmp_path, "no", "NO", "No", good="no", bad="NO")
    assert data.bad.tolist() == [0, 1]
    assert data.left_out == {"No": 1}


def test_rows_of_other_outcomes_are_left_out_and_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path, "months,home,income,late",
        "1,1,5,0", "x,9,,Current", "2,2,6,1", "3,1,7,", "4,1,8,Current", "5,1,9,0",
    )  # fmt: skip

    data = load(path, schema_of())

    assert data.columns["months"].tolist() == [1, 2, 5]
    assert data.bad.tolist() == [0, 1, 0]
    assert data.left_out == {"Current": 2, "": 1}


def test_many_other_outcomes_are_counted_together(tmp_path: Path) -> None:
    data = outcomes(tmp_path, "0", "1", *(f"x{number}" for number in range(100)))

    assert len(data.left_out) == 21
    assert data.left_out["others"] == 80


def test_outcomes_that_are_never_found_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        outcomes(tmp_path, "Y", "N", "N", good=["no", 0], bad="yes")

    assert str(caught.value).endswith(
        "column late: must hold both outcomes, but no row has 'no' or 0; "
        "other outcomes are 'Y' (1 rows), 'N' (2 rows)"
    )


# What the terminal says


def trained(folder: Path, capsys: pytest.CaptureFixture[str], header: str) -> tuple[str, str]:
    draw = np.random.default_rng(1)
    rows = [
        f"{draw.integers(1, 99)};{1 + number % 2};{draw.integers(1, 999)},5;"
        f"{['0', '1', 'Current', ''][draw.integers(4)]};{number}"
        for number in range(600)
    ]
    path = written(folder, header, *rows, encoding="cp1252")
    schema = LOANS.read_text(encoding="utf-8").replace('["customer"]', '["score", "Konto für"]')
    # A search for its settings would take most of the time.
    schema = schema.replace('"months"]', '"months"]\nforest = { trees = 10, min_samples_leaf = 5 }')
    (folder / "loans.toml").write_text(schema, encoding="utf-8")
    arguments = ["--data", path, "--schema", folder / "loans.toml", "--model-dir", folder / "model"]

    status = train.main([*map(str, arguments), "--no-plots", "--quick"])

    output = capsys.readouterr()
    assert status == 0, output.err
    return output.out, output.err


def test_training_says_what_it_found_and_what_it_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = trained(tmp_path, capsys, f"{HEADER};score")

    assert "train.py: loans.csv is CSV with semicolons, in UTF-8, with decimal commas\n" in err
    assert "train.py: a decision has columns of the names score: tables with such ones" in err
    assert "say [file] decision_prefix = 'credit_' in the schema file" in err
    assert "more rows of the file were left out" in out
    card = (tmp_path / "model" / "model_card.md").read_text(encoding="utf-8")
    (line,) = [line for line in card.splitlines() if "more rows of the file were left out" in line]
    assert "Current (" in line
    assert "none (" in line
    shutil.rmtree(tmp_path / "model")

    out, err = trained(tmp_path, capsys, f"{HEADER};Konto für")

    assert "loans.csv is CSV with semicolons, in Windows-1252, with decimal commas" in err
    assert "a decision has columns" not in err
