"""A table as Excel in another country wrote it: trained on, then scored at every door."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import problem_of
from flask.testing import FlaskClient
from service_settings import settings_of
from workbooks import Cell, write_workbook

from creditscore.cli import score, train
from creditscore.web import create_app

ROWS = 400

SCHEMA = """
[dataset]
name = "messy"
title = "Messy loans"
ignored_columns = ["score"]

[label]
column = "Ergebnis"
good = ["bezahlt", "vorzeitig bezahlt"]
bad = "Ausfall"
title = "Defaulted"

[file]
decision_prefix = "credit_"

[scorecards.all]
title = "All"
fields = ["income", "rate", "months", "home", "member"]
forest = { trees = 10, min_samples_leaf = 20 }

[fields.income]
kind = "number"
column = "Einkünfte"
minimum = 0
example = 1000
title = "Income"

[fields.rate]
kind = "number"
suffix = "%"
example = 12.5
title = "Rate"

[fields.months]
kind = "integer"
suffix = " Monate"
example = 36
title = "Months"

[fields.home]
kind = "coded"
codes = [{ value = "", en = "not known" }, "Miete", "Gästehaus"]
example = "Miete"
title = "Home"

[fields.member]
kind = "coded"
codes = ["False", "True"]
example = "True"
title = "Member"
"""

HEADER = ["", "score", "Einku\u0308nfte", "rate", "months ", "home", "member", "Ergebnis"]

Row = dict[str, Any]


def draw_rows() -> list[Row]:
    draw = np.random.default_rng(3)
    rows = []
    for number in range(ROWS):
        income = float(draw.integers(500, 900_000)) / 100
        outcome = draw.choice(["bezahlt", "Vorzeitig bezahlt ", "Ausfall", "läuft", ""])
        if outcome == "bezahlt" and income < 3000:
            outcome = "Ausfall"
        rows.append(
            {
                "number": number,
                "income": income,
                "rate": float(draw.integers(10, 300)) / 10,
                "months": int(draw.choice([12, 24, 36])),
                "home": str(draw.choice(["", "Miete", "Gästehaus"])),
                "member": bool(draw.integers(2)),
                "outcome": outcome,
            }
        )
    return rows


def german(number: float) -> str:
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


def cells_of(row: Row) -> list[str]:
    return [
        str(row["number"]),
        "x",
        german(row["income"]),
        f"{german(row['rate'])} %",
        f"{row['months']} Monate",
        f" {row['home']}" if row["home"] else "",
        str(row["member"]).upper(),
        row["outcome"],
    ]


def as_text(rows: Sequence[Row]) -> str:
    lines = ["Kredite;;", "", ";".join(HEADER), *(";".join(cells_of(row)) for row in rows)]
    return "".join(f"{line}\r\n" for line in [*lines[:20], "", *lines[20:]])


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return draw_rows()


@pytest.fixture(scope="module")
def folder(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train as a user does."""
    base = tmp_path_factory.mktemp("messy")
    # Windows-1252 has no combining marks, as UTF-16 has.
    (base / "loans.csv").write_bytes(as_text(rows).encode("utf-16"))
    (base / "loans.toml").write_text(SCHEMA, encoding="utf-8")
    options = ["--quick", "--data", base / "loans.csv", "--schema", base / "loans.toml"]
    assert train.main([*map(str, options), "--model-dir", str(base / "model"), "--no-plots"]) == 0
    return base


@pytest.fixture(scope="module")
def lender(folder: Path) -> FlaskClient:
    return create_app(settings_of(folder / "model")).test_client()


def scored(folder: Path, source: Path) -> list[dict[str, str]]:
    target = source.with_suffix(".out.csv")
    assert score.main([str(source), str(target), "--model-dir", str(folder / "model")]) == 0
    with target.open(newline="", encoding="utf-8") as file:
        head = file.readline()
        file.seek(0)
        separator = ";" if head.count(";") > 5 else ","
        return list(csv.DictReader(file, delimiter=separator, strict=True))


def ask_as_json(lender: FlaskClient, rows: Sequence[Row]) -> list[str]:
    """Give the probabilities of the same applicants as JSON."""
    names = ("income", "rate", "months", "home")
    bodies = [{n: row[n] for n in names} | {"member": str(row["member"])} for row in rows]
    answer = lender.post("/predict", json=bodies)
    assert answer.json is not None
    assert answer.status_code == 200, answer.json
    return [repr(decision["probability"]) for decision in answer.json]


def test_every_row_that_was_read_in_training_is_scored(
    folder: Path, lender: FlaskClient, rows: list[Row]
) -> None:
    decisions = scored(folder, folder / "loans.csv")

    assert len(decisions) == ROWS
    assert [row["credit_probability"].replace(",", ".") for row in decisions] == ask_as_json(
        lender, rows
    )
    assert "," in decisions[0]["credit_probability"]
    assert decisions[0]["score"] == "x"
    assert decisions[0]["credit_score"].isdigit()
    assert not (folder / "loans.out.csv.rejects.csv").exists()


