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
from creditscore.i18n.number_format import say_number
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

#: What the log's own table calls the outcome: read where no column is called ``defaulted``.
LOGGED_DEFAULTED = "outcome.defaulted"

#: What cells may say for a default or none, in either language; capitals do not count.
ANSWERS = {
    **dict.fromkeys([1.0, "true", "yes", "ya", "benar"], True),
    **dict.fromkeys([0.0, "false", "no", "tidak", "salah"], False),
}

#: The columns of a report.
REPORT = ("line", DECISION_ID, REFERENCE, DEFAULTED, "state", "recorded_at", "key_id", "detail")

_ID_PATTERN = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

_DETAILS = {
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
        key = _DETAILS.get(self.result.state)
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
    return (*COLUMNS, LOGGED_DEFAULTED, f"{prefix}{DECISION_ID}")


def check_table(table: TableFile, *, prefix: str = "", max_rows: int | None = None) -> int:
    """Read all of a table, and return its rows: only then are any of them recorded.

    Raises
    ------
    NotATable
        As of `read_table`, or if it has no rows to read or too many.
    """
    count = 0
    for count, row in enumerate(read_table(table, prefix=prefix), start=1):
        if max_rows is not None and count > max_rows:
            text = say("too_many_rows", most=say_number(max_rows))
            raise NotATable("too_many_rows", text, row.at)
    if not count and _is_logged(table):
        text = say("no_outcomes", column=LOGGED_DEFAULTED)
        raise NotATable("no_outcomes", text, table.format.header_line)
    if not count:
        raise NotATable("no_rows", say("no_rows"), table.format.header_line)
    return count


def read_table(table: TableFile, *, prefix: str = "") -> Iterator[OutcomeRow]:
    """Read the rows of a table, some at a time.

    In the log's own table most decisions have no outcome yet: there, rows without one are
    passed over.

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
    indices = _find_columns(table, prefix)
    width, logged = len(table.columns), _is_logged(table)
    for piece in table.pieces():
        for line, cells in piece.rows:
            if len(cells) == width:
                texts: dict[str, Any] = {name: cells[index] for name, index in indices.items()}
                if logged and not texts[DEFAULTED].strip():
                    continue
                values = {name: unescape(cell.strip()) or None for name, cell in texts.items()}
                answer = _read_answer(texts[DEFAULTED])
                yield _row(line, {**values, DEFAULTED: texts[DEFAULTED]}, answer)
            else:
                text = say("wrong_cells", got=len(cells), expected=width)
                yield OutcomeRow(line, None, None, None, text)


def read_array(values: Sequence[object]) -> Iterator[OutcomeRow]:
    """Read values of JSON, each of which should be an object that states an outcome."""
    for index, value in enumerate(values):
        if isinstance(value, dict) and DEFAULTED in value and value.keys() <= {*COLUMNS}:
            defaulted = value[DEFAULTED]
            yield _row(index, value, defaulted if isinstance(defaulted, bool) else None)
        else:
            text = say("another_object") if isinstance(value, dict) else describe_value(value)
            yield OutcomeRow(index, None, None, None, say("not_an_outcome_row", got=text))


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
    remaining_rows = iter(rows)
    while chunk := list(islice(remaining_rows, CHUNK_ROWS)):
        statements = [row.stated for row in chunk if row.stated is not None]
        results = iter(record_outcomes(database, statements, now=now, key_id=key_id))
        yield [
            ReportedRow(row, OutcomeResult(INVALID) if row.stated is None else next(results))
            for row in chunk
        ]


def _is_logged(table: TableFile) -> bool:
    """Return whether the outcomes of a table are in the column of the log's own table."""
    names = set(map(clean_name, table.columns))
    return DEFAULTED not in names and LOGGED_DEFAULTED in names


def _find_columns(table: TableFile, prefix: str) -> dict[str, int]:
    names = list(map(clean_name, table.columns))
    indices, line = {}, table.format.header_line
    for name in COLUMNS:
        spellings = {name, f"{prefix}{name}"} if name == DECISION_ID else {name}
        if name == DEFAULTED and _is_logged(table):
            spellings = {LOGGED_DEFAULTED}
        matches = [index for index, column in enumerate(names) if column in spellings]
        if len(matches) > 1:
            raise NotATable("column_twice", say("column_twice", name=name), line)
        if matches:
            indices[name] = matches[0]
    if DEFAULTED not in indices:
        text = say("column_missing", field=DEFAULTED)
        raise NotATable("column_missing", text, line)
    if len(indices) == 1:
        text = say("column_missing_either", field=DECISION_ID, column=REFERENCE)
        raise NotATable("column_missing", text, line)
    return indices


def _read_answer(cell: str) -> bool | None:
    key = outcome_key(cell)
    return ANSWERS.get(key.casefold() if isinstance(key, str) else key)


def _row(position: int, values: dict[str, Any], defaulted: bool | None) -> OutcomeRow:
    """Check what a row names and states."""
    raw_id, raw_reference = values.get(DECISION_ID), values.get(REFERENCE)
    fault = None
    decision_id = str(raw_id).strip().lower() if isinstance(raw_id, str) else None
    reference = None
    try:
        reference = accept_reference(raw_reference)
    except Rejected as rejected:
        fault = reference_fault(raw_reference, rejected.code).text
    if raw_id is not None and not (decision_id and _ID_PATTERN.fullmatch(decision_id)):
        fault = say("not_a_decision_id", got=describe_value(raw_id))
    elif fault is None and raw_id is None and reference is None:
        fault = say("no_decision_named")
    if fault is None and defaulted is None:
        fault = say("not_defaulted", got=describe_value(values[DEFAULTED]))
    excerpts = _excerpt(raw_id), _excerpt(raw_reference)
    if fault is not None or defaulted is None:
        return OutcomeRow(position, *excerpts, None, fault)
    return OutcomeRow(position, *excerpts, StatedOutcome(decision_id, reference, defaulted))


def _excerpt(value: object) -> str | None:
    return value[:MAX_REFERENCE_LENGTH] if isinstance(value, str) else None
