"""A decision as a row of the log, and back: the same answer, to the last bit, in every language."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from creditscore.decisions.assessor import Decision
from creditscore.decisions.decision_id import EPOCH, MILLISECOND
from creditscore.decisions.value_cache import Warning
from creditscore.json_codec import dumps_text
from creditscore.schema import Applicant
from creditscore.scorecard.reason_codes import Reason

#: The columns that say what a row says: all but its place in the log, and the hash itself.
CONTENT = (
    "id", "decided_at", "scorecard", "model_version", "inputs", "probability_of_default", "cutoff",
    "label", "score", "baseline", "impacts", "reasons", "warnings", "bins", "request_id", "key_id",
    "idempotency_key",
)  # fmt: skip


#: What is written of a decision: the names of a row's values, in their order.
COLUMNS = (*CONTENT, "content_hash")

#: These values.
Row = tuple[str | int | float | None, ...]


@dataclass(frozen=True)
class LoggedDecision:
    """A decision that was read back from the log.

    Attributes
    ----------
    number : int
        Its place in the log: a later one has a larger number.
    decision : Decision
        What was decided; gives the same answer as then.
    request_id : str
        The request that it came with.
    key_id : str or None
        The API key that was shown; None for none.
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
        """Give the decision as it was answered, and what only the log knows of it."""
        return {
            **self.decision.to_dict(language),
            "inputs": self.decision.applicant.values,
            "impacts": self.decision.impacts,
            "request_id": self.request_id,
            "key_id": self.key_id,
        }


def to_row(
    decision: Decision,
    *,
    request_id: str,
    key_id: str | None,
    idempotency_key: str | None,
) -> dict[str, Any]:
    """Give the row of a decision, its hash included, in the order of `COLUMNS`.

    The database adds the number.
    """
    content = {
        "id": decision.decision_id,
        "decided_at": to_milliseconds(decision.decided_at),
        "scorecard": decision.applicant.scorecard,
        "model_version": decision.model_version,
        "inputs": dumps_text(decision.applicant.values),
        "probability_of_default": decision.probability_of_default,
        "cutoff": decision.cutoff,
        "label": decision.label,
        "score": decision.score,
        "baseline": decision.baseline,
        "impacts": dumps_text(decision.impacts),
        # With their words: what an applicant was told is evidence, and needs no model to be read.
        "reasons": to_json(decision.reasons),
        "warnings": to_json(decision.warnings),
        "bins": decision.bins,
        "request_id": request_id,
        "key_id": key_id,
        "idempotency_key": idempotency_key,
    }
    content["content_hash"] = content_hash(content)
    return content


def to_values(
    decision: Decision,
    *,
    request_id: str,
    key_id: str | None,
    idempotency_key: str | None,
) -> Row:
    """Give the values of the row of a decision."""
    row = to_row(decision, request_id=request_id, key_id=key_id, idempotency_key=idempotency_key)
    return tuple(row.values())


def from_row(row: Mapping[str, Any]) -> LoggedDecision:
    """Read a row back.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not as `to_row` makes them: somebody else wrote it.
    """
    decision = Decision(
        decision_id=str(UUID(row["id"])),
        decided_at=to_time(row["decided_at"]),
        applicant=Applicant(row["scorecard"], json.loads(row["inputs"])),
        label=row["label"],
        probability_of_default=row["probability_of_default"],
        cutoff=row["cutoff"],
        score=row["score"],
        model_version=row["model_version"],
        baseline=row["baseline"],
        impacts=json.loads(row["impacts"]),
        reasons=tuple(Reason.from_log(reason) for reason in json.loads(row["reasons"])),
        warnings=tuple(Warning.from_log(warning) for warning in json.loads(row["warnings"])),
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


def to_json(said: Sequence[Reason] | Sequence[Warning]) -> str:
    """Write reasons or warnings as the log keeps them, with their words in every language."""
    return dumps_text([each.to_log() for each in said])


def content_hash(row: Mapping[str, Any]) -> str:
    """Give the SHA-256 of what a row says, over its one canonical form.

    The form is the columns of `CONTENT`, in that order, one after the other: each as a text behind
    its length in characters and a colon, in UTF-8. A number is written as Python does, with as few
    digits as bring back its every bit; a column that is null is a hyphen alone.
    """
    return digest("".join([mark_off(row[name]) for name in CONTENT]))


def mark_off(value: object) -> str:
    """Write a value as it stands in the canonical form of a row."""
    return "-" if value is None else f"{len(text := str(value))}:{text}"


def digest(canonical: str) -> str:
    """Give the SHA-256 of a canonical form."""
    return hashlib.sha256(canonical.encode()).hexdigest()


def to_milliseconds(moment: datetime) -> int:
    """Give a time as whole milliseconds since 1970, as its answer shows it."""
    return (moment - EPOCH) // MILLISECOND


def to_time(milliseconds: int) -> datetime:
    """Give the time that so many milliseconds since 1970 are."""
    return EPOCH + milliseconds * MILLISECOND
