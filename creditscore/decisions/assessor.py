"""Applicants in, decisions out: what every door of the service calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from creditscore.decisions.value_cache import Reading, Warning, read_all
from creditscore.schema import Applicant, to_matrix
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import NOT_ELIGIBLE, Policy
from creditscore.scorecard.reason_codes import Reason, principal_reasons


class Decision(NamedTuple):
    """What was decided on one applicant, and what it rests on."""

    decision_id: str
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
            "decision_id": self.decision_id,
            "decided_at": timestamp(self.decided_at),
            "label": self.label,
            "probability": 1 - self.probability_of_default,
            "probability_of_default": self.probability_of_default,
            "cutoff": self.cutoff,
            "score": self.score,
            "scorecard": self.applicant.scorecard,
            "model_version": self.model_version,
            "baseline": self.baseline,
            "reasons": [reason.to_dict(language) for reason in self.reasons],
            "warnings": [warning.to_dict(language) for warning in self.warnings],
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


class _Case(NamedTuple):
    """An applicant whose values have been read."""

    applicant: Applicant
    readings: dict[str, Reading]

    def row(self, predictors: Sequence[str]) -> list[float]:
        """Give what the model sees of it."""
        return [self.readings[name].encoded for name in predictors]


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
    new_id: Callable[[datetime], str]

    def assess(self, applicants: Sequence[Applicant]) -> list[Decision]:
        """Decide on applicants, in their order.

        The same applicant gets the same numbers to the last bit, alone or among others.
        """
        decided_at = self.now()
        cases = [
            _Case(each, read_all(self.model.readings[each.scorecard], each.values))
            for each in applicants
        ]
        places: dict[str, list[int]] = {}
        for place, applicant in enumerate(applicants):
            places.setdefault(applicant.scorecard, []).append(place)
        numbers: dict[int, Numbers] = {}
        for name, those in places.items():
            numbers.update(
                zip(those, self._numbers(name, [cases[place] for place in those]), strict=True)
            )
        return [self._decide(case, numbers[place], decided_at) for place, case in enumerate(cases)]

    def _numbers(self, scorecard: str, cases: Sequence[_Case]) -> list[Numbers]:
        """Compute the numbers of applicants of one scorecard."""
        engine, scale = self.model.engines[scorecard], self.policy.scale
        predictors = self.model.scorecards[scorecard].predictors
        rows = [case.row(predictors) for case in cases]
        if len(rows) == 1:
            probability, impacts = engine.predict_one(rows[0])
            return [Numbers(probability, scale.points_of_one(probability), impacts)]
        probabilities, shares = engine.predict(to_matrix(rows, n_columns=len(predictors)))
        points = scale.points(probabilities)
        return list(map(Numbers, probabilities.tolist(), points.tolist(), shares.tolist()))

    def _decide(self, case: _Case, numbers: Numbers, decided_at: datetime) -> Decision:
        """Decide on one applicant, whose numbers are there."""
        applicant, readings = case
        card = self.model.scorecards[applicant.scorecard]
        label = self.policy.label(numbers.probability_of_default)
        impacts = dict(zip(card.predictors, numbers.impacts, strict=True))
        read = readings.values()
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
            warnings=tuple([each.warning for each in read if each.warning is not None]),
            bins=card.training_bins.score.bin_code(numbers.score)
            + "".join([each.bin for each in read]),
        )


@lru_cache(maxsize=16)
def timestamp(moment: datetime) -> str:
    """Write a time as RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
