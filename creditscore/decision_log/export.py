"""Export of the log: JSON Lines, exact, and CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from creditscore.decision_log.database import Database
from creditscore.decision_log.integrity import MALFORMED
from creditscore.decision_log.outcomes import Outcome, read_outcomes
from creditscore.decision_log.overrides import Override, read_overrides
from creditscore.decision_log.scan import SCAN_TIMEOUT_S, Row
from creditscore.decisions.assessor import timestamp
from creditscore.decisions.decision_columns import warnings_in_short
from creditscore.decisions.record import to_time
from creditscore.environment import COMMAND
from creditscore.errors import ExportRefused
from creditscore.schema.csv_cells import escape
from creditscore.scorecard.reason_codes import MAX_REASONS

VERIFY = f"{COMMAND} decisions verify"

#: The columns of CSV that every decision has, before and after those of its fields.
FIRST_COLUMNS = (
    "decision_id", "decided_at", "scorecard", "model_version", "label", "probability",
    "probability_of_default", "cutoff", "score", "baseline", "reference",
)  # fmt: skip
LAST_COLUMNS = (
    "warnings", "request_id", "key_id", "idempotency_key", "content_hash",
    "outcome.defaulted", "outcome.recorded_at", "outcome.key_id",
    "override.label", "override.reason", "override.decided_by", "override.recorded_at",
    "override.key_id",
)  # fmt: skip
REASON_PARTS = ("code", "field", "value", "impact")
REASON_COLUMNS = tuple(
    f"{kind}.{rank}.{part}"
    for kind in ("reasons", "strengths")
    for rank in range(1, MAX_REASONS + 1)
    for part in (*REASON_PARTS, "text.en", "text.id")
)

#: The columns of the log that are objects with a member for each field.
BY_FIELD = ("inputs", "impacts")

Decision = dict[str, Any]


def read(database: Database, pages: Iterable[list[Row]]) -> Iterator[list[Decision]]:
    """Return pages of rows as plain data, with all that is logged, outcomes and overrides.

    Raises
    ------
    ExportRefused
        If a row is not as the service writes them.
    """
    for rows in pages:
        with database.reading(seconds=SCAN_TIMEOUT_S) as connection:
            numbers = [row["number"] for row in rows]
            outcomes = read_outcomes(connection, numbers)
            overrides = read_overrides(connection, numbers)
        yield [
            _to_dict(row, outcomes.get(row["number"]), overrides.get(row["number"])) for row in rows
        ]


def to_json_lines(page: Iterable[Decision]) -> bytes:
    """Write a decision on each line, every number to the last bit."""
    # In ASCII: nothing in a text can end a line, or be no valid UTF-8.
    lines = [json.dumps(decision, allow_nan=False, separators=(",", ":")) for decision in page]
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def columns_of(pages: Iterable[list[Row]]) -> list[str]:
    """Return the columns that a table of all these rows needs: models differ in their fields.

    Parameters
    ----------
    pages : iterable of list of mapping
        With `BY_FIELD` of each row.
    """
    names_by_column: dict[str, dict[str, None]] = {column: {} for column in BY_FIELD}
    for rows in pages:
        for row in rows:
            for column in BY_FIELD:
                names_by_column[column].update(dict.fromkeys(_read(row, column)))
    fields = [f"{column}.{name}" for column, names in names_by_column.items() for name in names]
    return [*FIRST_COLUMNS, *fields, *REASON_COLUMNS, *LAST_COLUMNS]


def to_csv_header(columns: Sequence[str]) -> bytes:
    """Write the header."""
    return _lines([{name: name for name in columns}], columns)


def to_csv(page: Iterable[Decision], columns: Sequence[str]) -> bytes:
    """Write a decision on each line as RFC 4180 has it, numbers to the last bit."""
    return _lines([_flatten(decision) for decision in page], columns)


def _to_dict(row: Row, outcome: Outcome | None, override: Override | None) -> Decision:
    try:
        probability_of_default = row["probability_of_default"]
        return {
            "decision_id": row["id"],
            "decided_at": timestamp(to_time(row["decided_at"])),
            "label": row["label"],
            "probability": 1 - probability_of_default,
            "probability_of_default": probability_of_default,
            **{name: row[name] for name in ("cutoff", "score", "scorecard", "model_version")},
            "baseline": row["baseline"],
            **{name: _read(row, name) for name in ("reasons", "strengths", "warnings", *BY_FIELD)},
            "reference": row["reference"],
            "bins": row["bins"],
            **{name: row[name] for name in ("request_id", "key_id", "idempotency_key")},
            "content_hash": row["content_hash"],
            "outcome": None if outcome is None else outcome.to_dict(),
            "override": None if override is None else override.to_dict(),
        }
    except MALFORMED:
        raise _malformed_row(row) from None


def _read(row: Row, name: str) -> Any:
    try:
        # Rows of the releases before have no strengths.
        value = json.loads(row[name]) if row[name] is not None or name != "strengths" else []
    except MALFORMED:
        raise _malformed_row(row) from None
    if not isinstance(value, dict if name in BY_FIELD else list):
        raise _malformed_row(row)
    return value


def _malformed_row(row: Row) -> ExportRefused:
    subject = f"decision {row['id']}" if "id" in row else f"the decision of number {row['number']}"
    return ExportRefused(f"{subject} is not well-formed: run {VERIFY}")


def _flatten(decision: Decision) -> dict[str, Any]:
    """Return a decision as one row of a table; a column's name is its path in JSON."""
    flat = {name: decision[name] for name in FIRST_COLUMNS}
    for column in BY_FIELD:
        flat |= {f"{column}.{name}": value for name, value in decision[column].items()}
    for kind in ("reasons", "strengths"):
        for rank, reason in enumerate(decision[kind][:MAX_REASONS], start=1):
            path = f"{kind}.{rank}"
            flat |= {f"{path}.{name}": reason[name] for name in REASON_PARTS}
            flat |= {f"{path}.text.{name}": text for name, text in reason["text"].items()}
    codes = ((warning["code"], warning["field"]) for warning in decision["warnings"])
    flat["warnings"] = warnings_in_short(codes)
    flat |= {
        name: decision[name] for name in LAST_COLUMNS if name in decision and name != "warnings"
    }
    for section in ("outcome", "override"):
        members: Mapping[str, Any] = decision[section] or {}
        flat |= {f"{section}.{name}": value for name, value in members.items()}
    return flat


def _lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    for row in rows:
        if unknown_names := row.keys() - set(columns):
            # Logged late, by a model that the look at the columns did not see.
            raise ExportRefused(
                f"the log has changed meanwhile ({min(unknown_names)}): export again"
            )
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue().encode("utf-8", errors="backslashreplace")


def _cell(value: Any) -> Any:
    """Return the text of a cell; csv writes floats so that they come back to the last bit."""
    if isinstance(value, bool):
        return str(value).lower()
    return escape(value) if isinstance(value, str) else value
