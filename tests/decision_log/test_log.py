"""The log: what was answered is in it, once, exactly, for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from decided import NOON, ORIGIN, decision, hourly
from logged import count, row_of
from sqlalchemy import Connection, delete, insert, select, text
from threads import at_once

from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog, Recorded
from creditscore.decision_log.outcomes import Outcome
from creditscore.decision_log.tables import decisions, idempotency_keys, outcomes, tombstones
from creditscore.decisions.assessor import Decision
from creditscore.decisions.record import RequestOrigin, content_hash, to_milliseconds
from creditscore.errors import (
    CreditScoreError,
    DatabaseUnavailable,
    OutcomeConflict,
    UnknownDecision,
)
from creditscore.i18n.catalogue import LANGUAGES

#: The id of no decision.
NOBODYS = "00000000-0000-0000-0000-000000000000"

LATER = NOON + timedelta(days=30)


@pytest.fixture
def log(database: Database) -> DecisionLog:
    return DecisionLog(database, now=lambda: LATER)


def outcome_of(log: DecisionLog, original: Decision) -> Outcome | None:
    logged = log.find(original.decision_id)
    outcomes, _ = log.outcomes_and_overrides([logged])
    return outcomes.get(logged.number)


# What is logged


def test_a_logged_decision_comes_back_as_it_was_made(log: DecisionLog) -> None:
    moment = datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    original = decision(decided_at=moment)

    log.record([original], ORIGIN)

    logged = log.find(original.decision_id)
    # To the millisecond of its answer.
    assert logged.decision == original._replace(decided_at=moment.replace(microsecond=999_000))
    for language in LANGUAGES:
        assert logged.decision.to_dict(language) == original.to_dict(language)
    assert (logged.request_id, logged.key_id, logged.idempotency_key) == ("r-1", "k-1", None)
    assert logged.decision.bins == "a0c"


# As many as go into one statement, and more; and so few that each value goes by itself.
@pytest.mark.parametrize("number", [1, 7, 8, 150])
def test_every_number_comes_back_to_the_last_bit_and_of_its_kind(
    log: DecisionLog, database: Database, number: int
) -> None:
    batch = [decision() for _ in range(number)]
    log.record(batch, ORIGIN)

    logged_batch = [entry.decision for entry in log.page(limit=500).decisions][::-1]

    # repr() tells 35.0 from 35, and -0.0 from 0.0.
    assert list(map(repr, logged_batch)) == list(map(repr, batch))
    for original in batch:
        row = row_of(database, original.decision_id)
        assert content_hash(row) == row["content_hash"]


def test_the_decisions_of_a_request_are_logged_all_or_none(log: DecisionLog) -> None:
    first, second = decision(), decision()
    origin = RequestOrigin("r-1", None, "once", "hash")

    with pytest.raises(DatabaseUnavailable):
        log.record([first, second, first], origin)

    for original in (first, second):
        with pytest.raises(UnknownDecision):
            log.find(original.decision_id)
    # Its key is free again.
    assert not log.record([first], origin).replayed


def test_the_hash_covers_each_column_that_says_something(log: DecisionLog) -> None:
    log.record([decision()], ORIGIN)
    with log.database.reading() as connection:
        row = connection.execute(select(decisions)).one()._asdict()

    assert row["content_hash"] == content_hash(row)
    for name in set(row) - {"number", "content_hash"}:
        changed = "x" if isinstance(row[name], str) or row[name] is None else row[name] + 1
        assert content_hash(row | {name: changed}) != row["content_hash"], name


# What is never changed


def copied(**expressions: str) -> str:
    """Return a statement of SQLite that replaces decisions by changed copies."""
    values = [expressions.get(column.name, column.name) for column in decisions.columns]
    return f"INSERT OR REPLACE INTO decisions SELECT {', '.join(values)} FROM decisions"


#: Statements that change or delete what is logged: on both databases, and on one.
TAMPERING = [
    "UPDATE decisions SET label = 'eligible'",
    "UPDATE decisions SET number = number",
    "UPDATE outcomes SET defaulted = TRUE",
    "DELETE FROM decisions",
    "DELETE FROM outcomes",
]
REPLACING = {
    "sqlite": [
        copied(id="'other'"),
        copied(number="number + 1"),
        "INSERT OR REPLACE INTO outcomes SELECT number, NOT defaulted, 0, NULL FROM outcomes",
    ],
    "postgresql": ["TRUNCATE decisions CASCADE", "TRUNCATE outcomes"],
}


def test_the_database_refuses_to_change_delete_or_replace(log: DecisionLog) -> None:
    original = decision()
    log.record([original], ORIGIN)
    log.record_outcome(original.decision_id, defaulted=False)

    for statement in [*TAMPERING, *REPLACING[log.database.kind]]:
        with pytest.raises(DatabaseUnavailable), log.database.writing() as connection:
            connection.execute(text(statement))

    assert log.find(original.decision_id).decision == original
    assert outcome_of(log, original) is not None


def test_a_row_goes_only_where_a_tombstone_covers_its_time(log: DecisionLog) -> None:
    old, young = hourly(2)
    log.record([old, young], ORIGIN)
    log.record_outcome(old.decision_id, defaulted=True)
    grave = {
        "purged_at": to_milliseconds(LATER),
        "older_than": to_milliseconds(young.decided_at),
        "model_version": old.model_version,
        "label": old.label,
        "decisions": 1,
    }

    with log.database.writing() as connection:
        connection.execute(insert(tombstones), [grave])
        number = log_number(connection, old.decision_id)
        connection.execute(delete(outcomes).where(outcomes.c.number == number))
        connection.execute(delete(decisions).where(decisions.c.number == number))

    with pytest.raises(UnknownDecision):
        log.find(old.decision_id)
    for table in (decisions, tombstones, outcomes):
        with pytest.raises(DatabaseUnavailable), log.database.writing() as connection:
            connection.execute(delete(table))
        if table is tombstones:
            log.record_outcome(young.decision_id, defaulted=True)
    assert log.find(young.decision_id).decision == young


def log_number(connection: Connection, decision_id: str) -> int:
    query = select(decisions.c.number).where(decisions.c.id == decision_id)
    return int(connection.execute(query).scalar_one())


# Idempotency


def test_each_api_key_has_idempotency_keys_of_its_own(log: DecisionLog) -> None:
    for key_id in (None, "k-1", "k-2"):
        log.record([decision()], RequestOrigin("r", key_id, "once", f"hash of {key_id}"))

    assert count(log.database, decisions) == 3


def ask_at_once(url: str, ask: Callable[[DecisionLog, int], object]) -> list[object]:
    """Ask from six threads; return their answers and errors."""

    def work(database: Database, number: int) -> object:
        try:
            return ask(DecisionLog(database, now=lambda: LATER), number)
        except CreditScoreError as error:
            return error

    return at_once(url, 6, work)


def test_of_many_that_arrive_at_once_one_is_logged_and_all_get_its_answer(
    database_url: str, log: DecisionLog
) -> None:
    origin = RequestOrigin("r", "k", "once", "hash")

    answers = ask_at_once(database_url, lambda own_log, _: own_log.record(list(hourly(5)), origin))

    recorded = [answer for answer in answers if isinstance(answer, Recorded)]
    assert sorted(answer.replayed for answer in recorded) == [False] + [True] * 5
    assert len({tuple(d.decision_id for d in answer.decisions) for answer in recorded}) == 1
    assert count(log.database, decisions) == 5
    with log.database.reading() as connection:
        assert len(connection.execute(select(idempotency_keys)).all()) == 1


# Outcomes


def test_of_outcomes_that_arrive_at_once_one_counts_and_the_others_hear_of_it(
    database_url: str, log: DecisionLog
) -> None:
    for _ in range(5):
        original = decision()
        log.record([original], ORIGIN)

        answers = ask_at_once(
            database_url,
            lambda own_log, number, of=original: own_log.record_outcome(  # type: ignore[misc]  # lambdas
                of.decision_id, defaulted=number % 2 == 0
            ),
        )

        outcome = outcome_of(log, original)
        assert [answer for answer in answers if isinstance(answer, Outcome)] == [outcome] * 3
        assert sum(isinstance(answer, OutcomeConflict) for answer in answers) == 3


# Health


def test_looking_whether_the_log_can_be_written_leaves_nothing(log: DecisionLog) -> None:
    for _ in range(3):
        log.check_writable()

    with log.database.reading() as connection:
        assert connection.execute(select(idempotency_keys)).all() == []
