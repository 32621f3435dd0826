"""Outcomes of many decisions: rows of a table or values of JSON, and the state of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from creditscore.decision_log.database import Database
from creditscore.decision_log.outcome_batch import (
    AMBIGUOUS,
    CHUNK_ROWS,
    CONFLICT,
    INVALID,
    UNKNOWN,
    OutcomeResult,
    StatedOutcome,
    record_outcomes,
)
from creditscore.errors import NotATable
from creditscore.i18n.catalogue import Text, in_language, say
from creditscore.readers import TableFile, clean_name
from creditscore.schema.constraints import Rejected, describe_value
from creditscore.schema.csv_cells import escape, unescape
from creditscore.schema.outcomes import outcome_key
from creditscore.schema.reference import (
    MAX_REFERENCE_LENGTH,
    REFERENCE,
    accept_reference,
    reference_fault,
)

DECISION_ID, DEFAULTED = "decision_id", "defaulted"

#: The columns that are read; all others are passed over.
COLUMNS = (DECISION_ID, REFERENCE, DEFAULTED)

#: What cells may say for a default or none, in either language; capitals do not count.
ANSWERS = {
    **dict.fromkeys([1.0, "true", "yes", "ya", "benar"], True),
    **dict.fromkeys([0.0, "false", "no", "tidak", "salah"], False),
}

#: The columns of a report.
REPORT = ("line", DECISION_ID, REFERENCE, DEFAULTED, "state", "recorded_at", "key_id", "detail")

_an_id = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

_details = {
    UNKNOWN: "outcome_unknown_decision",
    AMBIGUOUS: "outcome_ambiguous",
    CONFLICT: "outcome_conflict",
}


@dataclass(frozen=True)
class OutcomeRow:
    """One row, as it came.

    Attributes
    ----------
    at : int
        Its line in a table, counted from 1; its place in an array, counted from 0.
    decision_id, reference : str or None
        As they can be shown.
    stated : StatedOutcome or None
        What it states; None if it is not valid.
    fault : Text or None
        What is wrong then.
    """

    at: int
    decision_id: str | None
    reference: str | None
    stated: StatedOutcome | None
    fault: Text | None = None


@dataclass(frozen=True)
class ReportedRow:
    """One row, and its state."""

    row: OutcomeRow
    result: OutcomeResult

    @property
    def detail(self) -> Text | None:
        """Why it was not recorded; None if it was, or is known."""
        if self.row.fault is not None:
            return self.row.fault
        key = _details.get(self.result.state)
        return None if key is None else say(key, count=self.result.decisions)

    def to_dict(self, language: str) -> dict[str, Any]:
        """Return it as plain data, without its place."""
        outcome, detail = self.result.outcome, self.detail
        return {
            "state": self.result.state,
            DECISION_ID: self.result.decision_id or self.row.decision_id,
            REFERENCE: self.row.reference,
            "decisions": self.result.decisions,
            "outcome": None if outcome is None else outcome.to_dict(),
            "detail": None if detail is None else in_language(detail, language),
        }

    def cells(self, language: str) -> list[object]:
        """Return the cells of `REPORT`."""
        row = self.to_dict(language)
        outcome = row["outcome"] or {}
        stated = None if self.row.stated is None else self.row.stated.defaulted
        return [
            self.row.at,
            row[DECISION_ID],
            self.row.reference and escape(self.row.reference),
            None if stated is None else str(stated).lower(),
            self.result.state,
            outcome.get("recorded_at"),
            outcome.get("key_id"),
            row["detail"],
        ]


def wanted_columns(prefix: str = "") -> tuple[str, ...]:
    """Return the names of columns that a table's header is found by; prefix as of `read_table`."""
    return (*COLUMNS, f"{prefix}{DECISION_ID}")


def check_table(table: TableFile, *, prefix: str = "") -> int:
    """Read all of a table, and return its rows: only then are any of them recorded.

    Raises
    ------
    NotATable
        As of `read_table`, or if it has no rows.
    """
    count = sum(1 for _ in read_table(table, prefix=prefix))
    if not count:
        raise NotATable("no_rows", say("no_rows"), table.format.header_line)
    return count


