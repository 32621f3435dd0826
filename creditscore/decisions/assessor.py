"""From applicants to decisions: one by `assess`, many by `assess_batch`, for every caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from creditscore.decisions.value_cache import (
    FeatureCache,
    ValueFeatures,
    Warning,
    feature_caches,
)
from creditscore.schema import Applicant
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import NOT_ELIGIBLE, Policy
from creditscore.scorecard.reason_codes import Reason, principal_reasons
from creditscore.scorecard.scorecard import Scorecard


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
    warnings: tuple[Warning, ...]
    #: The codes of the training bins that the score and each field fell into (`scorecard.bins`).
    bins: str

    def to_dict(self, language: str) -> dict[str, Any]:
        """Return the decision as the answer's JSON object, its texts in a language."""
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
    new_id : callable
        Returns an id for a decision made at a time.
    """

    model: Model
    policy: Policy
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]

    def assess(self, applicant: Applicant) -> Decision:
        """Decide on one applicant, in plain floats: NumPy's call overhead would dominate."""
        name = applicant.scorecard
        card, caches = self.model.scorecards[name], self._caches[name]
        features = [cache(applicant.values.get(field)) for field, cache in caches.items()]
        row = [features[index].encoded for index in self._predictor_indices[name]]
        probability, impacts = self.model.engines[name].predict_one(row)
        score = self.policy.scale.points_of_one(probability)
        return self._decide(
            card, applicant, features, (probability, score, impacts), decided_at=self.now()
        )

    def assess_batch(self, applicants: Sequence[Applicant]) -> list[Decision]:
        """Decide on many applicants, column by column; decisions are in their order."""
        decided_at = self.now()
        by_scorecard: dict[str, list[int]] = {}
        for index, applicant in enumerate(applicants):
            by_scorecard.setdefault(applicant.scorecard, []).append(index)
        decisions: dict[int, Decision] = {}
        for name, indices in by_scorecard.items():
            group = self._assess_group(name, [applicants[index] for index in indices], decided_at)
            decisions.update(zip(indices, group, strict=True))
        return [decisions[index] for index in range(len(applicants))]

    def _assess_group(
        self, name: str, applicants: Sequence[Applicant], decided_at: datetime
    ) -> Iterator[Decision]:
        """Decide on applicants of one scorecard."""
        card, scale = self.model.scorecards[name], self.policy.scale
        columns = [
            [cache(applicant.values.get(field)) for applicant in applicants]
            for field, cache in self._caches[name].items()
        ]
        encoded = [[each.encoded for each in columns[i]] for i in self._predictor_indices[name]]
        # Single precision: scikit-learn rounds to it, so a prediction must too.
        matrix = np.array(encoded, dtype=np.float64).T.astype(np.float32)
        probabilities, impacts = self.model.engines[name].predict(matrix)
        points = scale.points(probabilities).tolist()
        numbers = zip(probabilities.tolist(), points, impacts.tolist(), strict=True)
        for applicant, features, those in zip(
            applicants, zip(*columns, strict=True), numbers, strict=True
        ):
            yield self._decide(card, applicant, features, those, decided_at=decided_at)

    def _decide(
        self,
        card: Scorecard,
        applicant: Applicant,
        features: Sequence[ValueFeatures],
        numbers: tuple[float, int, Sequence[float]],
        *,
        decided_at: datetime,
    ) -> Decision:
        """Return the decision that follows from an applicant's numbers.

        Parameters
        ----------
        card : Scorecard
        applicant : Applicant
        features : sequence of ValueFeatures
            Of the scorecard's fields, in schema order.
        numbers : (float, int, sequence of float)
            Probability of default, score, and impacts in the order of the predictors.
        decided_at : datetime
        """
        probability, score, shares = numbers
        label = self.policy.label(probability)
        impacts = dict(zip(card.predictors, shares, strict=True))
        return Decision(
            decision_id=self.new_id(decided_at),
            decided_at=decided_at,
            applicant=applicant,
            label=label,
            probability_of_default=probability,
            cutoff=self.policy.cutoff,
            score=score,
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
            warnings=tuple([each.warning for each in features if each.warning is not None]),
            bins=self._score_bin(card.name, score) + "".join([each.bin_code for each in features]),
        )

    @cached_property
    def _caches(self) -> dict[str, dict[str, FeatureCache]]:
        """The features of values, by scorecard and field."""
        return {
            name: feature_caches(card, self.model.schema)
            for name, card in self.model.scorecards.items()
        }

    @cached_property
    def _score_bin(self) -> Callable[[str, int], str]:
        """The code of the training bin that a scorecard's score falls into."""
        cards = self.model.scorecards
        return lru_cache(lambda name, score: cards[name].training_bins.score.bin_code(score))

    @cached_property
    def _predictor_indices(self) -> dict[str, list[int]]:
        """Of each scorecard, where its predictors are among its fields."""
        return {
            name: [list(caches).index(field) for field in self.model.scorecards[name].predictors]
            for name, caches in self._caches.items()
        }


@lru_cache(maxsize=16)
def timestamp(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
