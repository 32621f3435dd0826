"""Tables as Parquet: typed, with the same decisions as CSV."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from answers import PROJECT
from sqlalchemy import select
from table_files import people, read, run, write

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import decisions
from creditscore.schema import Schema

Row = dict[str, Any]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, model_dir: Path) -> None:
    monkeypatch.setenv("CREDITSCORE_MODEL_DIR", str(model_dir))


def write_parquet(path: Path, rows: list[Row]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def both(schema: Schema, count: int = 300) -> list[Row]:
    """Invent applicants of both scorecards; fields that one has not are null."""
    behavioural = people(schema, "behavioural", count)
    application = people(schema, "application", count, seed=2)
    rows = [row for pair in zip(behavioural, application, strict=True) for row in pair]
    return [dict.fromkeys(behavioural[0]) | row for row in rows]


def test_parquet_gets_the_decisions_of_csv_to_the_last_bit(schema: Schema, tmp_path: Path) -> None:
    rows = both(schema)
    write(tmp_path / "in.csv", ({n: v for n, v in r.items() if v is not None} for r in rows))
    write_parquet(tmp_path / "in.parquet", rows)

    for source in ("in.csv", "in.parquet"):
        for target in ("csv", "parquet"):
            assert run(tmp_path / source, tmp_path / f"{source}.{target}") == 0

    for source in ("in.csv", "in.parquet"):
        texts = read(tmp_path / f"{source}.csv")
        typed_rows = pq.read_table(tmp_path / f"{source}.parquet").to_pylist()
        assert len(texts) == len(typed_rows) == len(rows)
        for row, text, cells in zip(rows, texts, typed_rows, strict=True):
            assert {name: cells[name] for name in row} == row
            assert list(text) == list(cells)
            for name in list(text)[len(row) :]:
                cell = cells[name]
                assert text[name] == ("" if cell is None else str(cell))
    expected = read(tmp_path / "in.csv.csv")
    parquet_rows = read(tmp_path / "in.parquet.csv")
    decision_columns = list(expected[0])[len(rows[0]) :]
    assert [[row[name] for name in decision_columns] for row in parquet_rows] == [
        [row[name] for name in decision_columns] for row in expected
    ]


def test_columns_keep_their_types(schema: Schema, tmp_path: Path) -> None:
    rows = [row | {"since": 1.5, "good": True} for row in people(schema, "application", 5)]
    write_parquet(tmp_path / "in.parquet", rows)

    assert run(tmp_path / "in.parquet", tmp_path / "out.parquet") == 0

    source_schema = pq.read_schema(tmp_path / "in.parquet")
    target_schema = pq.read_schema(tmp_path / "out.parquet")
    assert [target_schema.field(name) for name in source_schema.names] == list(source_schema)
    types = {
        name: str(target_schema.field(name).type) for name in ("label", "probability", "score")
    }
    assert types == {"label": "string", "probability": "double", "score": "int64"}


def test_what_pandas_and_databases_write_is_understood(schema: Schema, tmp_path: Path) -> None:
    (row,) = people(schema, "application", 1)
    missing_values = {name: float("nan") for name in schema.scorecards["behavioural"].fields}
    money = {"LIMIT_BAL": Decimal("20000.50"), "AGE": 30.0}
    write_parquet(tmp_path / "in.parquet", [missing_values | row | money])

    assert run(tmp_path / "in.parquet", tmp_path / "out.parquet") == 0

    (decision,) = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert decision["scorecard"] == "application"


@pytest.mark.parametrize(
    ("codes", "scored"), [([1, 3, 2], {"1": "C0", "3": "C2"}), ([True, True, False], {})]
)
def test_bad_rows_are_rejected_with_their_number(
    schema: Schema, tmp_path: Path, codes: list[int], scored: dict[str, str]
) -> None:
    rows = people(schema, "application", 3)
    write_parquet(
        tmp_path / "in.parquet",
        [row | {"SEX": code} for row, code in zip(rows, codes, strict=True)],
    )

    assert run(tmp_path / "in.parquet", tmp_path / "out.parquet") == (0 if scored else 1)

    scored_rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["customer"] for row in scored_rows] == list(scored.values())
    rejects = {row["line"]: row["customer"] for row in read(tmp_path / "out.parquet.rejects.csv")}
    assert rejects | scored == {"1": "C0", "2": "C1", "3": "C2"}


def test_without_pyarrow_one_line_says_what_to_install(schema: Schema, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", people(schema, "application", 2))
    code = (
        "import sys; sys.modules['pyarrow'] = None; import score; "
        f"sys.exit(score.main(['{source}', '{tmp_path}/out.parquet']))"
    )

    process = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert process.returncode == 1
    assert "requirements-tables.txt" in process.stderr
    assert process.stderr.count("\n") == 1


def test_a_large_table_is_written_in_groups_of_rows(schema: Schema, tmp_path: Path) -> None:
    rows = people(schema, "application", 1000) * 140
    write_parquet(tmp_path / "in.parquet", rows)

    assert run(tmp_path / "in.parquet", tmp_path / "out.parquet") == 0

    metadata = pq.read_metadata(tmp_path / "out.parquet")
    assert metadata.num_rows == 140_000
    assert metadata.num_row_groups <= 3


@pytest.mark.parametrize("references", [["A-1", None], [17, 18], [17.0, None]])
def test_references_are_logged_as_texts(
    schema: Schema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, references: list[Any]
) -> None:
    url = f"sqlite:///{tmp_path}/log.sqlite"
    monkeypatch.setenv("CREDITSCORE_DATABASE_URL", url)
    rows = [
        {**row, "reference": reference}
        for row, reference in zip(people(schema, "application", 2), references, strict=True)
    ]
    source = write_parquet(tmp_path / "in.parquet", rows)

    assert run(source, tmp_path / "out.parquet", "--log") == 0

    database = Database(url)
    with database.reading() as connection:
        query = select(decisions.c.reference).order_by(decisions.c.number)
        logged = connection.execute(query).scalars().all()
    database.close()
    assert logged == [
        None if reference is None else f"{reference:.0f}" if reference != "A-1" else reference
        for reference in references
    ]
    assert pq.read_table(tmp_path / "out.parquet")["reference"].to_pylist() == references
