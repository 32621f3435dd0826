"""Integrity checks of the log: of each row by itself, and of the log as a whole.

A row must fit its content hash and contradict itself nowhere, whatever model decided. The log must
hold no decision twice, miss none without a tombstone, and have its triggers at work. Anyone who can
write to the database directly can get past the service; these checks find what was done so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

from sqlalchemy import Connection, func, inspect, select, text

from creditscore.decision_log.database import Database
from creditscore.decision_log.migrations import MIGRATIONS
from creditscore.decision_log.scan import SCAN_TIMEOUT_S
from creditscore.decision_log.tables import decisions, tombstones
from creditscore.decisions.assessor import Decision
from creditscore.decisions.record import content_hash, from_row
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE

#: How far the baseline and all impacts may be from the probability: rounding, and no more.
ROUNDING = 1e-12

#: What reading a row that was written elsewhere can raise.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)

#: The last number that was ever given to a decision.
LAST_NUMBER = {
    "sqlite": text("SELECT seq FROM sqlite_sequence WHERE name = 'decisions'"),
    "postgresql": text(
        "SELECT pg_sequence_last_value(pg_get_serial_sequence('decisions', 'number')::regclass)"
    ),
}

#: The triggers that are there and at work, each with what it does.
TRIGGERS = {
    "sqlite": text("SELECT name, sql AS does FROM sqlite_master WHERE type = 'trigger'"),
    "postgresql": text(
        "SELECT tgname AS name, prosrc AS does FROM pg_trigger "
        "JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid "
        "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgqual IS NULL "
        "AND relnamespace = current_schema()::regnamespace"
    ),
}


def check_row(row: Mapping[str, Any]) -> list[str]:
    """Return all faults of a row, as texts that quote none of its values."""
    try:
        return list(_faults(row))
    except MALFORMED as error:
        return [f"is not well-formed ({type(error).__name__})"]


def _faults(row: Mapping[str, Any]) -> Iterator[str]:
    logged_decision = from_row(row)
    decision = logged_decision.decision
    if content_hash(row) != logged_decision.content_hash:
        yield "does not fit its content hash: it was changed after it was logged"
    if decision.decision_id != row["id"]:
        yield "has an id that is not written as ids are"
    name, _, digest = decision.model_version.rpartition("-")
    if name != decision.applicant.scorecard or len(digest) != 8:
        yield "has a model version that is not its scorecard's"
    yield from _check_numbers(decision)
    yield from _check_reasons(decision)


def _check_numbers(decision: Decision) -> Iterator[str]:
    probability = decision.probability_of_default
    if not (0 <= probability <= 1 and 0 < decision.cutoff <= 1 and type(decision.score) is int):
        yield "has a probability, a cut-off or a score that is none"
    if decision.label != (ELIGIBLE if probability < decision.cutoff else NOT_ELIGIBLE):
        yield "has a label that does not follow from its probability and cut-off"
    if (
        not abs(math.fsum([decision.baseline, *decision.impacts.values()]) - probability)
        <= ROUNDING
    ):
        yield "has impacts that do not add up to its probability"


def _check_reasons(decision: Decision) -> Iterator[str]:
    values = decision.applicant.values
    if any(type(value) not in (int, float, str, NoneType) for value in values.values()):
        yield "has an input that is neither a number nor a text, nor missing"
    if any(name not in values for name in decision.impacts):
        yield "has impacts of what was no input"
    all_reasons = (*decision.reasons, *decision.strengths)
    if any(reason.impact != decision.impacts.get(reason.field) for reason in all_reasons):
        yield "has a reason or a strength whose impact is not the field's"
    if decision.label == NOT_ELIGIBLE and not decision.reasons:
        yield "refuses without a reason"


@dataclass(frozen=True)
class LogIntegrityReport:
    """What the checks of the log as a whole found.

    Attributes
    ----------
    faults : tuple of str
        Signs that the log was changed.
    notes : tuple of str
        What looks like it, and has a harmless explanation.
    """

    faults: tuple[str, ...]
    notes: tuple[str, ...]


def check_log(database: Database) -> LogIntegrityReport:
    """Check the log as a whole."""
    with database.reading(seconds=SCAN_TIMEOUT_S) as connection:
        faults = [*_check_ids(connection), *_check_triggers(connection)]
        missing_count = _count_missing(connection)
    notes = []
    if missing_count < 0:
        faults.append(f"the tombstones count {-missing_count:,} decisions more than are gone")
    elif missing_count and database.is_sqlite:
        faults.append(f"{missing_count:,} decisions are gone, and no tombstone counts them")
    elif missing_count:
        notes.append(
            f"{missing_count:,} numbers have no decision and are in no tombstone: "
            "PostgreSQL skips those of transactions that failed"
        )
    return LogIntegrityReport(tuple(faults), tuple(notes))


def _check_ids(connection: Connection) -> Iterator[str]:
    """Check that ids cannot repeat, and if they can, that they do not.

    Only then: on a large log the look takes long, and SQLite lets no one write meanwhile.
    """
    constraints = inspect(connection).get_unique_constraints(decisions.name)
    if any(constraint["column_names"] == [decisions.c.id.name] for constraint in constraints):
        return
    yield "the index that keeps ids unique is gone"
    ids = select(decisions.c.id).group_by(decisions.c.id).having(func.count() > 1).subquery()
    count = connection.execute(select(func.count()).select_from(ids)).scalar_one()
    if count:
        yield f"{count:,} ids are used by more than one decision"


def _check_triggers(connection: Connection) -> Iterator[str]:
    kind = connection.dialect.name
    actual = {row.name: row.does for row in connection.execute(TRIGGERS[kind])}
    expected = _guards(kind)
    if broken := sorted(name for name in expected if actual.get(name) != expected[name]):
        yield f"triggers that keep rows as they are are gone or changed: {', '.join(broken)}"


def _guards(kind: str) -> dict[str, str]:
    """Return the triggers of a kind of database, each with what it must do."""
    statements = [statement for step in MIGRATIONS[kind] for statement in step]
    triggers = {
        match[1]: statement
        for statement in statements
        if (match := re.match(r"CREATE TRIGGER (\w+)", statement))
    }
    if kind == "sqlite":
        return triggers
    bodies = {
        match[1]: match[2]
        for statement in statements
        if (match := re.match(r"CREATE FUNCTION (\w+)\(\).*?\$\$(.*)\$\$", statement))
    }
    call = re.compile(r"EXECUTE FUNCTION (\w+)\(\)$")
    return {name: bodies[call.findall(statement)[0]] for name, statement in triggers.items()}


def _count_missing(connection: Connection) -> int:
    """Return how many numbers have neither a decision nor a place in a tombstone's count."""
    last_number = connection.execute(LAST_NUMBER[connection.dialect.name]).scalar() or 0
    number = decisions.c.number
    # In one statement: a purge that commits meanwhile is in all counts or in none.
    decision_count, late_count, tombstone_count = connection.execute(
        select(
            select(func.count()).select_from(decisions).scalar_subquery(),
            # Logged after the look above. Counting the others would read every row, not an index.
            select(func.count()).where(number > last_number).scalar_subquery(),
            select(func.coalesce(func.sum(tombstones.c.decisions), 0)).scalar_subquery(),
        )
    ).one()
    return int(last_number) - (int(decision_count) - int(late_count)) - int(tombstone_count)
