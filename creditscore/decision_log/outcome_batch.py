"""Log the outcomes of many decisions, by id or by reference; each one counts by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.outcomes import Outcome, read_outcomes
from creditscore.decision_log.tables import decisions, insert_all, outcomes
from creditscore.decisions.record import to_milliseconds

#: States of an outcome that was stated. INVALID is never given here: such rows name none.
RECORDED, KNOWN, CONFLICT, UNKNOWN, AMBIGUOUS, INVALID = STATES = (
    "recorded", "known", "conflict", "unknown", "ambiguous", "invalid",
)  # fmt: skip

#: Outcomes of one transaction: a small part of the time that a decision may wait for its own.
CHUNK_ROWS = 1000


@dataclass(frozen=True)
class StatedOutcome:
    """An outcome that a client states.

    Attributes
    ----------
    decision_id, reference : str or None
        What names the decision; where both are given, it must have both.
    defaulted : bool
        Whether the outcome was the bad one.
    """

    decision_id: str | None
    reference: str | None
    defaulted: bool


@dataclass(frozen=True)
class OutcomeResult:
    """The state of an outcome that was stated.

    Attributes
    ----------
    state : str
        One of `STATES`.
    decisions : int
        How many decisions were named.
    decision_id : str or None
        The decision's, if it is one.
    outcome : Outcome or None
        Its outcome in the log: the stated one, or another one in a conflict.
    """

    state: str
    decisions: int = 0
    decision_id: str | None = None
    outcome: Outcome | None = None


class _NamedDecision(NamedTuple):
    """The decision that is named: its number, id and reference; none if `decisions` is not 1."""

    decisions: int
    number: int = 0
    id: str = ""
    reference: str | None = None


NO_DECISION = _NamedDecision(0)


def record_outcomes(
    database: Database,
    statements: Sequence[StatedOutcome],
    *,
    now: Callable[[], datetime],
    key_id: str | None,
) -> list[OutcomeResult]:
    """Log outcomes, as many in one transaction as `CHUNK_ROWS`; return the state of each.

    A decision that has an outcome keeps it. Of two that are stated of one decision the first
    counts.

    Raises
    ------
    DatabaseUnavailable
        If one transaction did not succeed. Those before it did: stated again, their outcomes are
        known.
    """
    results: list[OutcomeResult] = []
    for begin in range(0, len(statements), CHUNK_ROWS):
        with database.writing() as connection:
            chunk = statements[begin : begin + CHUNK_ROWS]
            results += _record_chunk(connection, chunk, moment=now(), key_id=key_id)
    return results


def _record_chunk(
    connection: Connection,
    statements: Sequence[StatedOutcome],
    *,
    moment: datetime,
    key_id: str | None,
) -> list[OutcomeResult]:
    named_decisions = _find_named(connection, statements)
    new_outcomes: dict[int, Outcome] = {}
    for statement, decision in zip(statements, named_decisions, strict=True):
        if decision.decisions == 1:
            new_outcomes.setdefault(decision.number, Outcome(statement.defaulted, moment, key_id))
    known_outcomes = read_outcomes(connection, list(new_outcomes))
    missing_outcomes = {
        number: outcome for number, outcome in new_outcomes.items() if number not in known_outcomes
    }
    new_numbers = insert_outcomes(connection, missing_outcomes)
    # In PostgreSQL another worker's may have come first: then it counts.
    logged_outcomes = known_outcomes | read_outcomes(connection, list(missing_outcomes))
    results = []
    for statement, decision in zip(statements, named_decisions, strict=True):
        if decision.decisions != 1:
            state = AMBIGUOUS if decision.decisions else UNKNOWN
            results.append(OutcomeResult(state, decision.decisions))
            continue
        outcome = logged_outcomes[decision.number]
        state = KNOWN if outcome.defaulted == statement.defaulted else CONFLICT
        if decision.number in new_numbers:
            # A row further down may state it of the same decision once more.
            new_numbers.remove(decision.number)
            state = RECORDED
        results.append(OutcomeResult(state, 1, decision.id, outcome))
    return results


def _find_named(
    connection: Connection, statements: Sequence[StatedOutcome]
) -> list[_NamedDecision]:
    """Find the decision that each outcome is stated of."""
    by_id = _find_by_id(
        connection, {statement.decision_id for statement in statements if statement.decision_id}
    )
    references = {
        statement.reference
        for statement in statements
        if statement.reference and not statement.decision_id
    }
    by_reference = _find_by_reference(connection, references)
    named_decisions = []
    for statement in statements:
        if statement.decision_id is None:
            decision = by_reference.get(statement.reference or "", NO_DECISION)
        else:
            decision = by_id.get(statement.decision_id, NO_DECISION)
            if statement.reference and statement.reference != decision.reference:
                decision = NO_DECISION
        named_decisions.append(decision)
    return named_decisions


def _find_by_id(connection: Connection, ids: Collection[str]) -> dict[str, _NamedDecision]:
    if not ids:
        return {}
    columns = decisions.c.number, decisions.c.id, decisions.c.reference
    rows = connection.execute(select(*columns).where(decisions.c.id.in_(ids)))
    return {row.id: _NamedDecision(1, *row) for row in rows}


def _find_by_reference(
    connection: Connection, references: Collection[str]
) -> dict[str, _NamedDecision]:
    """Find the decision of each reference; where several have it, only how many."""
    if not references:
        return {}
    counts = {
        name: (count, number)
        for name, count, number in connection.execute(count_references(references))
    }
    unique_numbers = [number for count, number in counts.values() if count == 1]
    columns = decisions.c.number, decisions.c.id, decisions.c.reference
    rows = connection.execute(select(*columns).where(decisions.c.number.in_(unique_numbers)))
    named_decisions = {str(row.reference): _NamedDecision(1, *row) for row in rows}
    ambiguous = {name: _NamedDecision(count) for name, (count, _) in counts.items() if count > 1}
    return ambiguous | named_decisions


def count_references(references: Collection[str]) -> Select[Any]:
    """Return the query for how many decisions have each reference, and for the first of them."""
    # Counted in the database, as thousands may share one. The second condition, which follows
    # from the first, lets both databases see that the index holds all that is asked for.
    reference = decisions.c.reference
    return (
        select(reference, func.count(), func.min(decisions.c.number))
        .where(reference.in_(references), reference.is_not(None))
        .group_by(reference)
    )


def insert_outcomes(connection: Connection, missing_outcomes: dict[int, Outcome]) -> set[int]:
    """Log outcomes; return the numbers of the decisions that had none until then."""
    # In one order, as two transactions of PostgreSQL that insert the same would block each other.
    rows = [
        (number, outcome.defaulted, to_milliseconds(outcome.recorded_at), outcome.key_id)
        for number, outcome in sorted(missing_outcomes.items())
    ]
    names = tuple(outcomes.columns.keys())
    if connection.dialect.name == "sqlite":
        # No one else writes meanwhile.
        insert_all(connection, outcomes, names, rows)
        return set(missing_outcomes)
    if not rows:
        return set()
    # Only where it is in use.
    from sqlalchemy.dialects import postgresql

    values = [dict(zip(names, row, strict=True)) for row in rows]
    statement = postgresql.insert(outcomes).values(values).on_conflict_do_nothing()
    return {row.number for row in connection.execute(statement.returning(outcomes.c.number))}
