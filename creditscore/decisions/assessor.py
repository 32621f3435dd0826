"""From applicants to decisions: one by `assess`, many by `assess_batch`, for every caller."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from creditscore.decisions.value_cache import (
    ValueFeatures,
    Warning,
    feature_caches,
    near_cutoff,
)
from creditscore.i18n.catalogue import localise
from creditscore.schema import Applicant
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import NOT_ELIGIBLE, Policy
from creditscore.scorecard.reason_codes import (
    MIN_IMPACT,
    Reason,
    principal_reasons,
    principal_strengths,
)


class Decision(NamedTuple):
    """What was decided on one applicant, and why."""

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
    strengths: tuple[Reason, ...]
    warnings: tuple[Warning, ...]
    #: The codes of the training bins that the score and each field fell into (`scorecard.bins`).
    bins: str

    def to_dict(self, language: str) -> dict[str, Any]:
        """Return the decision as the answer's JSON object, its texts in a language."""
        reference = self.applicant.reference
        return {
            "decision_id": self.decision_id,
            "decided_at": timestamp(self.decided_at),
            # Only where there is one, so that other answers stay as they were.
            **({} if reference is None else {"reference": reference}),
            "label": self.label,
            "probability": 1 - self.probability_of_default,
            "probability_of_default": self.probability_of_default,
            "cutoff": self.cutoff,
            "score": self.score,
            "scorecard": self.applicant.scorecard,
            "model_version": self.model_version,
            "baseline": self.baseline,
            "reasons": localise(self.reasons, language),
            "strengths": localise(self.strengths, language),
            "warnings": localise(self.warnings, language),
        }

    def to_what_if(self, language: str) -> dict[str, Any]:
        """Return the answer of a decision that is not logged, and so cannot be read back."""
        answer = self.to_dict(language)
        del answer["decision_id"]
        return {"what_if": True, **answer}


@dataclass(frozen=True)
class Assessor:
    """Decides on applicants with one model and one policy.

    The same applicant gets the same numbers to the last bit, alone or among others.

    Attributes
    ----------
    model : Model
        The trained scorecards.
    policy : Policy
        The one in force, which may have another cut-off than the model was trained with.
    now : callable
        Returns the time.
    new_ids : callable
        Returns so many ids for decisions made at a time.
    min_impact : float
        The smallest impact that is a reason.
    """

    model: Model
    policy: Policy
    now: Callable[[], datetime]
    new_ids: Callable[[datetime, int], list[str]]
    min_impact: float = MIN_IMPACT

    def assess(self, applicant: Applicant) -> Decision:
        """Decide on one applicant, in plain floats: NumPy's call overhead would dominate."""
        decided_at = self.now()
        (decision_id,) = self.new_ids(decided_at, 1)
        scorecard = self._scorecards[applicant.scorecard]
        return scorecard.assess(applicant, decision_id, decided_at)

    def assess_batch(self, applicants: Sequence[Applicant]) -> list[Decision]:
        """Decide on many applicants, column by column; decisions are in their order."""
        decided_at = self.now()
        ids = self.new_ids(decided_at, len(applicants))
        indices: dict[str, list[int]] = {}
        for index, applicant in enumerate(applicants):
            indices.setdefault(applicant.scorecard, []).append(index)
        decisions: dict[int, Decision] = {}
        for name, group in indices.items():
            group_decisions = self._scorecards[name].assess_batch(
                [applicants[index] for index in group], [ids[index] for index in group], decided_at
            )
            decisions.update(zip(group, group_decisions, strict=True))
        return [decisions[index] for index in range(len(applicants))]

    @cached_property
    def _scorecards(self) -> dict[str, _ScorecardAssessor]:
        return {
            name: _ScorecardAssessor(self.model, self.policy, name, self.min_impact)
            for name in self.model.scorecards
        }


