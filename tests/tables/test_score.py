"""score.py as whoever runs it meets it: files of any size, whole when they appear."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import PROJECT
from decided import NOON
from table_files import as_csv, people, read, run, write
from workbooks import Cell, write_workbook

from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.schema import Schema
from creditscore.scorecard.model import Model
from creditscore.tables.csv_table import open_table
from creditscore.tables.scorer import Scorer


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, model_dir: Path, tmp_path: Path) -> None:
    monkeypatch.setenv("CREDITSCORE_MODEL_DIR", str(model_dir))
    monkeypatch.setenv("CREDITSCORE_DATABASE_URL", f"sqlite:///{tmp_path}/log.sqlite")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DecisionLog]:
    with contextlib.closing(Database(f"sqlite:///{tmp_path}/log.sqlite")) as database:
        yield DecisionLog(database, now=lambda: NOON)


@pytest.fixture
def assessor(model: Model) -> Assessor:
    return Assessor(model, model.policy, lambda: NOON, lambda _, count: [""] * count)


def test_results_that_are_not_kept_any_more_are_computed_again(
    assessor: Assessor, schema: Schema
) -> None:
    # Larger than a piece, so that there are several blocks.
    text = as_csv(people(schema, "application", 200) * 100).encode()

    def score(max_results: int) -> list[object]:
        table = open_table(io.BytesIO(text), schema, reserved_names=[])
        columns = DecisionColumns(logged=False)
        scorer = Scorer(assessor, table, write=columns.cells, max_results=max_results)
        return [result for block in table.blocks() for result in scorer.score(block)]

    assert score(max_results=0) == score(max_results=1000)


def test_what_is_wrong_with_rows_is_not_kept(assessor: Assessor, schema: Schema) -> None:
    rows = "".join(f"{'x,' * (len(schema.fields) - 1)}{number}\n" for number in range(5000))
    table = open_table(
        io.BytesIO(f"{','.join(schema.fields)}\n{rows}".encode()), schema, reserved_names=[]
    )
    scorer = Scorer(assessor, table, write=str)

    tracemalloc.start()
    try:
        results = [scorer.score(block) for block in table.blocks()]
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sum(map(len, results)) == 5000
    # With the faults of each row it would be more than two hundred times.
    assert size < 20 * len(rows)


def test_bad_rows_go_to_the_rejects_with_their_line(schema: Schema, tmp_path: Path) -> None:
    good = people(schema, "application", 3)
    rows = [good[0], good[1] | {"AGE": 12}, good[2], good[0] | {"AGE": "=1"}]

    assert run(write(tmp_path / "in.csv", rows), tmp_path / "out.csv") == 0

    scored = read(tmp_path / "out.csv")
    for row, scored_row in zip((good[0], good[2]), scored, strict=True):
        assert {name: scored_row[name] for name in row} == {n: str(v) for n, v in row.items()}
    rejects = read(tmp_path / "out.csv.rejects.csv")
    assert [(row["line"], row["customer"], row["AGE"]) for row in rejects] == [
        ("3", "C1", "12"),
        ("5", "C0", "'=1"),
    ]
    assert rejects[0]["faults"] == "AGE must be a whole number from 18 to 100 years, got 12"


def test_codes_that_training_merges_are_scored_and_not_rejected(
    schema: Schema, tmp_path: Path
) -> None:
    rows = [row for row in read(PROJECT / "data" / "credit.csv") if merged_fields(schema, row)]
    assert len(rows) == 386

    assert run(write(tmp_path / "in.csv", rows), tmp_path / "out.csv") == 0

    scored = read(tmp_path / "out.csv")
    assert not (tmp_path / "out.csv.rejects.csv").exists()
    for row, scored_row in zip(rows, scored, strict=True):
        assert [scored_row[name] for name in row] == list(row.values())
        warnings = scored_row["warnings"].split("; ")
        assert {f"{name} folded" for name in merged_fields(schema, row)} <= set(warnings)


def merged_fields(schema: Schema, row: dict[str, str]) -> list[str]:
    """List the fields in which a row holds a code that counts as another one."""
    fields = schema.fields.items()
    return [name for name, field in fields if row[name] in map(str, field.merged_codes)]


def test_lines_are_counted_through_a_header_of_several_lines(
    schema: Schema, tmp_path: Path
) -> None:
    text = as_csv([people(schema, "application", 1)[0] | {"AGE": 12}])
    source = tmp_path / "in.csv"
    source.write_text(text.replace("customer", '"the\ncustomer"', 1), encoding="utf-8")

    assert run(source, tmp_path / "out.csv") == 1

    assert [row["line"] for row in read(tmp_path / "out.csv.rejects.csv")] == ["3"]


def test_rejects_go_where_they_are_told_to_and_an_earlier_runs_do_not_stay(
    schema: Schema, tmp_path: Path
) -> None:
    (good,) = people(schema, "application", 1)
    bad = write(tmp_path / "bad.csv", [good | {"SEX": 3}])
    target, rejects = tmp_path / "out.csv", tmp_path / "out.csv.rejects.csv"

    assert run(bad, target, "--rejects", tmp_path / "no.csv") == 1
    assert len(read(tmp_path / "no.csv")) == 1
    assert not rejects.exists()
    assert run(bad, target) == 1
    assert rejects.exists()
    assert run(write(tmp_path / "good.csv", [good]), target) == 0
    assert not rejects.exists()


def test_reasons_can_be_left_out_and_nothing_is_logged(schema: Schema, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", people(schema, "application", 5))

    assert run(source, tmp_path / "out.csv", "--no-reasons") == 0

    assert not [name for name in read(tmp_path / "out.csv")[0] if name.startswith("reasons")]
    assert not (tmp_path / "log.sqlite").exists()


@pytest.mark.parametrize("target", ["in.csv", "./in.csv", "link.csv", "hard.csv"])
def test_what_is_read_is_never_written_over(schema: Schema, tmp_path: Path, target: str) -> None:
    source = write(tmp_path / "in.csv", people(schema, "application", 5))
    before = source.read_bytes()
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "hard.csv").hardlink_to(source)

    assert run(source, tmp_path / target) == 1
    assert run(source, tmp_path / "out.csv", "--rejects", tmp_path / target) == 1

    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("in.csv", "", "the table is empty"),
        ("in.csv", "a,b\n1,2\n", 'the header has no column "LIMIT_BAL"'),
        ("in.csv", None, "No such file"),
        ("in.parquet", "a,b\n1,2\n", "is not a Parquet file"),
    ],
)
def test_what_cannot_be_scored_is_said_in_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, message: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)

    assert run(tmp_path / name, tmp_path / "out.csv") == 1

    output = capsys.readouterr().err
    assert message in output
    assert output.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_breaks_in_the_middle_leaves_what_was_there(
    schema: Schema, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.csv", people(schema, "application", 20_000))
    source.write_bytes(source.read_bytes() + b'C,"\xff\n')
    (tmp_path / "out.csv").write_text("of yesterday")

    assert run(source, tmp_path / "out.csv") == 1

    assert "line 20002: this is not CSV" in capsys.readouterr().err
    assert (tmp_path / "out.csv").read_text() == "of yesterday"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


HAS_DEVICES = pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no such device")


@pytest.mark.parametrize(
    "target",
    ["-", *(pytest.param(name, marks=HAS_DEVICES) for name in ("/dev/stdout", "/proc/self/fd/1"))],
)
def test_a_dash_is_the_standard_input_and_a_pipe_is_written_to_under_whatever_name(
    schema: Schema, tmp_path: Path, target: str
) -> None:
    rows = people(schema, "application", 50)
    source = write(tmp_path / "in.csv", [*rows, rows[0] | {"AGE": 1}])
    assert run(source, tmp_path / "out.csv") == 0

    piped = subprocess.run(
        [sys.executable, "score.py", "-", target],
        cwd=PROJECT,
        input=source.read_bytes(),
        capture_output=True,
        check=True,
    )

    assert piped.stdout == (tmp_path / "out.csv").read_bytes()
    assert b"50 rows scored, 1 rejected; --rejects FILE keeps them" in piped.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize("bad", [0, 1])
def test_decisions_and_rejects_go_into_named_pipes_which_stay(
    schema: Schema, tmp_path: Path, bad: int
) -> None:
    (good,) = people(schema, "application", 1)
    source = write(tmp_path / "in.csv", [good, *[good | {"AGE": 12}] * bad])
    pipes = [tmp_path / "decisions", tmp_path / "rejects"]
    read_from = []
    for pipe in pipes:
        os.mkfifo(pipe)
        # A writer of our own, so that a reader comes to an end though nothing is rejected.
        read_from.append(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))

    assert run(source, pipes[0], "--rejects", pipes[1]) == 0

    decisions = os.read(read_from[0], 100_000).decode().splitlines()
    assert len(decisions) == 2
    if bad:
        assert "must be a whole number from 18" in os.read(read_from[1], 100_000).decode()
    assert all(pipe.is_fifo() for pipe in pipes)
    for handle in read_from:
        os.close(handle)


def test_rejects_of_an_earlier_run_behind_a_link_go_and_the_link_stays(
    schema: Schema, tmp_path: Path
) -> None:
    source = write(tmp_path / "in.csv", people(schema, "application", 1))
    link, earlier = tmp_path / "link.csv", tmp_path / "rejects.csv"
    earlier.write_text("of yesterday")
    link.symlink_to(earlier)

    assert run(source, tmp_path / "out.csv", "--rejects", link) == 0

    assert link.is_symlink()
    assert not earlier.exists()


def test_a_misspelt_setting_is_told(
    schema: Schema,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CREDITSCORE_CUTTOFF", "0.3")
    source = write(tmp_path / "in.csv", people(schema, "application", 1))

    assert run(source, tmp_path / "out.csv") == 0

    assert "score.py: warning: CREDITSCORE_CUTTOFF is not a setting" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error_of_python(schema: Schema, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", people(schema, "application", 20_000))

    command = f"{sys.executable} score.py {source} - | head -n 1"
    done = subprocess.run(command, shell=True, cwd=PROJECT, capture_output=True, check=True)

    assert done.stdout.startswith(b"customer,")
    assert b"Traceback" not in done.stderr


def test_a_killed_run_leaves_no_half_written_file(schema: Schema, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", people(schema, "behavioural", 4_000))
    target = tmp_path / "out.csv"
    running = subprocess.Popen([sys.executable, "score.py", source, target], cwd=PROJECT)
    while not list(tmp_path.glob(".out.csv.*")):
        assert running.poll() is None
        time.sleep(0.01)

    running.send_signal(signal.SIGKILL)
    running.wait()

    assert not target.exists()
    assert run(source, target) == 0
    assert len(read(target)) == 4_000


# The log


def test_rows_are_logged_once_under_the_ids_that_the_table_names(
    schema: Schema, tmp_path: Path, log: DecisionLog
) -> None:
    rows = people(schema, "application", 40)
    source = write(tmp_path / "in.csv", [rows[0] | {"AGE": 1}, *rows])

    for name in ("one", "two"):
        assert run(source, tmp_path / name, "--log") == 0

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    logged = [entry.decision.decision_id for entry in log.page(limit=500).decisions]
    assert logged[::-1] == [row["decision_id"] for row in read(tmp_path / "one")]
    assert run(source, tmp_path / "three", "--log", "--run", "again") == 0
    # Other customers with the same values are others.
    renamed = [row | {"customer": f"another {row['customer']}"} for row in rows]
    assert run(write(tmp_path / "others.csv", renamed), tmp_path / "four", "--log") == 0
    assert _count(log) == 120


def test_references_of_a_table_are_logged_with_its_rows(
    schema: Schema, tmp_path: Path, log: DecisionLog
) -> None:
    good = people(schema, "application", 4)
    references = ["A-1", " A-2 ", "", "A" * 101]
    rows = [
        {**row, "reference": reference} for row, reference in zip(good, references, strict=True)
    ]

    assert run(write(tmp_path / "in.csv", rows), tmp_path / "out.csv", "--log") == 0

    assert _references(log) == ["A-1", "A-2", None]
    (rejected,) = read(tmp_path / "out.csv.rejects.csv")
    assert rejected["reference"] == "A" * 101
    assert "reference must be text of up to 100 characters" in str(rejected)


def test_references_of_workbooks_are_logged_as_they_are_shown(
    schema: Schema, tmp_path: Path, log: DecisionLog
) -> None:
    rows = people(schema, "application", 3)
    names = [*rows[0], "reference"]
    cells = [[*map(_plain, row.values())] for row in rows]
    sheet: list[list[Cell]] = [
        [*names],
        *([*row, reference] for row, reference in zip(cells, [17, "A-2", None], strict=True)),
    ]
    path = write_workbook(tmp_path / "in.xlsx", {"Applicants": sheet})

    assert run(path, tmp_path / "out.csv", "--log") == 0

    assert _references(log) == ["17", "A-2", None]


def _plain(value: object) -> Cell:
    return value if isinstance(value, str) else float(str(value))


def _references(log: DecisionLog) -> list[str | None]:
    return [entry.decision.applicant.reference for entry in log.page(limit=9).decisions][::-1]


def test_a_run_that_was_killed_half_way_logs_each_row_once(
    schema: Schema, tmp_path: Path, log: DecisionLog
) -> None:
    source = write(tmp_path / "in.csv", people(schema, "application", 9_000))
    target = tmp_path / "out.csv"
    process = subprocess.Popen([sys.executable, "score.py", "--log", source, target], cwd=PROJECT)
    while not (tmp_path / "log.sqlite").exists() or process.poll() is None:
        time.sleep(0.05)
        if (tmp_path / "log.sqlite").exists() and _count(log) >= 1000:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    count_when_killed = _count(log)

    assert run(source, target, "--log") == 0

    assert 1000 <= count_when_killed < 9_000
    assert _count(log) == 9_000
    assert len({row["decision_id"] for row in read(target)}) == 9_000


def _count(log: DecisionLog) -> int:
    try:
        with log.database.reading() as connection:
            count: int = connection.exec_driver_sql("SELECT count(*) FROM decisions").scalar_one()
            return count
    except Exception:  # noqa: BLE001  # the tables are not there yet
        return 0


def test_memory_does_not_grow_with_the_file(schema: Schema, tmp_path: Path) -> None:
    rows = people(schema, "application", 20_000)
    small = write(tmp_path / "small.csv", rows)
    header, _, body = small.read_text().partition("\n")
    (tmp_path / "large.csv").write_text(f"{header}\n{body * 10}")

    def peak(name: str) -> int:
        code = (
            "import resource, sys, score; "
            f"status = score.main(['{tmp_path}/{name}', '{tmp_path}/out-{name}']); "
            "print(status, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        status, kilobytes = done.stdout.split()
        assert status == "0"
        return int(kilobytes)

    # Ten times the rows are 8 MB more of text alone.
    assert peak("large.csv") - peak("small.csv") < 4_000
