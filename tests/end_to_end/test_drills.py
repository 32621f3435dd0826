"""The drills can fail: each catches a service with a planted fault.

That a service without a fault passes them is for continuous integration, which runs them for long.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutation_tests
import overload
import power_cut
import pytest
from answers import PROJECT
from client_journal import LogComparison, compare_with_log
from clients import JournaledRequest, post
from decided import NOON, decision
from harness import Service
from load import Tally
from skips import skip_or_fail
from sqlalchemy import insert

from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.tables import decisions
from creditscore.decisions.record import COLUMNS, RequestOrigin, to_row

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the drills need Linux")

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

# Each with a planted fault

#: A drill in short, and what its last line does not say of a service with the fault.
FAULTS = [
    ("crash_tests --kills 2 --fault answers_first", " 0 missing"),
    ("crash_tests --kills 2 --fault answers_first --database postgres", " 0 missing"),
    ("crash_tests --kills 2 --fault forgets_keys", " 0 doubled"),
    ("crash_tests --kills 2 --fault forgets_keys --database postgres", " 0 doubled"),
    ("database_trouble --times 1 --seconds 4 --fault answers_anyway", " 0 missing"),
    ("power_cut --cuts 1 --fault unsynced", " 0 missing"),
    ("full_disk --steps 1 --fault answers_anyway", " 0 missing"),
    ("full_disk --steps 1 --fault answers_anyway --database postgres", " 0 missing"),
    ("damaged_models --damages 60 --seed 3 --fault trusting", "60 refused"),
    ("reloads --reloads 2 --fault abrupt", " 0 failed requests"),
    ("reloads --reloads 2 --fault abrupt --behind nginx", " 0 failed requests"),
    ("slow_clients --each 20 --seconds 2 --fault threads", "holds"),
    ("overload --seconds 3 --rounds 1 --most-rounds 1 --fault patient", "holds"),
    ("fuzz --requests 400 --readings 100 --fault lenient", " 0 faults"),
    ("contract_tests --examples 5 --fault untrue", " 0 failures"),
    ("soak --requests 20000 --fault leaks", "holds"),
    ("soak --requests 4000 --fault unclosed", "holds"),
    ("mutation_tests --only NaN --fault nothing_removed", " 0 not,"),
]
PROGRAMS = {"power_cut": "cc", "full_disk": "prlimit"}


def need(program: str) -> None:
    if shutil.which(program) is None:
        skip_or_fail(program, f"{program} is not installed")


@pytest.mark.slow
@pytest.mark.parametrize(("drill", "unsaid"), FAULTS, ids=[drill for drill, _ in FAULTS])
def test_a_drill_catches_the_fault_of(
    drill: str, unsaid: str, model_dir: Path, request: pytest.FixtureRequest
) -> None:
    name, *options = drill.split()
    need(PROGRAMS.get(name, "python3"))
    if "nginx" in options:
        need("nginx")
    variables = {}
    if "postgres" in options:
        variables["TEST_DATABASE_URL"] = request.getfixturevalue("postgres_url")

    result = subprocess.run(
        [sys.executable, f"drills/{name}.py", *options, "--model-dir", model_dir],
        cwd=PROJECT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )

    line = result.stdout.splitlines()[-1]
    assert result.returncode == 1, result.stdout
    assert line.startswith("FAILS"), line
    assert unsaid not in line


# The parts of them that judge


@pytest.mark.parametrize(
    ("costs", "still_open"),
    [
        ([0.05], True),  # one tells nothing of chance
        ([0.11, 0.13, 0.12], False),
        ([0.27, 0.09, 0.23], True),
        ([0.27, 0.09, 0.20, 0.15, 0.18], True),
        ([0.41, 0.45, 0.38], False),
        ([float("inf"), 0.1], False),
    ],
)
def test_an_overload_goes_on_while_chance_may_decide(costs: list[float], still_open: bool) -> None:
    assert overload.is_open(costs, 0.2) is still_open


@pytest.mark.parametrize(
    ("decided", "refused", "cost"),
    [
        (600, 2400, 400 / 2400),
        (1000, 9000, 0.0),
        (900, 0, float("inf")),
        (1000, 0, 0.0),
    ],
)
def test_the_cost_of_a_refusal_is_in_decisions(decided: int, refused: int, cost: float) -> None:
    under_load = Tally({200: [0.1] * decided * 5, 503: [0.1] * refused * 5}, seconds=5.0)

    assert overload.cost_of_refusal(1000.0, under_load) == pytest.approx(cost)


def test_each_defence_that_can_be_taken_away_is_where_it_is_said_to_be() -> None:
    listed = mutation_tests.read_defences()

    assert len(listed) >= 20
    assert len({defence.what for defence in listed}) == len(listed)
    for defence in listed:
        code = (PROJECT / defence.file).read_text(encoding="utf-8")
        assert code.count(defence.remove) == 1, defence.what
        for name in defence.tests:
            assert (PROJECT / "tests" / name).is_file()


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

        contents = {path.name: path.read_text() for path in disk.folder.iterdir()}
        assert contents == {
            **dict.fromkeys(["kept", "longer", "shorter", "deleted"], "synced"),
            "empty": "",
        }


# One idempotency key, two processes


def race(
    model_dir: Path, database_url: str, body: bytes, *, fault: str | None = None
) -> LogComparison:
    """Send one request with one key to two services on one log at once, some times."""
    raced = [
        JournaledRequest(f"race-{number}", body, 1, f"key-{number}") for number in range(RACES)
    ]
    start = threading.Barrier(RACERS)

    def run(port: int) -> None:
        for request in raced:
            headers = {"X-Request-ID": request.request_id, "Idempotency-Key": str(request.key)}
            start.wait(timeout=60)
            status, answer = post(port, body, headers)
            assert status == 200, answer
            request.answers.append([json.loads(answer)])

    with (
        Service(model_dir, database_url, fault=fault) as first,
        Service(model_dir, database_url, fault=fault) as second,
    ):
        ports = [(first, second)[number % 2].port for number in range(RACERS)]
        with ThreadPoolExecutor(RACERS) as pool:
            list(pool.map(run, ports))
    assert all(len(request.answers) == RACERS for request in raced)
    return compare_with_log(raced, database_url)


def test_processes_that_race_with_one_idempotency_key_leave_one_decision(
    model_dir: Path, example_json: bytes, database_url: str
) -> None:
    comparison = race(model_dir, database_url, example_json)

    assert comparison == replace(SOUND, answered=RACES, logged=RACES)


@pytest.mark.slow
def test_a_race_catches_a_service_that_forgets_keys(
    model_dir: Path, example_json: bytes, database_url: str
) -> None:
    comparison = race(model_dir, database_url, example_json, fault="forgets_keys")

    assert (comparison.doubled, comparison.contradicted) == (RACES, RACES)


# The comparison itself: each figure, with a log and answers that fit but for one thing


class Book:
    """A log, and what clients were told of it."""

    def __init__(self, database: Database, url: str) -> None:
        self.log = DecisionLog(database, now=lambda: NOON)
        self.url = url
        self.requests = [self.answer("alone", 1), self.answer("array", 2)]

    def answer(self, request_id: str, size: int) -> JournaledRequest:
        """Log some decisions, and give them as an answer."""
        decisions = [decision() for _ in range(size)]
        self.log.record(decisions, RequestOrigin(request_id))
        answer = [entry.to_dict("en") for entry in decisions]
        return JournaledRequest(request_id, b"", size, None, [answer])

    @property
    def first_decision(self) -> dict[str, Any]:
        """Give the decision of the first answer."""
        first: dict[str, Any] = self.requests[0].answers[0][0]
        return first

    def insert(self, request_id: str, **changes: Any) -> None:
        """Log one more decision, somehow else."""
        row = to_row(decision(), RequestOrigin(request_id))
        with self.log.database.writing() as connection:
            values = dict(zip(COLUMNS, row, strict=True))
            connection.execute(insert(decisions), values | changes)


@pytest.fixture
def book(database: Database, database_url: str) -> Book:
    """Log three decisions that were answered."""
    return Book(database, database_url)


def test_an_audit_of_what_fits_holds(book: Book) -> None:
    comparison = compare_with_log(book.requests, book.url)

    assert comparison == SOUND
    assert comparison.holds


def test_an_audit_of_nothing_does_not_hold(book: Book) -> None:
    assert not replace(SOUND, answered=0).holds


Change = Callable[[Book], object]


def logged_too(book: Book, request_id: str, *, size: int) -> None:
    """Log some decisions of a request for two, and lose the answer."""
    unseen = book.answer(request_id, size)
    unseen.answers.clear()
    unseen.size = 2
    book.requests.append(unseen)


def edited(book: Book) -> None:
    book.insert("edited", score=999)
    book.requests.append(JournaledRequest("edited", b"", 1, None))


#: What happens to the log or to the answers, the figures that differ, and whether all is well.
AUDITED: dict[str, tuple[Change, dict[str, int], bool]] = {
    "an unseen decision": (
        lambda book: logged_too(book, "unseen", size=2),
        {"logged": 5, "unseen": 2},
        True,
    ),
    "a missing decision": (
        lambda book: book.requests.append(
            JournaledRequest("lost", b"", 1, None, [[decision().to_dict("en")]])
        ),
        {"answered": 4, "missing": 1},
        False,
    ),
    "a request that is logged twice": (
        lambda book: book.answer("array", 2),
        {"logged": 5, "unseen": 2, "doubled": 1},
        False,
    ),
    "half an array": (
        lambda book: logged_too(book, "torn", size=1),
        {"logged": 4, "unseen": 1, "torn": 1},
        False,
    ),
    "another probability": (
        lambda book: book.first_decision.update(
            probability_of_default=book.first_decision["probability_of_default"] + 1e-16
        ),
        {"altered": 1},
        False,
    ),
    "two answers to a request": (
        lambda book: book.requests[1].answers.append(book.requests[1].answers[0][::-1]),
        {"contradicted": 1},
        False,
    ),
    "a row that was not asked for": (
        lambda book: book.insert("of another client"),
        {"logged": 4, "unseen": 1, "unsound": 1},
        False,
    ),
    "a row that was edited": (edited, {"logged": 4, "unseen": 1, "unsound": 1}, False),
}


@pytest.mark.parametrize(("change", "figures", "holds"), AUDITED.values(), ids=AUDITED)
def test_an_audit_finds(book: Book, change: Change, figures: dict[str, int], holds: bool) -> None:
    change(book)

    comparison = compare_with_log(book.requests, book.url)

    assert comparison == replace(SOUND, **figures)
    assert comparison.holds is holds