class _ScorecardAssessor:
    """Decides on applicants of one scorecard.

    It holds what all its decisions have in common, and the caches of its fields' values.
    """

    def __init__(self, model: Model, policy: Policy, name: str, min_impact: float) -> None:
        self._card, self._version = model.scorecards[name], model.versions[name]
        self._schema, self._engine, self._policy = model.schema, model.engines[name], policy
        self._min_impact = min_impact
        self._features = feature_caches(self._card, model.schema)
        fields = list(self._features)
        self._predictor_columns = [fields.index(field) for field in self._card.predictors]
        self._score_bin = lru_cache(maxsize=4096)(self._card.training_bins.score.bin_code)
        self._near_cutoff = (near_cutoff(),)

    def assess(self, applicant: Applicant, decision_id: str, decided_at: datetime) -> Decision:
        """Decide on one applicant."""
        values = applicant.values
        features = [lookup(values.get(field)) for field, lookup in self._features.items()]
        row = [features[column].encoded for column in self._predictor_columns]
        probability, impacts = self._engine.predict_one(row)
        points = self._policy.scale.points_of_one(probability)
        numbers = probability, points, self._policy.label(probability), impacts
        return self._decide(decision_id, decided_at, applicant, features, numbers)

    def assess_batch(
        self, applicants: Sequence[Applicant], ids: Sequence[str], decided_at: datetime
    ) -> Iterator[Decision]:
        """Decide on many applicants."""
        columns = [
            [lookup(applicant.values.get(field)) for applicant in applicants]
            for field, lookup in self._features.items()
        ]
        encoded = [[value.encoded for value in columns[i]] for i in self._predictor_columns]
        # Single precision: scikit-learn rounds to it, so a prediction must too.
        matrix = np.array(encoded, dtype=np.float64).T.astype(np.float32)
        probabilities, impacts = self._engine.predict(matrix)
        points = self._policy.scale.points(probabilities).tolist()
        exact_probabilities = probabilities.tolist()
        labels = map(self._policy.label, exact_probabilities)
        numbers = zip(exact_probabilities, points, labels, impacts.tolist(), strict=True)
        rows = zip(*columns, strict=True)
        return map(self._decide, ids, repeat(decided_at), applicants, rows, numbers)

    def _decide(
        self,
        decision_id: str,
        decided_at: datetime,
        applicant: Applicant,
        features: Sequence[ValueFeatures],
        numbers: tuple[float, int, str, Sequence[float]],
    ) -> Decision:
        """Return the decision that follows from an applicant's numbers.

        Parameters
        ----------
        decision_id : str
        decided_at : datetime
        applicant : Applicant
        features : sequence of ValueFeatures
            Of the scorecard's fields, in schema order.
        numbers : (float, int, str, sequence of float)
            Probability of default, score, label, and impacts in the order of the predictors.
        """
        probability, score, label, shares = numbers
        card, values = self._card, applicant.values
        impacts = dict(zip(card.predictors, shares, strict=True))
        warnings = tuple([warning for value in features for warning in value.warnings])
        if self._could_change(probability):
            warnings += self._near_cutoff
        bins = self._score_bin(score) + "".join([value.bin_code for value in features])
        return Decision(
            decision_id=decision_id,
            decided_at=decided_at,
            applicant=applicant,
            label=label,
            probability_of_default=probability,
            cutoff=self._policy.cutoff,
            score=score,
            model_version=self._version,
            baseline=card.reference.baseline,
            impacts=impacts,
            reasons=principal_reasons(
                values,
                impacts,
                schema=self._schema,
                reference=card.reference,
                refused=label == NOT_ELIGIBLE,
                min_impact=self._min_impact,
            ),
            strengths=principal_strengths(
                values, impacts, schema=self._schema, reference=card.reference
            ),
            warnings=warnings,
            bins=bins,
        )

    def _could_change(self, probability: float) -> bool:
        """Check what `RetrainingSpread.near` checks, in plain floats."""
        spread = self._card.retraining_spread
        if spread is None:
            return False
        distance = spread.spreads[bisect_right(spread.edges, probability)]
        return abs(probability - self._policy.cutoff) <= distance


@lru_cache(maxsize=16)
def timestamp(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
