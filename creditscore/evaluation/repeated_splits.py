"""Figures over repeated splits of the rows: what one lucky or unlucky split hides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.confidence_intervals import summarise
from creditscore.evaluation.metrics import at_cutoff
from creditscore.evaluation.rounding import rounded

#: The figures of each split, as the card calls them.
RANKING_AND_CALIBRATION = ("auc", "gini", "ks", "brier", "log_loss", "ece", "calibration_slope")

#: Fewer values have no spread that means anything.
MIN_VALUES = 3


@dataclass(frozen=True)
class Distribution:
    """How a figure varies.

    Attributes
    ----------
    count : int
        Of its values.
    mean, sd, lowest, highest : float
        Of the values; the standard deviation is that of a sample (divided by count - 1).
    shipped : float
        The figure of the split, or the seed, that the rest of the card is about.
    lower : int
        How many of the values are lower than that.
    """

    count: int
    mean: float
    sd: float
    lowest: float
    highest: float
    shipped: float
    lower: int


@dataclass(frozen=True)
class CrossValidation:
    """Repeated random sub-sampling validation (Monte Carlo cross-validation).

    Attributes
    ----------
    splits : int
        How many there were: each trains on the same share of the rows, with the settings that were
        chosen on the training rows of the shipped split, and tests on the rest.
    left_out : int
        How many more were tried, but had too few rows of one outcome on a side.
    figures : mapping of str to Distribution or None
        By name; None where too few of the splits have the figure, empty where there are too few.

    References
    ----------
    Picard & Cook (1984), Cross-validation of regression models, Journal of the American
    Statistical Association 79.
    """

    splits: int
    left_out: int
    figures: Mapping[str, Distribution | None]


def headline(
    bad: Ints, probability_of_default: Floats, cutoff: float, weights: Floats | None = None
) -> dict[str, float]:
    """Compute the figures that a card is judged by, NaN where there is none.

    Parameters
    ----------
    bad, probability_of_default : ndarray of shape (n_rows,)
    cutoff : float
        Approved is below.
    weights : ndarray of shape (n_rows,), optional
        How many people each row stands for.
    """
    measured = summarise(bad, probability_of_default, weights)
    rates = at_cutoff(bad, probability_of_default, cutoff, weights)
    bad_rate = rates["bad_rate_approved"]
    return {name: measured[name] for name in RANKING_AND_CALIBRATION} | {
        "approval_rate": rates["approval_rate"],
        "bad_rate_approved": np.nan if bad_rate is None else bad_rate,
    }


def cross_validation(
    shipped: Mapping[str, float], splits: Sequence[Mapping[str, float]], *, left_out: int
) -> CrossValidation:
    """Summarise the figures of repeated splits.

    Parameters
    ----------
    shipped : mapping of str to float
        The `headline` of the shipped split.
    splits : sequence of mapping
        That of each other split.
    left_out : int
        Splits that could not be made.
    """
    figures = {
        name: distribution([split[name] for split in splits], figure)
        for name, figure in shipped.items()
    }
    enough = len(splits) >= MIN_VALUES
    return CrossValidation(len(splits), left_out, figures if enough else {})


def distribution(values: Sequence[float], shipped: float) -> Distribution | None:
    """Summarise a figure's values, those that are numbers; None for fewer than three."""
    numbers = np.array([value for value in values if np.isfinite(value)])
    if len(numbers) < MIN_VALUES or not np.isfinite(shipped):
        return None
    return Distribution(
        count=len(numbers),
        mean=rounded(numbers.mean()),
        sd=rounded(numbers.std(ddof=1)),
        lowest=rounded(numbers.min()),
        highest=rounded(numbers.max()),
        shipped=rounded(shipped),
        lower=int((numbers < shipped).sum()),
    )
