"""Purge: what may go, goes with all that hangs on it, and is counted; nothing else does."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from answers import PROJECT
from decided import decision
from flask import Flask
from logged import count, database_of, decide, run
from sqlalchemy import select
from threads import at_once

from creditscore.decision_log.database import Database
from creditscore.decision_log.integrity import check_log
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.retention import (
    check_old_enough,
    count_older,
    parse_period,
    purge,
    subtract_months,
)
from creditscore.decision_log.tables import (
    decisions,
    idempotency_keys,
    outcomes,
    overrides,
    tombstones,
)
from creditscore.decisions.assessor import Decision
from creditscore.decisions.record import RequestOrigin, to_milliseconds
from creditscore.errors import DatabaseUnavailable, PurgeRefused

NOW = datetime.now(UTC).replace(microsecond=0)
#: Older than the law asks for, and younger.
OLD = subtract_months(NOW, months=30)
YOUNG = subtract_months(NOW, months=20)
LIMIT = subtract_months(NOW, months=25)


@pytest.fixture
def log(database: Database) -> DecisionLog:
    return DecisionLog(database, now=lambda: NOW)


def made_at(moment: datetime, count: int = 1, **changes: Any) -> list[Decision]:
    return [decision(decided_at=moment, **changes) for _ in range(count)]


def ids(log: DecisionLog) -> set[object]:
    return {entry.decision.decision_id for entry in log.page(limit=500).decisions}


# What goes


def test_what_is_older_goes_with_all_that_belongs_to_it_and_the_rest_stays(
    log: DecisionLog,
) -> None:
    old, young = made_at(OLD, 3), made_at(YOUNG, 2)
    log.record(old, RequestOrigin("r-1", "k-1", "once", "hash"))
    log.record(young, RequestOrigin("r-2", None, "once", "hash"))
    for original in (old[0], young[0]):
        log.record_outcome(original.decision_id, defaulted=True)
        log.record_override(original.decision_id, label="eligible", reason="a guarantor")

    counts = list(purge(log.database, LIMIT, now=NOW))

    assert counts == [3]
    assert ids(log) == {original.decision_id for original in young}
    assert count(log.database, outcomes) == 1
    assert count(log.database, overrides) == 1
    assert log.replay(RequestOrigin("r", "k-1", "once", "hash")) is None
    assert log.replay(RequestOrigin("r", None, "once", "hash")) is not None


def test_the_time_itself_stays(log: DecisionLog) -> None:
    at_limit = decision(decided_at=LIMIT)
    before_limit = decision(decided_at=LIMIT - timedelta(seconds=1))
    log.record([at_limit, before_limit], RequestOrigin("r"))

    assert count_older(log.database, LIMIT) == 1
    assert list(purge(log.database, LIMIT, now=NOW)) == [1]
    assert ids(log) == {at_limit.decision_id}


def test_what_is_gone_is_counted_by_model_and_label(log: DecisionLog) -> None:
    log.record(made_at(OLD, 2), RequestOrigin("r"))
    log.record(made_at(OLD, 3, label="eligible"), RequestOrigin("r"))
    log.record(made_at(OLD, 1, model_version="application-00000001"), RequestOrigin("r"))

    list(purge(log.database, LIMIT, now=NOW))

    with log.database.reading() as connection:
        graves = connection.execute(select(tombstones).order_by(tombstones.c.decisions)).all()
    assert [(grave.model_version, grave.label, grave.decisions) for grave in graves] == [
        ("application-00000001", "not_eligible", 1),
        ("application-3f2a9c1d", "not_eligible", 2),
        ("application-3f2a9c1d", "eligible", 3),
    ]
    times = {(grave.purged_at, grave.older_than) for grave in graves}
    assert times == {(to_milliseconds(NOW), to_milliseconds(LIMIT))}


def test_the_file_does_not_keep_what_is_purged(app: Flask) -> None:
    database = database_of(app)
    if database.path is None:
        pytest.skip("PostgreSQL cleans up by itself, later")
    log = DecisionLog(database, now=lambda: NOW)
    secret = "somebody-to-be-forgotten"
    log.record(made_at(OLD, 50), RequestOrigin(secret, None, secret, "hash"))
    log.record(made_at(YOUNG, 50), RequestOrigin("r"))
    assert secret.encode() in database.path.read_bytes()
    with database.writing() as connection:
        # As an SQLite that was compiled without it: Debian's has it on.
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")

    list(purge(database, LIMIT, now=NOW))

    assert secret.encode() not in database.path.read_bytes()


# In bounded transactions


def test_each_batch_is_whole_and_the_log_sound_after_each(log: DecisionLog) -> None:
    log.record(made_at(OLD, 5), RequestOrigin("r-1", None, "once", "hash"))
    counts = []

    for row_count in purge(log.database, LIMIT, now=NOW, batch_rows=2):
        counts.append(row_count)
        report = check_log(log.database)
        assert (report.faults, report.notes) == ((), ())
        # The key promises an answer of all five: it went with the first of them.
        assert count(log.database, idempotency_keys) == 0
        # No batch is a transaction that is still open: this needs the lock.
        log.record(made_at(NOW), RequestOrigin("r-2"))

    assert counts == [2, 2, 1]
    assert count(log.database, decisions) == 3


def test_a_key_that_came_again_while_its_first_decisions_go_stays(log: DecisionLog) -> None:
    origin = RequestOrigin("r-1", None, "once", "hash")
    log.record(made_at(OLD, 3), origin)
    batches = purge(log.database, LIMIT, now=NOW, batch_rows=2)
    next(batches)
    repetition = log.record(made_at(NOW), origin)

    list(batches)

    assert not repetition.replayed
    assert log.replay(origin) is not None


def test_purges_that_run_at_once_count_each_decision_once(
    database_url: str, log: DecisionLog
) -> None:
    log.record(made_at(OLD, 60), RequestOrigin("r"))

    counts = at_once(
        database_url,
        3,
        lambda database, _: sum(purge(database, LIMIT, now=NOW, batch_rows=2)),
    )

    assert sum(counts) == 60
    assert check_log(log.database).faults == ()
    assert check_log(log.database).notes == ()


def test_what_the_triggers_do_not_let_go_leaves_no_tombstone(log: DecisionLog) -> None:
    log.record(made_at(OLD, 2), RequestOrigin("r"))
    refuse = (
        "CREATE TRIGGER never BEFORE DELETE ON decisions BEGIN SELECT RAISE(IGNORE); END"
        if log.database.is_sqlite
        else "CREATE RULE never AS ON DELETE TO decisions DO INSTEAD NOTHING"
    )
    with log.database.writing() as connection:
        connection.exec_driver_sql(refuse)

    with pytest.raises(DatabaseUnavailable, match="0 of 2"):
        list(purge(log.database, LIMIT, now=NOW))

    assert count(log.database, decisions) == 2
    assert count(log.database, tombstones) == 0


# The command


def log_at(app: Flask, moment: datetime, number: int) -> None:
    log = DecisionLog(database_of(app), now=lambda: NOW)
    log.record(made_at(moment, number), RequestOrigin("r"))


def test_the_command_purges_and_the_log_still_verifies(app: Flask) -> None:
    decision_ids = decide(app)
    log_at(app, OLD, 3)

    result = run(app, "purge", "--older-than", "25months", "--yes")

    assert result.exit_code == 0
    assert result.stderr.startswith("3 decisions purged from before ")
    check = run(app, "verify")
    assert (check.exit_code, check.stdout) == (0, f"{len(decision_ids)} verified: 0 with faults\n")
    assert run(app, "replay", "--all").stdout == "2 replayed: 2 identical\n"


def test_what_the_law_wants_kept_goes_by_force_only(app: Flask) -> None:
    log_at(app, OLD, 1)
    ages = ["24months", "P2Y", "700days", f"{YOUNG:%F}"]

    for age in ages:
        refused = run(app, "purge", "--older-than", age, "--yes")
        assert refused.exit_code == 1
        assert "kept 25 months (12 CFR 1002.12(b))" in refused.stderr
    assert count(database_of(app), decisions) == 1
    assert run(app, "purge", "--older-than", ages[0], "--yes", "--force").exit_code == 0
    assert count(database_of(app), decisions) == 0


TOMORROW = f"{NOW + timedelta(days=1):%FT%TZ}"


#: Arguments behind --older-than, the exit status, and what is said.
REFUSED = [
    ([TOMORROW, "--force", "--yes"], 1, "in the future"),
    # A script has to say yes.
    (["25months"], 2, "give --yes to delete 2 decisions from before"),
    *(
        ([age, "--yes"], 2, "--older-than")
        for age in ["", "25", "months", "1.5years", "P", "PT5H", "9999years", "-1day"]
    ),
]


def test_what_may_not_be_purged_stays(app: Flask) -> None:
    log_at(app, OLD, 2)

    for arguments, status, says in REFUSED:
        result = run(app, "purge", "--older-than", *arguments, typed="y\n")
        assert result.exit_code == status, arguments
        assert says in result.stderr

    assert count(database_of(app), decisions) == 2


def test_where_nothing_is_old_no_question_is_asked(app: Flask) -> None:
    log_at(app, YOUNG, 2)

    result = run(app, "purge", "--older-than", "25months")

    assert result.exit_code == 0
    assert result.stderr.startswith("0 decisions purged")
    assert count(database_of(app), tombstones) == 0


def test_on_a_terminal_the_command_asks_first(
    app: Flask, database_url: str, model_dir: Path
) -> None:
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
    log_at(app, OLD, 2)
    addresses = {
        "CREDITSCORE_DATABASE_URL": database_url,
        "CREDITSCORE_MODEL_DIR": str(model_dir),
    }

    for answer, status, rows_left in (("n\n", 1, 2), ("y\n", 0, 0)):
        keyboard, screen = pty.openpty()
        os.write(keyboard, answer.encode())
        command = [sys.executable, "-m", "flask", "--app", "app", "decisions", "purge"]
        result = subprocess.run(
            [*command, "--older-than", "25months"],
            cwd=PROJECT,
            env={**os.environ, **addresses},
            stdin=screen,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        os.close(keyboard)
        os.close(screen)
        assert result.returncode == status, result.stdout
        assert "Delete 2 decisions from before " in result.stdout
        assert count(database_of(app), decisions) == rows_left


# Ages


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("25months", (25, 0)),
        ("25 months", (25, 0)),
        ("1month", (1, 0)),
        ("3years", (36, 0)),
        ("2weeks", (0, 14)),
        ("400days", (0, 400)),
        ("P25M", (25, 0)),
        ("P2Y1M", (25, 0)),
        ("P2Y1M3D", (25, 3)),
        ("P4W", (0, 28)),
    ],
)
def test_an_age_is_read(text: str, age: tuple[int, int]) -> None:
    assert parse_period(text) == age


@pytest.mark.parametrize(
    ("now", "months", "then"),
    [
        ("2026-11-23T10:00:00", 25, "2024-10-23T10:00:00"),
        ("2026-01-31T10:00:00", 1, "2025-12-31T10:00:00"),
        ("2026-03-31T10:00:00", 1, "2026-02-28T10:00:00"),
        ("2024-03-31T10:00:00", 1, "2024-02-29T10:00:00"),
        ("2026-12-01T00:00:00", 12, "2025-12-01T00:00:00"),
        ("2026-12-01T00:00:00", 0, "2026-12-01T00:00:00"),
    ],
)
def test_months_are_those_of_the_calendar(now: str, months: int, then: str) -> None:
    assert subtract_months(datetime.fromisoformat(now), months=months) == datetime.fromisoformat(
        then
    )


def test_exactly_25_months_may_go_and_a_second_less_may_not() -> None:
    check_old_enough(LIMIT, now=NOW, force=False)

    with pytest.raises(PurgeRefused):
        check_old_enough(LIMIT + timedelta(seconds=1), now=NOW, force=False)
