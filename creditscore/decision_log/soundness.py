"""What a row of the log must fulfil by itself, whatever model decided: its own evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from creditscore.decisions.assessor import Decision
from creditscore.decisions.record import content_hash, from_row
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE

#: How far the baseline and all impacts may be from the probability: rounding, and no more.
ROUNDING = 1e-12

#: What reading a row that somebody else wrote can raise.
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


def faults_of(row: Mapping[str, Any]) -> list[str]:
    """Name all that is wrong with a row, in words without a value of it."""
    try:
        return list(_faults(row))
    except UNREADABLE as error:
        return [f"is not well-formed ({type(error).__name__})"]


def _faults(row: Mapping[str, Any]) -> Iterator[str]:
    found = from_row(row)
    made = found.decision
    if content_hash(row) != found.content_hash:
        yield "does not fit its content hash: it was changed after it was logged"
    if made.decision_id != row["id"]:
        yield "has an id that is not written as ids are"
    name, _, digest = made.model_version.rpartition("-")
    if name != made.applicant.scorecard or len(digest) != 8:
        yield "has a model version that is not its scorecard's"
    yield from _wrong_numbers(made)
    yield from _wrong_reasons(made)


def _wrong_numbers(made: Decision) -> Iterator[str]:
    said = made.probability_of_default
    if not (0 <= said <= 1 and 0 < made.cutoff <= 1 and type(made.score) is int):
        yield "has a probability, a cut-off or a score that is none"
    if made.label != (ELIGIBLE if said < made.cutoff else NOT_ELIGIBLE):
        yield "has a label that does not follow from its probability and cut-off"
    if not abs(math.fsum([made.baseline, *made.impacts.values()]) - said) <= ROUNDING:
        yield "has impacts that do not add up to its probability"


def _wrong_reasons(made: Decision) -> Iterator[str]:
    values = made.applicant.values
    if any(type(value) not in (int, float, str) for value in values.values()):
        yield "has an input that is neither a number nor a text"
    if any(name not in values for name in made.impacts):
        yield "has impacts of what was no input"
    if any(each.impact != made.impacts.get(each.field) for each in made.reasons):
        yield "has a reason whose impact is not the field's"
    if made.label == NOT_ELIGIBLE and not made.reasons:
        yield "refuses without a reason"
