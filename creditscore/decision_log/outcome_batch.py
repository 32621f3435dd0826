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


class _Named(NamedTuple):
    """The decision that is named: its number, id and reference; none if `decisions` is not 1."""

    decisions: int
    number: int = 0
    id: str = ""
    reference: str | None = None


NONE = _Named(0)


def record_outcomes(
    database: Database,
    stated: Sequence[StatedOutcome],
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
    for begin in range(0, len(stated), CHUNK_ROWS):
        with database.writing() as connection:
            chunk = stated[begin : begin + CHUNK_ROWS]
            results += _record_chunk(connection, chunk, moment=now(), key_id=key_id)
    return results


def _record_chunk(
    connection: Connection,
    stated: Sequence[StatedOutcome],
    *,
    moment: datetime,
    key_id: str | None,
) -> list[OutcomeResult]:
    named = _find_named(connection, stated)
    wanted: dict[int, Outcome] = {}
    for each, decision in zip(stated, named, strict=True):
        if decision.decisions == 1:
            wanted.setdefault(decision.number, Outcome(each.defaulted, moment, key_id))
    known = read_outcomes(connection, list(wanted))
    missing = {number: one for number, one in wanted.items() if number not in known}
    new = _insert_new(connection, missing)
    # In PostgreSQL another worker's may have come first: then it counts.
    logged = known | read_outcomes(connection, list(missing))
    results = []
    for each, decision in zip(stated, named, strict=True):
        if decision.decisions != 1:
            state = AMBIGUOUS if decision.decisions else UNKNOWN
            results.append(OutcomeResult(state, decision.decisions))
            continue
        outcome = logged[decision.number]
        state = KNOWN if outcome.defaulted == each.defaulted else CONFLICT
        if decision.number in new:
            # A row further down may state it of the same decision once more.
            new.remove(decision.number)
            state = RECORDED
        results.append(OutcomeResult(state, 1, decision.id, outcome))
    return results


def _find_named(connection: Connection, stated: Sequence[StatedOutcome]) -> list[_Named]:
    """Find the decision that each outcome is stated of."""
    by_id = _find_by_id(connection, {each.decision_id for each in stated if each.decision_id})
    references = {each.reference for each in stated if each.reference and not each.decision_id}
    by_reference = _find_by_reference(connection, references)
    named = []
    for each in stated:
        if each.decision_id is None:
            found = by_reference.get(each.reference or "", NONE)
        else:
            found = by_id.get(each.decision_id, NONE)
            if each.reference and each.reference != found.reference:
                found = NONE
        named.append(found)
    return named


def _find_by_id(connection: Connection, ids: Collection[str]) -> dict[str, _Named]:
    if not ids:
        return {}
    columns = decisions.c.number, decisions.c.id, decisions.c.reference
    rows = connection.execute(select(*columns).where(decisions.c.id.in_(ids)))
    return {row.id: _Named(1, *row) for row in rows}


def _find_by_reference(connection: Connection, references: Collection[str]) -> dict[str, _Named]:
    """Find the decision of each reference; where several have it, only how many."""
    if not references:
        return {}
    counts = {
        name: (count, number)
        for name, count, number in connection.execute(count_references(references))
    }
    alone = [number for count, number in counts.values() if count == 1]
    columns = decisions.c.number, decisions.c.id, decisions.c.reference
    rows = connection.execute(select(*columns).where(decisions.c.number.in_(alone)))
    found = {str(row.reference): _Named(1, *row) for row in rows}
    return {name: _Named(count) for name, (count, _) in counts.items() if count > 1} | found


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


def _insert_new(connection: Connection, missing: dict[int, Outcome]) -> set[int]:
    """Log outcomes; return the numbers of the decisions that had none until then."""
    # In one order, as two transactions of PostgreSQL that insert the same would block each other.
    rows = [
        (number, outcome.defaulted, to_milliseconds(outcome.recorded_at), outcome.key_id)
        for number, outcome in sorted(missing.items())
    ]
    names = tuple(outcomes.columns.keys())
    if connection.dialect.name == "sqlite":
        # No one else writes meanwhile.
        insert_all(connection, outcomes, names, rows)
        return set(missing)
    if not rows:
        return set()
    # Only where it is in use.
    from sqlalchemy.dialects import postgresql

    values = [dict(zip(names, row, strict=True)) for row in rows]
    statement = postgresql.insert(outcomes).values(values).on_conflict_do_nothing()
    return {row.number for row in connection.execute(statement.returning(outcomes.c.number))}
