"""Applicants in, decisions out: what every door of the service calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from creditscore.artefact import Model
from creditscore.policy import NOT_ELIGIBLE, Policy
from creditscore.reasons import Reason, principal_reasons
from creditscore.rule import Codes, Value, format_number
from creditscore.schema import Applicant, Field
from creditscore.texts import Text, in_language, say


@dataclass(frozen=True)
class Warning:
    """Something to know about a decision: a value that training has never seen."""

    code: str
    field: str
    value: Value
    text: Text


@dataclass(frozen=True)
class Decision:
    """What was decided on one applicant, and what it rests on."""

    decision_id: UUID
    decided_at: datetime
    applicant: Applicant
    label: str
    probability_of_default: float
    cutoff: float
    score: int
    model_version: str
    baseline: float
    impacts: Mapping[str, float]
    reasons: tuple[Reason, ...]
    warnings: tuple[Warning, ...]
    #: The names of the training bins that the score and each field fell into (`training_bins`).
    bins: str

    def to_dict(self, language: str) -> dict[str, Any]:
        """Give the decision as the answer's JSON object, its texts in a language."""
        return {
            "decision_id": str(self.decision_id),
            "decided_at": timestamp(self.decided_at),
            "label": self.label,
            "probability": 1 - self.probability_of_default,
            "probability_of_default": self.probability_of_default,
            "cutoff": self.cutoff,
            "score": self.score,
            "scorecard": self.applicant.scorecard,
            "model_version": self.model_version,
            "baseline": self.baseline,
            "reasons": [
                {
                    "code": reason.code,
                    "field": reason.field,
                    "value": reason.value,
                    "impact": reason.impact,
                    "actionable": reason.actionable,
                    "text": in_language(reason.text, language),
                }
                for reason in self.reasons
            ],
            "warnings": [
                {
                    "code": warning.code,
                    "field": warning.field,
                    "value": warning.value,
                    "text": in_language(warning.text, language),
                }
                for warning in self.warnings
            ],
        }

    def to_what_if(self, language: str) -> dict[str, Any]:
        """Give the answer of one that is logged nowhere, and so can never be read back."""
        answer = self.to_dict(language)
        del answer["decision_id"]
        return {"what_if": True, **answer}


class Numbers(NamedTuple):
    """What is computed of one applicant; impacts in the order of the predictors."""

    probability_of_default: float
    score: int
    impacts: list[float]


@dataclass(frozen=True)
class Assessor:
    """Decides on applicants with one model and one policy.

    Attributes
    ----------
    model : Model
        The trained scorecards.
    policy : Policy
        The one in force, which may have another cut-off than the model was trained with.
    now : callable
        Gives the time.
    new_id : callable
        Gives an id for a decision made at a time.
    """

    model: Model
    policy: Policy
    now: Callable[[], datetime]
    new_id: Callable[[datetime], UUID]

    def assess(self, applicants: Sequence[Applicant]) -> list[Decision]:
        """Decide on applicants, in their order.

        The same applicant gets the same numbers to the last bit, alone or among others.
        """
        decided_at = self.now()
        places: dict[str, list[int]] = {}
        for place, applicant in enumerate(applicants):
            places.setdefault(applicant.scorecard, []).append(place)
        numbers: dict[int, Numbers] = {}
        for name, those in places.items():
            group = [applicants[place] for place in those]
            numbers.update(zip(those, self._numbers(name, group), strict=True))
        return [
            self._decide(applicant, numbers[place], decided_at)
            for place, applicant in enumerate(applicants)
        ]

    def _numbers(self, scorecard: str, applicants: Sequence[Applicant]) -> list[Numbers]:
        """Compute the numbers of applicants of one scorecard."""
        engine, scale = self.model.engines[scorecard], self.policy.scale
        predictors = self.model.scorecards[scorecard].predictors
        if len(applicants) == 1:
            row = self.model.schema.row(applicants[0], predictors)
            probability, impacts = engine.numbers_of_one(row)
            return [Numbers(probability, scale.points_of_one(probability), impacts)]
        matrix = self.model.schema.matrix(applicants, predictors)
        probabilities, shares = engine.numbers(matrix)
        points = scale.points(probabilities)
        return list(map(Numbers, probabilities.tolist(), points.tolist(), shares.tolist()))

    def _decide(self, applicant: Applicant, numbers: Numbers, decided_at: datetime) -> Decision:
        """Decide on one applicant, whose numbers are there."""
        card = self.model.scorecards[applicant.scorecard]
        label = self.policy.label(numbers.probability_of_default)
        impacts = dict(zip(card.predictors, numbers.impacts, strict=True))
        return Decision(
            decision_id=self.new_id(decided_at),
            decided_at=decided_at,
            applicant=applicant,
            label=label,
            probability_of_default=numbers.probability_of_default,
            cutoff=self.policy.cutoff,
            score=numbers.score,
            model_version=self.model.versions[card.name],
            baseline=card.reference.baseline,
            impacts=impacts,
            reasons=principal_reasons(
                applicant.values,
                impacts,
                schema=self.model.schema,
                reference=card.reference,
                refused=label == NOT_ELIGIBLE,
            ),
            warnings=self._warnings(applicant, card.training_ranges),
            bins=card.training_bins.spell(applicant.values, numbers.score),
        )

    def _warnings(
        self, applicant: Applicant, ranges: Mapping[str, Sequence[Value]]
    ) -> tuple[Warning, ...]:
        """Point out what training has never seen."""
        fields = self.model.schema.fields
        return tuple(
            _unseen(fields[name], applicant.values[name], seen)
            for name, seen in ranges.items()
            if name in applicant.values
            and not _was_seen(fields[name], applicant.values[name], seen)
        )


def timestamp(moment: datetime) -> str:
    """Write a time as RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _was_seen(field: Field, value: Value, seen: Sequence[Value]) -> bool:
    if isinstance(field.rule, Codes):
        return value in seen
    return bool(float(seen[0]) <= float(value) <= float(seen[1]))


def _unseen(field: Field, value: Value, seen: Sequence[Value]) -> Warning:
    if isinstance(field.rule, Codes):
        text = say("outside_training_codes", field=field.name, got=str(value))
        return Warning("outside_training_codes", field.name, value, text)
    text = say(
        "outside_training_range",
        field=field.name,
        got=format_number(float(value)),
        low=format_number(float(seen[0])),
        high=format_number(float(seen[1])),
        unit={language: f" {unit}" for language, unit in field.unit.items()} or "",
    )
    return Warning("outside_training_range", field.name, value, text)
