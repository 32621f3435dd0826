"""A decision as a row of the log, and back: its id, its canonical form and its hash."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from creditscore.decisions.assessor import Decision
from creditscore.decisions.value_cache import Warning
from creditscore.json_codec import dumps_text
from creditscore.schema import Applicant
from creditscore.scorecard.reason_codes import Reason

#: The columns that are hashed in every row: all of the first release but the row's number in the
#: log, and the hash itself.
CONTENT = (
    "id", "decided_at", "scorecard", "model_version", "inputs", "probability_of_default", "cutoff",
    "label", "score", "baseline", "impacts", "reasons", "warnings", "bins", "request_id", "key_id",
    "idempotency_key",
)  # fmt: skip

#: The columns that came later: null in older rows, and hashed only where they are not.
ADDED = ("strengths", "reference")

#: The columns of a row, in their order.
COLUMNS = (*CONTENT, *ADDED, "content_hash")

EPOCH, MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)

#: The values of a row, in the order of `COLUMNS`.
Row = tuple[str | int | float | None, ...]


@dataclass(frozen=True)
class RequestOrigin:
    """The request that decisions belong to.

    Attributes
    ----------
    request_id : str
    key_id : str or None
        The API key that was presented; None for none.
    idempotency_key : str or None
        The key that was sent; a repetition of the request gets the first answer. Each API key has
        its own name space; in the one of requests without, a mark of the client's network follows.
    body_hash : str
        A hash of the body, to tell a repetition from another request.
    """

    request_id: str
    key_id: str | None = None
    idempotency_key: str | None = None
    body_hash: str = ""


@dataclass(frozen=True)
class LoggedDecision:
    """A decision read back from the log.

    Attributes
    ----------
    number : int
        Its place in the log: a later one has a larger number.
    decision : Decision
        What was decided, with the answer as it was given.
    request_id : str
        The request that it came with.
    key_id : str or None
        The API key that was used, if any.
    idempotency_key : str or None
        The request's.
    content_hash : str
        SHA-256 over everything else here but the number, as it was when the row was written.
    """

    number: int
    decision: Decision
    request_id: str
    key_id: str | None
    idempotency_key: str | None
    content_hash: str

    def to_dict(self, language: str) -> dict[str, Any]:
        """Return the decision as it was answered, and what only the log knows of it."""
        return {
            **self.decision.to_dict(language),
            "inputs": self.decision.applicant.values,
            "impacts": self.decision.impacts,
            "request_id": self.request_id,
            "key_id": self.key_id,
        }


class RowTemplate(NamedTuple):
    """The row of a decision but for its id, time and reference, in which equal decisions differ.

    Attributes
    ----------
    values : tuple
        Those of the other columns of `CONTENT` and `ADDED`, in their order.
    canonical : str
        Their part of the canonical form.
    """

    values: Row
    canonical: str

    @classmethod
    def of(cls, decision: Decision, origin: RequestOrigin) -> RowTemplate:
        """Return the template of a decision that came with a request."""
        parts = (
            decision.applicant.values,
            decision.impacts,
            # With their words: what an applicant was told is evidence, which needs no model.
            [reason._asdict() for reason in decision.reasons],
            [strength._asdict() for strength in decision.strengths],
            [warning._asdict() for warning in decision.warnings],
        )
        inputs, impacts, reasons, strengths, warnings = map(dumps_text, parts)
        content = (
            decision.applicant.scorecard,
            decision.model_version,
            inputs,
            decision.probability_of_default,
            decision.cutoff,
            decision.label,
            decision.score,
            decision.baseline,
            impacts,
            reasons,
            warnings,
            decision.bins,
            origin.request_id,
            origin.key_id,
            origin.idempotency_key,
        )
        added = (strengths,)
        return cls((*content, *added), _canonical_form(content, added))

    def row(self, decision_id: str, milliseconds: int, reference: str | None) -> Row:
        """Return the row of a decision with this id, made so long after 1970 began."""
        canonical = _canonical_form((decision_id, milliseconds)) + self.canonical
        if reference is not None:
            canonical += _named_value("reference", reference)
        return (decision_id, milliseconds, *self.values, reference, _digest(canonical))


def to_row(decision: Decision, origin: RequestOrigin) -> Row:
    """Return the row of a decision, its hash included: values in the order of `COLUMNS`.

    The database adds the number.
    """
    # Whole milliseconds, as its answer shows them.
    milliseconds = to_milliseconds(decision.decided_at)
    template, reference = RowTemplate.of(decision, origin), decision.applicant.reference
    return template.row(decision.decision_id, milliseconds, reference)


def from_row(row: Mapping[str, Any]) -> LoggedDecision:
    """Read a row back.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not as `to_row` writes them.
    """
    decision = Decision(
        decision_id=str(UUID(row["id"])),
        decided_at=to_time(row["decided_at"]),
        applicant=Applicant(row["scorecard"], json.loads(row["inputs"]), row["reference"]),
        label=row["label"],
        probability_of_default=row["probability_of_default"],
        cutoff=row["cutoff"],
        score=row["score"],
        model_version=row["model_version"],
        baseline=row["baseline"],
        impacts=json.loads(row["impacts"]),
        reasons=tuple(Reason(**reason) for reason in json.loads(row["reasons"])),
        strengths=tuple(Reason(**strength) for strength in json.loads(row["strengths"] or "[]")),
        warnings=tuple(Warning(**warning) for warning in json.loads(row["warnings"])),
        bins=row["bins"],
    )
    return LoggedDecision(
        number=row["number"],
        decision=decision,
        request_id=row["request_id"],
        key_id=row["key_id"],
        idempotency_key=row["idempotency_key"],
        content_hash=row["content_hash"],
    )


def content_hash(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a row says, over its one canonical form.

    The form is the columns of `CONTENT`, in that order, one after the other: each as a text behind
    its length in characters and a colon, in UTF-8. A number is written as Python does, with as few
    digits as bring back its every bit; a column that is null is a hyphen alone. Those of `ADDED`
    follow, each behind its name and an equals sign, unless they are null.
    """
    return _digest(_canonical_form([row[name] for name in CONTENT], [row[name] for name in ADDED]))