def read_table(table: TableFile, *, prefix: str = "") -> Iterator[OutcomeRow]:
    """Read the rows of a table, some at a time.

    Parameters
    ----------
    table : TableFile
    prefix : str
        Of a decision's columns in scored tables: with it ``decision_id`` is found too.

    Raises
    ------
    NotATable
        If it has no column ``defaulted``, or none that names decisions, or has one of them twice.
    """
    places = _find_columns(table, prefix)
    width = len(table.columns)
    for piece in table.pieces():
        for line, cells in piece.rows:
            if len(cells) == width:
                read: dict[str, Any] = {name: cells[at] for name, at in places.items()}
                named = {name: unescape(cell.strip()) or None for name, cell in read.items()}
                answer = _read_answer(read[DEFAULTED])
                yield _row(line, {**named, DEFAULTED: read[DEFAULTED]}, answer)
            else:
                text = say("wrong_cells", got=len(cells), expected=width)
                yield OutcomeRow(line, None, None, None, text)


def read_array(values: Sequence[object]) -> Iterator[OutcomeRow]:
    """Read values of JSON, each of which should be an object that states an outcome."""
    for at, value in enumerate(values):
        if isinstance(value, dict) and DEFAULTED in value and value.keys() <= {*COLUMNS}:
            defaulted = value[DEFAULTED]
            yield _row(at, value, defaulted if isinstance(defaulted, bool) else None)
        else:
            got = say("another_object") if isinstance(value, dict) else describe_value(value)
            yield OutcomeRow(at, None, None, None, say("not_an_outcome_row", got=got))


def record_rows(
    rows: Iterable[OutcomeRow],
    database: Database,
    *,
    now: Callable[[], datetime],
    key_id: str | None,
) -> Iterator[list[ReportedRow]]:
    """Log the outcomes of rows, and return the state of each, some rows at a time.

    Raises
    ------
    DatabaseUnavailable
        As of `record_outcomes`.
    """
    waiting = iter(rows)
    while some := list(islice(waiting, CHUNK_ROWS)):
        stated = [row.stated for row in some if row.stated is not None]
        results = iter(record_outcomes(database, stated, now=now, key_id=key_id))
        yield [
            ReportedRow(row, OutcomeResult(INVALID) if row.stated is None else next(results))
            for row in some
        ]


def _find_columns(table: TableFile, prefix: str) -> dict[str, int]:
    names = list(map(clean_name, table.columns))
    places, line = {}, table.format.header_line
    for name in COLUMNS:
        spellings = {name, f"{prefix}{name}"} if name == DECISION_ID else {name}
        found = [at for at, each in enumerate(names) if each in spellings]
        if len(found) > 1:
            raise NotATable("column_twice", say("column_twice", name=name), line)
        if found:
            places[name] = found[0]
    if DEFAULTED not in places:
        text = say("column_missing", field=DEFAULTED)
        raise NotATable("column_missing", text, line)
    if len(places) == 1:
        text = say("column_missing_either", field=DECISION_ID, column=REFERENCE)
        raise NotATable("column_missing", text, line)
    return places


def _read_answer(cell: str) -> bool | None:
    key = outcome_key(cell)
    return ANSWERS.get(key.casefold() if isinstance(key, str) else key)


def _row(at: int, read: dict[str, Any], defaulted: bool | None) -> OutcomeRow:
    """Check what a row names and states."""
    named, raw = read.get(DECISION_ID), read.get(REFERENCE)
    fault = None
    decision_id = str(named).strip().lower() if isinstance(named, str) else None
    reference = None
    try:
        reference = accept_reference(raw)
    except Rejected as rejected:
        fault = reference_fault(raw, rejected.code).text
    if named is not None and not (decision_id and _an_id.fullmatch(decision_id)):
        fault = say("not_a_decision_id", got=describe_value(named))
    elif fault is None and named is None and reference is None:
        fault = say("no_decision_named")
    if fault is None and defaulted is None:
        fault = say("not_defaulted", got=describe_value(read[DEFAULTED]))
    shown = _shown(named), _shown(raw)
    if fault is not None or defaulted is None:
        return OutcomeRow(at, *shown, None, fault)
    return OutcomeRow(at, *shown, StatedOutcome(decision_id, reference, defaulted))


def _shown(raw: object) -> str | None:
    return raw[:MAX_REFERENCE_LENGTH] if isinstance(raw, str) else None
