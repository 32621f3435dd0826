"""Verify: whatever somebody did to the log behind the service's back is found."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from decided import NOON, decision, hourly
from flask import Flask
from logged import database_of, decide, edit, row_of, run, unguarded
from sqlalchemy import Connection, delete, insert, text

from creditscore.decision_log.database import Database
from creditscore.decision_log.integrity import check_log, check_row
from creditscore.decision_log.log import DecisionLog, to_rows
from creditscore.decision_log.migrations import MIGRATIONS, REFERENCE, STRENGTHS
from creditscore.decision_log.scan import PAGE_ROWS
from creditscore.decision_log.tables import decisions, tombstones
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import COLUMNS, RequestOrigin, content_hash, new_decision_ids
from creditscore.errors import DatabaseUnavailable
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE

Row = Mapping[str, Any]


# Nothing was done


def test_a_log_that_only_the_service_wrote_is_sound(app: Flask) -> None:
    for number in (0, 2):
        result = run(app, "verify")
        assert (result.exit_code, result.stdout) == (0, f"{number} verified: 0 with faults\n")
        decide(app)


def test_every_page_is_verified(app: Flask) -> None:
    first, *_ = decide(app)
    log = DecisionLog(database_of(app), now=lambda: NOON)
    # Invented ones: their impacts do not add up.
    log.record(list(hourly(PAGE_ROWS)), RequestOrigin("r-1"))
    last, _ = decide(app)
    for decision_id in (first, last):
        edit(database_of(app), decision_id, request_id="another")

    result = run(app, "verify")

    assert result.exit_code == 1
    for decision_id in (first, last):
        assert f"{decision_id}\tdoes not fit its content hash" in result.stdout
    assert result.stdout.endswith(f"{PAGE_ROWS + 4:,} verified: {PAGE_ROWS + 2:,} with faults\n")


def test_transactions_that_failed_leave_no_fault(app: Flask) -> None:
    database = database_of(app)
    log = DecisionLog(database, now=lambda: NOON)
    decide(app)
    duplicate = decision()
    with pytest.raises(DatabaseUnavailable):
        log.record([duplicate, duplicate], RequestOrigin("r-1"))
    decide(app)

    result = run(app, "verify")

    assert result.exit_code == 0
    # SQLite takes its numbers back; PostgreSQL does not, and that is no loss.
    notes = [line for line in result.stdout.splitlines() if line.startswith("the log\t")]
    assert [line.split("\t")[1].split(":")[0] for line in notes] == (
        [] if database.is_sqlite else ["2 numbers have no decision and are in no tombstone"]
    )


def test_a_log_that_grows_while_it_is_verified_is_sound(app: Flask) -> None:
    database, done = database_of(app), threading.Event()
    log = DecisionLog(database, now=lambda: NOON)

    def grow() -> None:
        while not done.is_set():
            log.record([decision(), decision()], RequestOrigin("r-1"))

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        reports = [check_log(database) for _ in range(20)]
        results = [run(app, "verify") for _ in range(2)]
    finally:
        done.set()
        writer.join()

    assert [report.faults for report in reports] == [()] * 20
    # The decisions are invented, and their hashes and impacts are: the log as a whole is at stake.
    assert not [result.stdout for result in results if "the log as a whole" in result.stdout]


# One row


def nearly_all(row: Row) -> Row:
    inputs = json.loads(row["inputs"])
    name = next(iter(inputs))
    return {"inputs": json.dumps(inputs | {name: inputs[name] + 1}, separators=(",", ":"))}


def other_side(row: Row) -> Row:
    """Give a probability on the other side of the cut-off, with the label that follows."""
    refused = row["label"] == NOT_ELIGIBLE
    probability = row["cutoff"] - 0.05 if refused else row["cutoff"] + 0.05
    return {"probability_of_default": probability, "label": ELIGIBLE if refused else NOT_ELIGIBLE}


def first_reason(**changes: Any) -> Callable[[Row], Row]:
    def change(row: Row) -> Row:
        reason, *other_reasons = json.loads(row["reasons"])
        return {"reasons": json.dumps([reason | changes, *other_reasons], separators=(",", ":"))}

    return change


#: What of a row is edited, and how.
EDITS: dict[str, Callable[[Row], Row]] = {
    "an input": nearly_all,
    "a probability and its label": other_side,
    "a time": lambda row: {"decided_at": row["decided_at"] + 1},
    "the key that was shown": lambda _: {"key_id": "another"},
    "a reference that was not there": lambda _: {"reference": "A-17"},
    "a reason's words": first_reason(text={"en": "other", "id": "lain"}),
    "the hash": lambda _: {"content_hash": "0" * 64},
}

#: Edits by somebody who knows how to make the hash anew, and what tells of each.
HASHED: list[tuple[str, Callable[[Row], Row], str]] = [
    ("a probability and its label", other_side, "do not add up"),
    ("a label", lambda row: {"label": other_side(row)["label"]}, "label that does not follow"),
    ("an unknown label", lambda _: {"label": "perhaps"}, "label that does not follow"),
    ("a probability", lambda _: {"probability_of_default": 1.5}, "a probability, a cut-off"),
    ("a cut-off", lambda _: {"cutoff": 0.0}, "a probability, a cut-off"),
    ("a reason", first_reason(impact=0.5), "reason or a strength whose impact"),
    ("the reasons of a refusal", lambda _: {"reasons": "[]"}, "without a reason"),
    ("the form of reasons", lambda _: {"reasons": '[{"code":"X"}]'}, "not well-formed"),
    ("an impact's field", lambda row: {"impacts": renamed(row)}, "of what was no input"),
    ("the kind of an input", lambda _: {"inputs": '{"AGE":[1]}'}, "neither a number nor a text"),
    ("a model version", lambda _: {"model_version": "other-00000000"}, "its scorecard's"),
    ("the spelling of the id", lambda row: {"id": row["id"].upper()}, "not written as ids are"),
    ("the id", lambda _: {"id": "none"}, "not well-formed"),
]


def renamed(row: Row) -> str:
    impacts = json.loads(row["impacts"])
    first = next(iter(impacts))
    return json.dumps({("NOBODY" if name == first else name): impacts[name] for name in impacts})


@pytest.fixture
def row(model: Model, example: dict[str, Any]) -> Row:
    """Return the row of a refusal."""
    assessor = Assessor(model, model.policy.with_cutoff(0.1), lambda: NOON, new_decision_ids)
    refusal = assessor.assess(model.schema.parse(example))
    assert refusal.label == NOT_ELIGIBLE
    (values,) = to_rows([refusal], RequestOrigin("r-1"))
    return {"number": 1, **dict(zip(COLUMNS, values, strict=True))}


@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
def test_the_hash_tells_of_an_edit_of(row: Row, change: Callable[[Row], Row]) -> None:
    assert check_row(row) == []
    assert "does not fit its content hash" in check_row({**row, **change(row)})[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [(change, says) for _, change, says in HASHED],
    ids=[name for name, _, _ in HASHED],
)
def test_without_the_hash_the_row_itself_tells_of_an_edit_of(
    row: Row, change: Callable[[Row], Row], says: str
) -> None:
    edited = {**row, **change(row)}

    faults = "".join(check_row(edited | {"content_hash": content_hash(edited)}))

    assert says in faults
    assert "content hash" not in faults


def test_no_fault_shows_what_stands_in_the_row(row: Row) -> None:
    faults = check_row({**row, "inputs": '{"AGE":987654321', "label": "987654321"})

    assert faults
    assert "987654321" not in "".join(faults)


def test_a_text_that_is_no_utf_8_is_told_without_it(app: Flask) -> None:
    decide(app)
    database = database_of(app)
    if not database.is_sqlite:
        pytest.skip("PostgreSQL takes no such text")
    with unguarded(database) as connection:
        connection.exec_driver_sql("UPDATE decisions SET inputs = CAST(X'3938373635FF' AS TEXT)")

    result = run(app, "verify")

    assert result.exit_code == 1
    assert result.stderr == "Error: Could not decode to UTF-8 column 'inputs'\n"
    assert "98765" not in result.output


# The log as a whole


def test_a_doubled_id_is_found(app: Flask) -> None:
    decision_id, _ = decide(app)
    database = database_of(app)
    row = row_of(database, decision_id)
    with unguarded(database) as connection:
        forget_that_ids_are_unique(connection)
        connection.execute(insert(decisions), [row | {"number": row["number"] + 2}])

    result = run(app, "verify")

    assert result.exit_code == 1
    assert "the log\tthe index that keeps ids unique is gone" in result.stdout
    assert "the log\t1 ids are used by more than one decision" in result.stdout
    assert result.stdout.endswith("3 verified: 0 with faults, 2 of the log as a whole\n") or (
        # Nobody took this number from PostgreSQL's sequence.
        not database.is_sqlite
    )


def forget_that_ids_are_unique(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE decisions DROP CONSTRAINT decisions_id_key"))
        return
    # SQLite can only make the table anew, and with it the triggers.
    create_table = MIGRATIONS["sqlite"][0][0].replace("id TEXT NOT NULL UNIQUE", "id TEXT NOT NULL")
    assert "UNIQUE" not in create_table
    connection.exec_driver_sql("CREATE TEMP TABLE kept AS SELECT * FROM decisions")
    connection.exec_driver_sql("DROP TABLE decisions")
    connection.exec_driver_sql(create_table)
    for statement in (*STRENGTHS, *REFERENCE):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql("INSERT INTO decisions SELECT * FROM kept")


@pytest.mark.parametrize("index", [0, 3])
def test_a_decision_that_was_deleted_is_missed(app: Flask, index: int) -> None:
    decision_id = [*decide(app), *decide(app)][index]
    database = database_of(app)
    with unguarded(database) as connection:
        connection.execute(delete(decisions).where(decisions.c.id == decision_id))

    result = run(app, "verify")

    if database.is_sqlite:
        assert result.exit_code == 1
        assert "the log\t1 decisions are gone, and no tombstone counts them" in result.stdout
        assert result.stdout.endswith("3 verified: 0 with faults, 1 of the log as a whole\n")
    else:
        # Nobody can tell it from a number that PostgreSQL skipped.
        assert result.exit_code == 0
        assert "the log\t1 numbers have no decision" in result.stdout


def test_a_tombstone_that_counts_too_many_is_found(app: Flask) -> None:
    decide(app)
    grave = {
        "purged_at": 2,
        "older_than": 1,
        "model_version": "application-00000000",
        "label": ELIGIBLE,
        "decisions": 3,
    }
    with database_of(app).writing() as connection:
        connection.execute(insert(tombstones), [grave])

    result = run(app, "verify")

    assert result.exit_code == 1
    assert "the log\tthe tombstones count 3 decisions more than are gone" in result.stdout


def weakenings(database: Database) -> Iterator[str]:
    """Yield statements after which a row could be changed or deleted."""
    if database.is_sqlite:
        yield "DROP TRIGGER decisions_keep"
        yield "DROP TRIGGER decisions_stay"
        yield (
            "CREATE TRIGGER decisions_stay BEFORE DELETE ON decisions WHEN FALSE "
            "BEGIN SELECT RAISE(ABORT, 'never'); END"
        )
    else:
        yield "DROP TRIGGER decisions_keep ON decisions"
        yield "ALTER TABLE decisions DISABLE TRIGGER USER"
        yield (
            "CREATE OR REPLACE FUNCTION decisions_guard() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RETURN OLD; END $$"
        )


def test_a_guard_that_is_gone_or_weakened_is_found_and_named(database: Database) -> None:
    keep, stay = "decisions_keep", "decisions_stay"
    named_triggers = []
    for statement in weakenings(database):
        with database.writing() as connection:
            connection.exec_driver_sql(statement)

        (fault,) = check_log(database).faults
        assert fault.startswith("triggers that keep rows as they are are gone or changed: ")
        named_triggers.append(fault.partition(": ")[2].split(", "))

    assert named_triggers == [[keep], [keep, stay], [keep, stay]]


def test_a_guard_that_does_something_else_is_found(database: Database) -> None:
    with database.writing() as connection:
        for statement in list(weakenings(database))[1:]:
            connection.exec_driver_sql(statement)

    (fault,) = check_log(database).faults

    assert ("decisions_keep" in fault, "decisions_stay" in fault) == (not database.is_sqlite, True)
