"""Export: everything that is logged, exactly, or as a table that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from decided import NOON, ORIGIN, decision, hourly
from flask import Flask
from logged import database_of, decide, edit, row_of, run
from service_settings import Build

from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.scan import PAGE_ROWS
from creditscore.decision_log.tables import decisions
from creditscore.decisions.assessor import Decision, timestamp
from creditscore.decisions.record import (
    ADDED,
    CONTENT,
    RequestOrigin,
    content_hash,
    to_milliseconds,
)
from creditscore.json_codec import dumps_text
from creditscore.schema import Applicant

OWNER_ONLY = 0o600


@pytest.fixture
def log(app: Flask) -> DecisionLog:
    return DecisionLog(database_of(app), now=lambda: NOON)


def export(app: Flask, *arguments: str) -> Result:
    return run(app, "export", "--output", "-", *arguments)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def table(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    text = result.stdout_bytes.decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def ids(lines_: list[dict[str, Any]]) -> list[str]:
    return [line["decision_id"] for line in lines_]


# JSON Lines


def test_a_line_holds_all_that_is_logged_so_exactly_that_its_hash_can_be_made_anew(
    app: Flask, log: DecisionLog
) -> None:
    decide(app, **{"Idempotency-Key": "once"})
    log.record([decision()], ORIGIN)

    exported = lines(export(app))

    assert len(exported) == 3
    for line in exported:
        row = row_of(database_of(app), line["decision_id"])
        names = (*CONTENT, *ADDED)
        copy = {name: line.get(name) for name in names} | {"id": line["decision_id"]}
        for name in ("inputs", "impacts", "reasons", "strengths", "warnings"):
            copy[name] = dumps_text(line[name])
        assert line["decided_at"] == timestamp(
            NOON + timedelta(milliseconds=row["decided_at"] - to_milliseconds(NOON))
        )
        copy["decided_at"] = row["decided_at"]
        assert content_hash(copy) == row["content_hash"] == line["content_hash"]


def test_a_line_agrees_with_what_was_answered(app: Flask) -> None:
    first, _ = decide(app)
    answer = app.extensions["creditscore"].log.find(first).decision.to_dict("en")

    (line, _) = lines(export(app))

    for part in ("reasons", "strengths", "warnings"):
        for entry in line[part]:
            entry["text"] = entry["text"]["en"]
    assert {name: line[name] for name in answer} == answer


def test_an_outcome_is_exported_with_its_decision(app: Flask, log: DecisionLog) -> None:
    old, young = hourly(2)
    log.record([old, young], ORIGIN)
    log.record_outcome(old.decision_id, defaulted=True, key_id="k-2")

    exported = {line["decision_id"]: line["outcome"] for line in lines(export(app))}
    (stated_row, unstated_row) = table(export(app, "--format", "csv"))

    outcome = {"defaulted": True, "recorded_at": timestamp(NOON), "key_id": "k-2"}
    assert exported == {old.decision_id: outcome, young.decision_id: None}
    assert [stated_row[f"outcome.{name}"] for name in outcome] == ["true", timestamp(NOON), "k-2"]
    assert {unstated_row[f"outcome.{name}"] for name in outcome} == {""}


def test_an_override_is_exported_with_its_decision(app: Flask, log: DecisionLog) -> None:
    old, young = hourly(2)
    log.record([old, young], ORIGIN)
    stated = {"label": "eligible", "reason": "=a guarantor", "decided_by": "A. Officer"}
    log.record_override(old.decision_id, **stated, key_id="k-2")

    exported = {line["decision_id"]: line["override"] for line in lines(export(app))}
    (overridden_row, other_row) = table(export(app, "--format", "csv"))

    override = {**stated, "recorded_at": timestamp(NOON), "key_id": "k-2"}
    assert exported == {old.decision_id: override, young.decision_id: None}
    cells = {name: overridden_row[f"override.{name}"] for name in override}
    assert cells == {**override, "reason": "'=a guarantor"}
    assert {other_row[f"override.{name}"] for name in override} == {""}


# CSV


def test_what_a_single_decision_states_beyond_the_others_of_its_version_has_a_column(
    app: Flask, log: DecisionLog
) -> None:
    batch = [*hourly(5)]
    # A monitored attribute is logged only where it is given.
    inputs = {**batch[2].applicant.values, "REGION": "north"}
    batch[2] = batch[2]._replace(applicant=Applicant(batch[2].applicant.scorecard, inputs))
    log.record(batch, ORIGIN)

    rows = table(export(app, "--format", "csv"))

    assert [row["inputs.REGION"] for row in rows] == ["", "", "north", "", ""]


def test_a_table_has_a_flat_line_for_each_decision_of_whatever_scorecard(app: Flask) -> None:
    decision_ids = decide(app)

    rows = table(export(app, "--format", "csv"))

    assert ids(rows) == decision_ids
    for row, line in zip(rows, lines(export(app)), strict=True):
        assert float(row["probability_of_default"]) == line["probability_of_default"]
        for part in ("inputs", "impacts"):
            cells = {
                name.partition(".")[2]: float(value)
                for name, value in row.items()
                if name.startswith(f"{part}.") and value
            }
            assert cells == line[part]
        for rank, reason in enumerate(line["reasons"], start=1):
            assert row[f"reasons.{rank}.code"] == reason["code"]
            assert float(row[f"reasons.{rank}.impact"]) == reason["impact"]
            assert row[f"reasons.{rank}.text.id"] == reason["text"]["id"]
        assert row["reasons.4.code"] == "" or len(line["reasons"]) == 4


def test_a_text_that_a_spreadsheet_would_run_is_defused(app: Flask, log: DecisionLog) -> None:
    texts = [f'{start}HYPERLINK("x")' for start in "=+-@\t\r\n"]
    for evil in texts:
        values = dict(decision().applicant.values) | {"house": evil}
        original = decision(applicant=Applicant("application", values))
        log.record([original], RequestOrigin(evil, None, evil, "hash"))

    rows, exported = table(export(app, "--format", "csv")), lines(export(app))

    for evil, row, line in zip(texts, rows, exported, strict=True):
        assert row["inputs.house"] == row["request_id"] == row["idempotency_key"] == f"'{evil}"
        assert line["inputs"]["house"] == line["request_id"] == evil


def test_numbers_below_0_stay_numbers_and_texts_stay_in_their_cell(
    app: Flask, log: DecisionLog
) -> None:
    text = 'a, "b"\r\nc; é'
    values = dict(decision().applicant.values) | {"amount": -20000, "rate": -1e-17, "house": text}
    log.record([decision(applicant=Applicant("application", values)), decision()], ORIGIN)

    row, other_row = table(export(app, "--format", "csv"))

    assert (row["inputs.amount"], row["inputs.rate"]) == ("-20000", "-1e-17")
    assert (row["inputs.below"], row["inputs.whole"]) == ("-0.0", "35.0")
    assert (row["inputs.house"], other_row["inputs.house"]) == (text, "own é")
    columns = {name.partition(".")[0] for name in row}
    assert {column.name for column in decisions.columns} - {"number", "id", "bins"} <= columns


# Which


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_stretch_is_from_a_time_on_and_before_another(
    app: Flask, log: DecisionLog, kind: str
) -> None:
    batch = list(hourly(5))
    log.record(batch, ORIGIN)
    times = [f"{original.decided_at:%FT%T}.123Z" for original in batch]

    def hours(*arguments: str) -> list[int]:
        result = export(app, "--format", kind, *arguments)
        rows = lines(result) if kind == "jsonl" else table(result)
        return [[d.decision_id for d in batch].index(decision_id) for decision_id in ids(rows)]

    assert hours() == [0, 1, 2, 3, 4]
    assert hours("--since", times[3]) == [3, 4]
    assert hours("--until", times[2]) == [0, 1]
    assert hours("--since", times[1], "--until", times[3]) == [1, 2]
    assert hours("--since", "2030-01-01") == []


def test_pages_are_exported_one_after_the_other_each_decision_once(
    app: Flask, log: DecisionLog
) -> None:
    batch = list(hourly(PAGE_ROWS + 5))
    log.record(batch, ORIGIN)

    result = export(app)

    assert ids(lines(result)) == [original.decision_id for original in batch]
    assert result.stderr == f"{PAGE_ROWS + 5:,} decisions exported\n"
    assert ids(table(export(app, "--format", "csv"))) == ids(lines(result))


# Files


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_file_is_its_owners_only_whatever_was_there(app: Flask, tmp_path: Path) -> None:
    decide(app)
    target = tmp_path / "log.jsonl"
    target.write_text("old")
    target.chmod(0o644)
    umask = os.umask(0)
    try:
        result = run(app, "export", "--output", str(target))
    finally:
        os.umask(umask)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "2 decisions exported\n")
    assert mode_of(target) == OWNER_ONLY
    assert target.read_text().count("\n") == 2
    assert [path.name for path in tmp_path.iterdir() if "log.jsonl" in path.name] == ["log.jsonl"]


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_after_a_failure_the_old_file_is_there_and_nothing_else(
    app: Flask, log: DecisionLog, tmp_path: Path, kind: str
) -> None:
    batch = list(hourly(PAGE_ROWS + 5))
    log.record(batch, ORIGIN)
    last_id = batch[-1].decision_id
    edit(database_of(app), last_id, reasons="no JSON")
    folder = tmp_path / "exports"
    folder.mkdir()
    target = folder / "log"
    target.write_text("old")

    result = run(app, "export", "--format", kind, "--output", str(target))

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: decision {last_id} is not well-formed: "
        "run .venv/bin/flask --app app decisions verify\n"
    )
    assert [path.name for path in folder.iterdir()] == ["log"]
    assert target.read_text() == "old"


def test_where_no_file_can_be_nothing_is_written(app: Flask, tmp_path: Path) -> None:
    missing = tmp_path / "nowhere" / "log"

    for target, says in (
        (missing, "No such file or directory"),
        (tmp_path, "exists, and is not a regular file"),
    ):
        result = run(app, "export", "--output", str(target))
        assert result.exit_code == 1
        assert result.stderr == f"Error: {target} cannot be written: {says}\n"
    assert tmp_path.is_dir()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_an_export_goes_into_a_named_pipe(app: Flask, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    result = run(app, "export", "--format", "csv", "--output", str(pipe))

    assert result.exit_code == 0
    assert os.read(reader, 100_000).startswith(b"decision_id,")
    assert pipe.is_fifo()
    os.close(reader)


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_a_link_stays_a_link_to_the_file_that_is_replaced(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    target, link = tmp_path / "data" / "log", tmp_path / "link"
    link.symlink_to(target)

    assert run(app, "export", "--output", str(link)).exit_code == 0

    assert link.is_symlink()
    assert target.is_file()


def test_what_cannot_be_exported_is_a_mistake_in_the_command(app: Flask) -> None:
    for arguments, says in (
        ([], "Missing option '--output'"),
        (["--output", "-", "--format", "xml"], "is not one of 'jsonl', 'csv'"),
        (["--output", "-", "--until", "today"], "a time with its zone"),
        (["--output", "-", "--since", "2026-02-01", "--until", "2026-01-01"], "must be before"),
    ):
        result = run(app, "export", *arguments)

        assert result.exit_code == 2
        assert says in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot tell")
def test_memory_does_not_grow_with_the_log(build: Build, sqlite_url: str, model_dir: Path) -> None:
    """Export a log whose texts alone are twice as large as what the command may grow by."""
    app = build(database_url=sqlite_url)
    log = DecisionLog(database_of(app), now=lambda: NOON)
    text = "x" * 10_000

    def wide() -> Decision:
        (reason,) = decision().reasons
        return decision(reasons=(reason._replace(text={"en": text, "id": text}),))

    def peak() -> int:
        code = (
            "import resource, sys, app; from creditscore.web.cli.decisions import decisions;"
            "runner = app.app.test_cli_runner();"
            "made = runner.invoke(args=['decisions', 'export', '--output', sys.argv[1]]);"
            "assert made.exit_code == 0, made.output;"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        result = subprocess.run(
            [sys.executable, "-c", code, str(model_dir.with_name("exported.jsonl"))],
            cwd=Path(__file__).resolve().parents[2],
            env={
                **os.environ,
                "CREDITSCORE_DATABASE_URL": sqlite_url,
                "CREDITSCORE_MODEL_DIR": str(model_dir),
            },
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
        )
        return int(result.stdout)

    def record_pages() -> None:
        for _ in range(4):
            log.record([wide() for _ in range(1000)], ORIGIN)

    # From the first pages on memory still grows to what a page takes beside the next one.
    record_pages()
    some_pages = peak()
    record_pages()

    assert model_dir.with_name("exported.jsonl").exists()
    assert peak() - some_pages < 40_000  # of the 80,000 kB that were added
