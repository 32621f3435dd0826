"""From a probability of default to a decision: the cut-off, and the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from creditscore.arrays import Floats, Ints

#: What a default costs, over what a good account earns; the lender's own number replaces it.
DEFAULT_LOSS_TO_MARGIN = 3.0

#: Probabilities are kept this far from 0 and 1 before they become points, where odds end.
CLIP = 1e-6

ELIGIBLE = "eligible"
NOT_ELIGIBLE = "not_eligible"


def break_even(loss_to_margin: float) -> float:
    """Return the probability of default at which lending neither earns nor loses.

    Approving is right while probability x loss < (1 - probability) x margin.

    Raises
    ------
    ValueError
        If the ratio is not a positive, finite number.
    """
    if not 0 < loss_to_margin < float("inf"):
        raise ValueError(f"the loss-to-margin ratio must be above 0, got {loss_to_margin}")
    return 1 / (1 + loss_to_margin)


@dataclass(frozen=True)
class Scale:
    """How a probability is restated as points.

    Attributes
    ----------
    base_points : float
        Points at the base odds.
    base_odds : float
        Odds of good to bad that the base points stand for.
    points_to_double_odds : float
        Points that double the odds (PDO).
    """

    base_points: float = 600.0
    base_odds: float = 19.0
    points_to_double_odds: float = 50.0

    def points(self, probability_of_default: Floats) -> Ints:
        """Restate probabilities of default as points; higher is safer.

        Parameters
        ----------
        probability_of_default : ndarray of shape (n_applicants,)
            Clipped to 1e-6 and 1 - 1e-6, as the odds of 0 and 1 are infinite.

        References
        ----------
        Siddiqi (2006), Credit Risk Scorecards, "Scorecard scaling".
        """
        bad = np.clip(probability_of_default, CLIP, 1 - CLIP)
        points = self.base_points + self.factor * np.log((1 - bad) / bad / self.base_odds)
        rounded: Ints = np.rint(points).astype(np.int64)
        return rounded

    def points_of_one(self, probability_of_default: float) -> int:
        """Restate one probability as points, by the same steps."""
        bad = min(max(probability_of_default, CLIP), 1 - CLIP)
        # numpy's logarithm here too: another one may differ in the last bit.
        log_odds = float(np.log((1 - bad) / bad / self.base_odds))
        return round(self.base_points + self.factor * log_odds)

    @cached_property
    def factor(self) -> float:
        """Points for each factor of e in the odds."""
        return float(self.points_to_double_odds / np.log(2))


@dataclass(frozen=True)
class Policy:
    """The lender's choices, apart from the model.

    Attributes
    ----------
    cutoff : float
        Applicants with a probability of default below it are eligible.
    loss_to_margin : float or None
        The ratio it was set from; None if it was set directly.
    scale : Scale
        How scores are scaled.
    """

    cutoff: float
    loss_to_margin: float | None
    scale: Scale

    def label(self, probability_of_default: float) -> str:
        """Return the decision on a probability of default."""
        return ELIGIBLE if probability_of_default < self.cutoff else NOT_ELIGIBLE

    @property
    def implied_loss_to_margin(self) -> float:
        """The ratio that was set, or at which lending breaks even at the cut-off."""
        return self.loss_to_margin or (1 - self.cutoff) / self.cutoff

    def with_cutoff(self, cutoff: float | None) -> Policy:
        """Return the policy with another cut-off; the same one for None."""
        return self if cutoff is None else replace(self, cutoff=cutoff, loss_to_margin=None)

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as plain data."""
        return {
            "cutoff": self.cutoff,
            "loss_to_margin": self.loss_to_margin,
            "base_points": self.scale.base_points,
            "base_odds": self.scale.base_odds,
            "points_to_double_odds": self.scale.points_to_double_odds,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Policy:
        """Rebuild a policy from `to_dict`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it was made by something else.
        """
        odds, doubling = content["base_odds"], content["points_to_double_odds"]
        if not (0 < content["cutoff"] <= 1 and odds > 0 and doubling > 0):
            raise ValueError("its policy has no valid cut-off, or no scale")
        scale = Scale(content["base_points"], odds, doubling)
        return cls(content["cutoff"], content["loss_to_margin"], scale)

    @classmethod
    def from_ratio(cls, loss_to_margin: float) -> Policy:
        """Set the cut-off where lending breaks even at a loss-to-margin ratio."""
        return cls(break_even(loss_to_margin), loss_to_margin, Scale())