def test_the_manifest_counts_what_was_left_out(folder: Path, rows: list[Row]) -> None:
    about = json.loads((folder / "model" / "manifest.json").read_text(encoding="utf-8"))["data"]

    left_out = {name: sum(row["outcome"] == name for row in rows) for name in ("läuft", "")}
    assert about["left_out_rows"] == left_out
    assert about["rows"] == ROWS - sum(left_out.values())
    assert (about["format"]["encoding"], about["format"]["separator"]) == ("utf-16-le", ";")


def test_a_workbook_is_scored_like_the_table(
    folder: Path, lender: FlaskClient, rows: list[Row], tmp_path: Path
) -> None:
    sheet: list[list[Cell]] = [["Kredite"], [cell or None for cell in HEADER]]
    for row in rows:
        values = [row[name] for name in ("number", "income", "rate", "months", "home", "member")]
        sheet.append([values[0], "x", *values[1:4], values[4] or None, values[5], row["outcome"]])
    path = write_workbook(tmp_path / "loans.xlsx", {"Info": [["x"]], "Loans": sheet})

    decisions = scored(folder, path)

    assert [row["credit_probability"] for row in decisions] == ask_as_json(lender, rows)


def test_parquet_is_scored_like_the_table(
    folder: Path, lender: FlaskClient, rows: list[Row], tmp_path: Path
) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    names = {"income": "Einkünfte", "rate": "rate", "months": "months", "home": "home"}
    columns = {name: [row[field] for row in rows] for field, name in names.items()}
    columns["member"] = [row["member"] for row in rows]
    columns["rate"] = [f"{row['rate']}%" for row in rows]
    pq.write_table(pa.table(columns), tmp_path / "loans.parquet")

    decisions = scored(folder, tmp_path / "loans.parquet")

    assert [row["credit_probability"] for row in decisions] == ask_as_json(lender, rows)


def post(lender: FlaskClient, text: str | bytes, kind: str = "text/csv") -> Any:
    return lender.post("/predict", data=text, content_type=kind, buffered=True)


def test_a_request_reads_the_table_too(lender: FlaskClient, rows: list[Row]) -> None:
    expected = ask_as_json(lender, rows)

    for text, kind in (
        (as_text(rows).encode(), "text/csv"),
        (as_text(rows).encode("utf-16"), "text/csv; charset=utf-16"),
    ):
        answer = post(lender, text, kind)
        assert answer.status_code == 200, answer.text
        decisions = csv.DictReader(io.StringIO(answer.text, newline=""), delimiter=";", strict=True)
        assert [row["credit_probability"].replace(",", ".") for row in decisions] == expected


def test_commas_and_the_fields_own_names_stay_what_requests_may_send(
    lender: FlaskClient, rows: list[Row]
) -> None:
    names = ["income", "rate", "months", "home", "member"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([names, *([row[name] for name in names] for row in rows)])

    answer = post(lender, text.getvalue())

    decisions = csv.DictReader(io.StringIO(answer.text, newline=""), strict=True)
    assert [row["credit_probability"] for row in decisions] == ask_as_json(lender, rows)


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [
        ("income,rate,home,member", "column_missing", 'no column "months"'),
        ("Einkunfte,rate,months,home,member", "column_missing", 'mean it by "Einkunfte"'),
        ("x,rate,months,home,member", "column_missing", 'no column "income" or "Einkünfte"'),
        ("income,rate,months,home,member,Einkünfte", "column_twice", "the column income appears"),
        ("income,rate,months,home,member,credit_score", "column_taken", "credit_score must be"),
    ],
)
def test_a_wrong_header_is_named(lender: FlaskClient, header: str, code: str, words: str) -> None:
    problem = problem_of(post(lender, f"{header}\n1\n"), 422)

    (fault,) = [error for error in problem["errors"] if error["code"] == code]
    assert words in fault["detail"]


def test_columns_without_a_name_and_one_called_score_are_passed_through(
    lender: FlaskClient,
) -> None:
    text = ",income,,rate,months,home,member,score\n1,1000,a,12%,12 Monate,,true,7\n"

    lines = post(lender, text).text.splitlines()

    assert lines[0].startswith(",income,,rate,months,home,member,score,credit_decision_id,")
    assert lines[1].startswith("1,1000,a,12%,12 Monate,,true,7,")


def test_no_workbook_is_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model-dir", str(folder / "model")]

    assert score.main([str(folder / "loans.csv"), str(tmp_path / "out.xlsx"), *options]) == 1

    assert "workbooks are read, not written: name a .csv file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