def _canonical_form(content: Iterable[object], added: Iterable[object] = ()) -> str:
    parts = ["-" if value is None else f"{len(text := str(value))}:{text}" for value in content]
    for name, value in zip(ADDED, added, strict=False):
        if value is not None:
            parts.append(_named_value(name, value))
    return "".join(parts)


def _named_value(name: str, value: object) -> str:
    return f"{name}={len(text := str(value))}:{text}"


def _digest(canonical: str) -> str:
    return hashlib.sha256(canonical.encode()).hexdigest()


def new_decision_ids(
    now: datetime, count: int, random_bytes: Callable[[int], bytes] = os.urandom
) -> list[str]:
    """Return UUIDs of version 7 (RFC 9562), which sort by their time and cannot be guessed.

    Their 74 random bits make them unique even if the clock stands still or is set back. The
    randomness of all is asked for at once, as `os.urandom` releases the GIL at each call.
    """
    milliseconds, digits = f"{to_milliseconds(now):012x}", random_bytes(10 * count).hex()
    time = f"{milliseconds[:8]}-{milliseconds[8:]}"
    ids = []
    for random in (digits[begin : begin + 20] for begin in range(0, len(digits), 20)):
        # The version is 7; the variant is two bits of the digit that follows the second group.
        variant = "89ab"[int(random[3], 16) & 3]
        ids.append(f"{time}-7{random[:3]}-{variant}{random[4:7]}-{random[7:19]}")
    return ids


def to_milliseconds(moment: datetime) -> int:
    """Return a time as whole milliseconds since 1970, as its answer shows it."""
    return (moment - EPOCH) // MILLISECOND


def to_time(milliseconds: int) -> datetime:
    """Return the time that is so many milliseconds after 1970 began."""
    return EPOCH + milliseconds * MILLISECOND
