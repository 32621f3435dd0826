"""One file, one verdict: train.py, score.py and POST /predict read the same tables."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from table_files import as_csv, people, read, run
from workbooks import Cell, write_workbook

from creditscore.errors import DatasetError
from creditscore.schema import Schema
from creditscore.training.dataset import load

#: The rows that were read, or the line of the first fault.
Verdict = tuple[str, int]

ROWS = 6


@pytest.fixture
def table(schema: Schema) -> list[str]:
    """A table that both training and scoring can read, by lines."""
    rows = people(schema, "behavioural", ROWS)
    for number, row in enumerate(rows):
        del row["customer"]
        row |= {"LIMIT_BAL": 10_000 * (number + 1), "TARGET": number % 2}
    return as_csv(rows).splitlines()


@pytest.fixture
def verdicts(
    schema: Schema,
    client: FlaskClient,
    model_dir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[bytes], dict[str, Verdict]]:
    monkeypatch.setenv("CREDITSCORE_MODEL_DIR", str(model_dir))
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"

    def train(raw: bytes) -> Verdict:
        try:
            return "rows", len(load(source, schema))
        except DatasetError as error:
            return "line", error.line or 1

    def score(raw: bytes) -> Verdict:
        status = run(source, target)
        printed = capsys.readouterr().err
        if match := re.search(r"line (\d+): ", printed):
            return "line", int(match[1])
        assert status == 0, printed
        return "rows", len(read(target))

    def post(raw: bytes) -> Verdict:
        answer = client.post("/predict", data=raw, content_type="text/csv", buffered=True)
        if answer.status_code == 422:
            assert answer.json is not None
            return "line", answer.json["errors"][0]["line"]
        text = answer.get_data(as_text=True)
        return "rows", len(list(csv.DictReader(io.StringIO(text, newline=""), strict=True)))

    def all_doors(raw: bytes) -> dict[str, Verdict]:
        source.write_bytes(raw)
        return {door.__name__: door(raw) for door in (train, score, post)}

    return all_doors


def joined(lines: list[str], end: str = "\n") -> bytes:
    return (end.join(lines) + end).encode()


def with_amounts(lines: list[str], *amounts: str) -> bytes:
    """Write amounts into the first rows, LIMIT_BAL being the first column."""
    head, *rows = lines
    changed = [
        f"{amount},{row.partition(',')[2]}" for amount, row in zip(amounts, rows, strict=False)
    ]
    return joined([head, *changed, *rows[len(changed) :]])


SOUND: dict[str, Callable[[list[str]], bytes]] = {
    "as it is": joined,
    "CRLF": lambda lines: joined(lines, "\r\n"),
    "CR": lambda lines: joined(lines, "\r"),
    "no last line end": lambda lines: joined(lines)[:-1],
    "a byte order mark": lambda lines: b"\xef\xbb\xbf" + joined(lines),
    "a blank line in front": lambda lines: joined(["", *lines]),
    "a blank line in the middle": lambda lines: joined([*lines[:3], "", *lines[3:]]),
    "a line of spaces": lambda lines: joined([*lines[:3], "  \t", *lines[3:]]),
    "blank last lines": lambda lines: joined([*lines, "", "", ""]),
    "blank last lines, CR": lambda lines: joined([*lines, "", ""], "\r"),
    "trailing commas": lambda lines: joined([f"{line}," for line in lines]),
    "a trailing comma in the header": lambda lines: joined([f"{lines[0]},", *lines[1:]]),
    "trailing commas in the rows": lambda lines: joined(
        [lines[0], *[f"{row},," for row in lines[1:]]]
    ),
    "quoted cells": lambda lines: joined(
        [",".join(f'"{cell}"' for cell in line.split(",")) for line in lines]
    ),
    "a settled comma": lambda lines: with_amounts(lines, "30.000", '"30.000,00"'),
    "a settled point": lambda lines: with_amounts(lines, '"30,000"', "30000.50"),
    "semicolons": lambda lines: joined(lines).replace(b",", b";"),
    "tabs": lambda lines: joined(lines).replace(b",", b"\t"),
    "bars": lambda lines: joined(lines).replace(b",", b"|"),
    "the separator in the first line": lambda lines: joined(["sep=;", *lines], "\r\n").replace(
        b",", b";"
    ),
    "lines above the header": lambda lines: joined(["Applicants,,", "of Monday", "", *lines]),
    "thousands settle it": lambda lines: with_amounts(lines, "1.000.000", "20.000"),
}

WRONG: dict[str, tuple[Callable[[list[str]], bytes], int]] = {
    "empty": (lambda lines: b"", 1),
    "blank lines": (lambda lines: b"\n \r\n\t\n", 1),
    "a header alone": (lambda lines: joined(lines[:1]), 1),
    "a header alone, CR": (lambda lines: joined(lines[:1], "\r"), 1),
    "a workbook": (lambda lines: b"PK\x03\x04" + joined(lines), 1),
    "a column twice": (
        lambda lines: joined([f"{lines[0]},AGE", *[f"{x},1" for x in lines[1:]]]),
        1,
    ),
    "a cell too many": (lambda lines: joined([*lines, f"{lines[1]},1"]), ROWS + 2),
    "a cell too many, then none": (lambda lines: joined([*lines, f"{lines[1]},1,"]), ROWS + 2),
    "a cell too few": (lambda lines: joined([*lines, lines[1].rpartition(",")[0]]), ROWS + 2),
    "behind a blank line": (lambda lines: joined([*lines, "", "1,2"]), ROWS + 3),
    "an open quote": (lambda lines: joined([*lines, '"1,2', "3,4"]), ROWS + 2),
    "an ambiguous point": (lambda lines: with_amounts(lines, "10000", "30.000"), 3),
    "an ambiguous comma": (lambda lines: with_amounts(lines, "10000", '"30,000"'), 3),
    "an ambiguous cell and a contradiction": (
        lambda lines: with_amounts(lines, "30.000", "30000.5", "1.000.000"),
        2,
    ),
}


@pytest.mark.parametrize("write", SOUND.values(), ids=SOUND)
def test_what_one_door_reads_all_doors_read(
    table: list[str],
    verdicts: Callable[[bytes], dict[str, Verdict]],
    write: Callable[[list[str]], bytes],
) -> None:
    assert verdicts(write(table)) == dict.fromkeys(("train", "score", "post"), ("rows", ROWS))


@pytest.mark.parametrize(("write", "line"), WRONG.values(), ids=WRONG)
def test_what_one_door_refuses_all_doors_refuse_at_the_same_line(
    table: list[str],
    verdicts: Callable[[bytes], dict[str, Verdict]],
    write: Callable[[list[str]], bytes],
    line: int,
) -> None:
    assert verdicts(write(table)) == dict.fromkeys(("train", "score", "post"), ("line", line))


def test_a_table_without_rows_writes_nothing(
    table: list[str], model_dir: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(joined(table[:1]))

    assert run("--model-dir", model_dir, source, tmp_path / "out.csv") == 1
    assert run("--model-dir", model_dir, source, "-") == 1

    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    assert capfdbinary.readouterr().out == b""


def test_amounts_mean_the_same_at_every_door(
    schema: Schema, table: list[str], client: FlaskClient, model_dir: Path, tmp_path: Path
) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    typed = with_amounts(table, "30.000", '"1.000.000"', '"20.000,50"')
    plain = with_amounts(table, "30000", "1000000", "20000.5")

    def scored(raw: bytes) -> list[str]:
        source.write_bytes(raw)
        assert run("--model-dir", model_dir, source, target) == 0
        return [row["probability"] for row in read(target)]

    def posted(raw: bytes) -> list[str]:
        answer = client.post("/predict", data=raw, content_type="text/csv", buffered=True)
        text = answer.get_data(as_text=True)
        return [row["probability"] for row in csv.DictReader(io.StringIO(text, newline=""))]

    source.write_bytes(typed)
    assert load(source, schema).columns["LIMIT_BAL"][:3].tolist() == [30_000, 1_000_000, 20_000.5]
    assert scored(typed) == scored(plain) == posted(typed) == posted(plain)


def test_an_ambiguous_amount_is_refused_with_both_readings(
    table: list[str], client: FlaskClient, schema: Schema, tmp_path: Path
) -> None:
    raw = with_amounts(table, "30.000")

    answer = client.post("/predict", data=raw, content_type="text/csv", buffered=True)

    assert answer.json is not None
    (fault,) = answer.json["errors"]
    assert (fault["code"], fault["pointer"]) == ("ambiguous_number", "/LIMIT_BAL")
    assert "got 30.000, which can mean 30 or 30000" in fault["detail"]
    (tmp_path / "in.csv").write_bytes(raw)
    with pytest.raises(DatasetError, match=r"or say \[file\] decimal in the schema file"):
        load(tmp_path / "in.csv", schema)


def as_workbook(path: Path, names: list[str], rows: list[list[Cell]]) -> Path:
    pytest.importorskip("python_calamine")
    return write_workbook(path, {"People": [names, *rows]})


def as_parquet(path: Path, names: list[str], rows: list[list[Cell]]) -> Path:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    if any(isinstance(cell, str) for cell in columns["LIMIT_BAL"]):
        columns["LIMIT_BAL"] = [str(amount).removesuffix(".0") for amount in columns["LIMIT_BAL"]]
    pq.write_table(pa.table(columns), path)
    return path


def with_typed_amounts(lines: list[str], *amounts: Cell) -> tuple[list[str], list[list[Cell]]]:
    """Return the header, and rows of numbers, with amounts in the first rows."""
    head, *rows = lines
    cells: list[list[Cell]] = [list(map(float, row.split(","))) for row in rows]
    for row, amount in zip(cells, amounts, strict=False):
        row[0] = amount
    return head.split(","), cells


@pytest.mark.parametrize("write", [as_workbook, as_parquet])
@pytest.mark.parametrize(
    ("amounts", "verdict"),
    [
        ((30_000.125, 20_000.5), ("rows", ROWS)),
        (("30000", "20000"), ("rows", ROWS)),
        (("30.000", "1.000.000"), ("rows", ROWS)),
        (("30.000", "20000,5"), ("rows", ROWS)),
        (("20000", "30.000"), ("line", 2)),
        (("20000", "30,000"), ("line", 2)),
    ],
)
def test_texts_of_typed_tables_are_read_as_those_of_csv(
    table: list[str],
    verdicts: Callable[[bytes], dict[str, Verdict]],
    tmp_path: Path,
    write: Callable[[Path, list[str], list[list[Cell]]], Path],
    amounts: tuple[Cell, ...],
    verdict: Verdict,
) -> None:
    raw = write(tmp_path / "typed", *with_typed_amounts(table, *amounts)).read_bytes()

    by_door = verdicts(raw)

    if verdict == ("line", 2) and write is as_workbook:
        # Below its header.
        verdict = ("line", 3)
    assert (by_door["train"], by_door["score"]) == (verdict, verdict)


def test_a_number_of_a_workbook_is_that_number_whatever_the_texts_beside_it(
    schema: Schema, table: list[str], model_dir: Path, tmp_path: Path
) -> None:
    mixed: tuple[Cell, ...] = (30_000.5, 10_000.125, "20.000", "20.000,5")
    plain = (30_000.5, 10_000.125, 20_000, 20_000.5)
    target = tmp_path / "out.csv"

    def scored(amounts: tuple[Cell, ...]) -> list[str]:
        source = as_workbook(tmp_path / "in.xlsx", *with_typed_amounts(table, *amounts))
        assert load(source, schema).columns["LIMIT_BAL"][:4].tolist() == list(plain)
        assert run("--model-dir", model_dir, source, target) == 0
        return [row["probability"] for row in read(target)]

    assert scored(mixed) == scored(plain)


def test_numbers_of_a_workbook_settle_nothing_of_the_texts_beside_them(
    table: list[str], verdicts: Callable[[bytes], dict[str, Verdict]], tmp_path: Path
) -> None:
    rows = with_typed_amounts(table, 30_000.5, "30.000")
    raw = as_workbook(tmp_path / "x.xlsx", *rows).read_bytes()

    by_door = verdicts(raw)

    assert (by_door["train"], by_door["score"]) == (("line", 3), ("line", 3))
