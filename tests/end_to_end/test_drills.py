"""The drills in short: the log survives kills, power cuts and a full disk; a lossy one is caught.

Continuous integration runs the drills themselves, for longer.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import contract_tests
import crash_tests
import damaged_models
import database_trouble
import full_disk
import fuzz
import mutation_tests
import overload
import power_cut
import pytest
import reloads
import slow_clients
import soak
from answers import PROJECT
from client_journal import LogComparison, compare_with_log
from clients import Asked, post
from decided import NOON, decision
from harness import Service
from sqlalchemy import insert
from support import skip_or_fail

from creditscore.api_docs.examples import example_applicants
from creditscore.decision_log.database import Database
from creditscore.decision_log.idempotency import RequestOrigin
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.tables import decisions
from creditscore.decisions.record import COLUMNS, to_row
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the drills need Linux")

Drill = Callable[..., int]

RACES, RACERS = 20, 8

SOUND = LogComparison(
    answered=3,
    logged=3,
    unseen=0,
    missing=0,
    doubled=0,
    torn=0,
    altered=0,
    contradicted=0,
    unsound=0,
)


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name each kind of database, and let drills use the tests' PostgreSQL."""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        monkeypatch.setenv("TEST_DATABASE_URL", url)
    return str(request.param)


@pytest.fixture
def last_line(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Give the last line that a drill printed; the others are shown if the test fails."""

    def last_line() -> str:
        printed = capsys.readouterr().out
        sys.stdout.write(printed)
        return printed.splitlines()[-1]

    return last_line


def need(program: str) -> None:
    if shutil.which(program) is None:
        skip_or_fail(program, f"{program} is not installed")


# Kills


def test_no_answered_decision_is_lost_by_kills(
    kind: str, model_dir: Path, last_line: Callable[[], str]
) -> None:
    status = crash_tests.main(["--kills", "4", "--database", kind, "--model-dir", str(model_dir)])

    line = last_line()
    assert status == 0, line
    assert f"holds, seed 1, {kind}, 4 kills" in line


@pytest.mark.parametrize(
    ("fault", "found"), [("answers_first", "missing"), ("forgets_keys", "doubled")]
)
def test_kills_catch_a_service_that(
    fault: str, found: str, kind: str, model_dir: Path, last_line: Callable[[], str]
) -> None:
    options = ["--kills", "2", "--database", kind, "--model-dir", str(model_dir)]

    status = crash_tests.main([*options, "--fault", fault])

    line = last_line()
    assert status == 1, line
    assert line.startswith("FAILS")
    assert f" {found}" in line
    assert f" 0 {found}" not in line


# Damaged models


def test_no_damaged_model_is_loaded(model_dir: Path, last_line: Callable[[], str]) -> None:
    status = damaged_models.main(["--damages", "60", "--model-dir", str(model_dir)])

    line = last_line()
    assert status == 0, line
    assert "60 damaged models: 60 refused with one clear line, 0 in other words" in line


def test_a_gate_that_trusts_its_files_is_caught(
    model_dir: Path, last_line: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The fault is planted in this process.
    monkeypatch.setattr(artifact, "_read_verified", artifact._read_verified)

    options = ["--damages", "60", "--seed", "3", "--fault", "trusting"]
    status = damaged_models.main([*options, "--model-dir", str(model_dir)])

    line = last_line()
    assert status == 1, line
    assert line.startswith("FAILS")


# Slow clients, and new models


@pytest.mark.heavy
def test_a_crowd_of_slow_clients_keeps_nobody_from_being_served(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    crowd = ["--each", "60", "--seconds", "3", "--model-dir", str(model_dir)]
    slow_clients.main(crowd)

    # Not what it says of times: those are the machine's, and no test is about them.
    assert " 0 failed" in last_line()


@pytest.mark.heavy
def test_a_crowd_catches_a_service_that_gives_each_client_a_thread(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    crowd = ["--each", "20", "--seconds", "2", "--model-dir", str(model_dir)]

    assert slow_clients.main([*crowd, "--fault", "threads"]) == 1
    assert last_line().startswith("FAILS")


def test_new_models_fail_no_request(model_dir: Path, last_line: Callable[[], str]) -> None:
    status = reloads.main(["--reloads", "2", "--model-dir", str(model_dir)])

    line = last_line()
    assert status == 0, line
    assert "holds, seed 1, 2 reloads" in line


def test_reloads_catch_a_service_that_begins_anew_each_time(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    status = reloads.main(["--reloads", "2", "--model-dir", str(model_dir), "--fault", "abrupt"])

    assert status == 1
    assert " 0 failed requests" not in last_line()


# Too many requests, odd ones, and a million of them


@pytest.mark.heavy
def test_an_overload_leaves_nobody_without_an_answer(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    # Not how many are decided, or how fast: that is the machine's, and no test is about it.
    options = ["--seconds", "3", "--rounds", "1", "--most-rounds", "1"]
    overload.main([*options, "--model-dir", str(model_dir)])

    assert " 0 other answers, 0 without an answer" in last_line()


@pytest.mark.parametrize(
    ("shares", "still_open"),
    [
        ([0.95], True),  # one tells nothing of chance
        ([0.93, 0.91, 0.92], False),
        ([0.73, 0.97, 0.67], True),
        ([0.73, 0.97, 0.80, 0.85, 0.82], True),
        ([0.41, 0.45, 0.38], False),
    ],
)
def test_an_overload_goes_on_while_chance_may_decide(shares: list[float], still_open: bool) -> None:
    assert overload.is_open(shares, 0.8) is still_open


@pytest.mark.heavy
def test_an_overload_catches_a_service_that_lets_all_of_them_wait(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    options = ["--seconds", "3", "--rounds", "1", "--most-rounds", "1", "--fault", "patient"]

    assert overload.main([*options, "--model-dir", str(model_dir)]) == 1
    assert last_line().startswith("FAILS")


def test_what_nobody_would_send_is_refused_for_what_it_is(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    fuzz.main(["--requests", "400", "--readings", "2000", "--model-dir", str(model_dir)])

    assert " 0 faults" in last_line()


def test_fuzzing_catches_a_service_that_reads_json_as_everybody_does(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    options = ["--requests", "400", "--readings", "100", "--model-dir", str(model_dir)]

    assert fuzz.main([*options, "--fault", "lenient"]) == 1
    assert " 0 faults" not in last_line()


@pytest.mark.heavy
def test_every_route_answers_as_it_is_described(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    contract_tests.main(["--examples", "5", "--model-dir", str(model_dir)])

    assert "13 of 13 routes" in (line := last_line())
    assert line.endswith("0 failures, 0 errors")


@pytest.mark.heavy
def test_a_description_catches_a_service_that_answers_something_else(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    options = ["--examples", "5", "--model-dir", str(model_dir), "--fault", "untrue"]

    assert contract_tests.main(options) == 1
    assert last_line().endswith("1 failures, 0 errors")


@pytest.mark.heavy
def test_a_soak_finds_every_answer_as_it_should_be(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    soak.main(["--requests", "2000", "--model-dir", str(model_dir)])

    assert "2000 requests" in (line := last_line())
    assert " 0 odd answers, 0 broken" in line


@pytest.mark.heavy
def test_a_soak_catches_a_service_that_keeps_something_of_each_request(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    options = ["--requests", "20000", "--model-dir", str(model_dir), "--fault", "leaks"]

    assert soak.main(options) == 1
    assert " 0 odd answers, 0 broken" in last_line()


# A database that is away


def test_while_the_database_is_away_answers_are_503_and_none_is_lost(
    kind: str, model_dir: Path, last_line: Callable[[], str]
) -> None:
    options = (
        ["--times", "1", "--seconds", "2"]
        if kind == "sqlite"
        else ["--times", "3", "--seconds", "1"]
    )
    status = database_trouble.main([*options, "--database", kind, "--model-dir", str(model_dir)])

    line = last_line()
    assert status == 0, line
    assert f"holds, seed 1, {kind}" in line


def test_a_database_that_is_away_catches_a_service_that_answers_all_the_same(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    options = ["--times", "1", "--seconds", "4", "--model-dir", str(model_dir)]
    status = database_trouble.main([*options, "--fault", "answers_anyway"])

    line = last_line()
    assert status == 1, line
    assert " 0 missing" not in line


# Defences that are taken away


def test_each_defence_that_can_be_taken_away_is_where_it_is_said_to_be() -> None:
    listed = mutation_tests.read_defences()

    assert len(listed) >= 20
    assert len({defence.what for defence in listed}) == len(listed)
    for defence in listed:
        code = (PROJECT / defence.file).read_text(encoding="utf-8")
        assert code.count(defence.remove) == 1, defence.what
        for name in defence.tests:
            assert (PROJECT / "tests" / name).is_file()


@pytest.mark.heavy
def test_a_defence_that_is_taken_away_is_missed(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    options = ["--only", "NaN", "--model-dir", str(model_dir)]

    assert mutation_tests.main(options) == 0
    assert "1 defences taken away: 1 noticed, 0 not, 0 broke off" in last_line()

    assert mutation_tests.main([*options, "--fault", "nothing_removed"]) == 1
    assert "1 defences taken away: 0 noticed, 1 not, 0 broke off" in last_line()


# Power cuts


def test_no_answered_decision_is_lost_by_power_cuts(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    need("cc")

    status = power_cut.main(["--cuts", "3", "--model-dir", str(model_dir)])

    line = last_line()
    assert status == 0, line
    assert "holds, seed 1, 3 power cuts" in line


def test_a_power_cut_catches_a_service_that_does_not_wait_for_the_disk(
    model_dir: Path, last_line: Callable[[], str]
) -> None:
    need("cc")

    status = power_cut.main(["--cuts", "1", "--model-dir", str(model_dir), "--fault", "unsynced"])

    line = last_line()
    assert status == 1, line
    assert " 0 missing" not in line


def test_a_power_cut_leaves_what_was_synced_and_nothing_else(tmp_path: Path) -> None:
    need("cc")
    disk = power_cut.Disk(tmp_path / "log", tmp_path / "disk")
    disk.prepare()
    code = """
import os
def write(name, text, sync):
    with open(name, "a+") as file:
        file.write(text)
        file.flush()
        if sync:
            os.fsync(file.fileno())
for name in ("kept", "longer", "shorter", "deleted"):
    write(name, "synced", sync=True)
write("empty", "unsynced", sync=False)
folder = os.open(".", os.O_RDONLY)
os.fsync(folder)
write("longer", " and more", sync=False)
os.truncate("shorter", 0)
os.remove("deleted")
write("unnamed", "synced", sync=True)
"""
    library = power_cut.build_library(tmp_path)
    variables = disk.variables(library)
    subprocess.run([sys.executable, "-c", code], cwd=disk.folder, env=variables, check=True)

    for _ in range(2):
        disk.put_back()

        left = {path.name: path.read_text() for path in disk.folder.iterdir()}
        assert left == {
            **dict.fromkeys(["kept", "longer", "shorter", "deleted"], "synced"),
            "empty": "",
        }


# A full disk


def test_a_full_disk_loses_no_answered_decision_and_is_told_as_503(
    kind: str, model_dir: Path, last_line: Callable[[], str]
) -> None:
    need("prlimit")

    options = ["--steps", "2", "--database", kind, "--model-dir", str(model_dir)]
    status = full_disk.main(options)

    line = last_line()
    assert status == 0, line
    assert f"holds, seed 1, {kind}, 2 times full" in line


def test_a_full_disk_catches_a_service_that_answers_all_the_same(
    kind: str, model_dir: Path, last_line: Callable[[], str]
) -> None:
    need("prlimit")

    options = ["--steps", "1", "--database", kind, "--model-dir", str(model_dir)]
    status = full_disk.main([*options, "--fault", "answers_anyway"])

    line = last_line()
    assert status == 1, line
    assert " 0 missing" not in line


# One idempotency key, two processes


def race(
    model_dir: Path, database_url: str, body: bytes, *, fault: str | None = None
) -> LogComparison:
    """Send one request with one key to two services on one log at once, some times."""
    raced = [Asked(f"race-{number}", body, 1, f"key-{number}") for number in range(RACES)]
    start = threading.Barrier(RACERS)

    def run(port: int) -> None:
        for asked in raced:
            headers = {"X-Request-ID": asked.request_id, "Idempotency-Key": str(asked.key)}
            start.wait(timeout=60)
            status, answer = post(port, body, headers)
            assert status == 200, answer
            asked.answers.append([json.loads(answer)])

    with (
        Service(model_dir, database_url, fault=fault) as one,
        Service(model_dir, database_url, fault=fault) as other,
    ):
        ports = [(one, other)[number % 2].port for number in range(RACERS)]
        threads = [threading.Thread(target=run, args=(port,)) for port in ports]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(len(asked.answers) == RACERS for asked in raced)
    return compare_with_log(raced, database_url)


def test_processes_that_race_with_one_idempotency_key_leave_one_decision(
    model_dir: Path, model: Model, database_url: str
) -> None:
    body = json.dumps(next(iter(example_applicants(model.schema).values()))).encode()

    found = race(model_dir, database_url, body)

    assert found == replace(SOUND, answered=RACES, logged=RACES)


def test_a_race_catches_a_service_that_forgets_keys(
    model_dir: Path, model: Model, database_url: str
) -> None:
    body = json.dumps(next(iter(example_applicants(model.schema).values()))).encode()

    found = race(model_dir, database_url, body, fault="forgets_keys")

    assert (found.doubled, found.contradicted) == (RACES, RACES)


# The comparison itself: each figure, with a log and answers that fit but for one thing


class Book:
    """A log, and what clients were told of it."""

    def __init__(self, database: Database, url: str) -> None:
        self.log = DecisionLog(database, now=lambda: NOON)
        self.url = url
        self.asked = [self.answer("alone", 1), self.answer("array", 2)]

    def answer(self, request_id: str, size: int) -> Asked:
        """Log some decisions, and give them as an answer."""
        made = [decision() for _ in range(size)]
        self.log.record(made, RequestOrigin(request_id))
        told = [one.to_dict("en") for one in made]
        return Asked(request_id, b"", size, None, [told])

    def insert(self, request_id: str, **changes: Any) -> None:
        """Log one more decision, somehow else."""
        row = to_row(decision(), request_id=request_id, key_id=None, idempotency_key=None)
        with self.log.database.writing() as connection:
            values = dict(zip(COLUMNS, row, strict=True))
            connection.execute(insert(decisions), values | changes)


@pytest.fixture
def book(database: Database, database_url: str) -> Book:
    """Log three decisions that were answered."""
    return Book(database, database_url)


def test_an_audit_of_what_fits_holds(book: Book) -> None:
    found = compare_with_log(book.asked, book.url)

    assert found == SOUND
    assert found.holds


def test_an_audit_of_nothing_does_not_hold(book: Book) -> None:
    assert not replace(SOUND, answered=0).holds


def test_an_unseen_decision_is_no_fault(book: Book) -> None:
    unseen = book.answer("unseen", 2)
    unseen.answers.clear()

    found = compare_with_log([*book.asked, unseen], book.url)

    assert found == replace(SOUND, logged=5, unseen=2)
    assert found.holds


def test_an_audit_finds_a_missing_decision(book: Book) -> None:
    lost = Asked("lost", b"", 1, None, [[decision().to_dict("en")]])

    found = compare_with_log([*book.asked, lost], book.url)

    assert found == replace(SOUND, answered=4, missing=1)
    assert not found.holds


def test_an_audit_finds_a_request_that_is_logged_twice(book: Book) -> None:
    book.answer("array", 2)

    found = compare_with_log(book.asked, book.url)

    assert found == replace(SOUND, logged=5, unseen=2, doubled=1)
    assert not found.holds


def test_an_audit_finds_half_an_array(book: Book) -> None:
    torn = book.answer("torn", 1)
    torn.answers.clear()
    torn.size = 2

    found = compare_with_log([*book.asked, torn], book.url)

    assert found == replace(SOUND, logged=4, unseen=1, torn=1)
    assert not found.holds


def test_an_audit_finds_what_was_told_otherwise(book: Book) -> None:
    told = book.asked[0].answers[0][0]
    told["probability_of_default"] += 1e-16

    found = compare_with_log(book.asked, book.url)

    assert found == replace(SOUND, altered=1)
    assert not found.holds


def test_an_audit_finds_a_request_that_was_told_two_things(book: Book) -> None:
    array = book.asked[1]
    array.answers.append(array.answers[0][::-1])

    found = compare_with_log(book.asked, book.url)

    assert found == replace(SOUND, contradicted=1)
    assert not found.holds


def test_an_audit_finds_a_row_that_nobody_asked_for(book: Book) -> None:
    book.insert("somebody else's")

    found = compare_with_log(book.asked, book.url)

    assert found == replace(SOUND, logged=4, unseen=1, unsound=1)
    assert not found.holds


def test_an_audit_finds_a_row_that_was_edited(book: Book) -> None:
    asked = Asked("edited", b"", 1, None)
    book.insert("edited", score=999)

    found = compare_with_log([*book.asked, asked], book.url)

    assert found == replace(SOUND, logged=4, unseen=1, unsound=1)
    assert not found.holds
