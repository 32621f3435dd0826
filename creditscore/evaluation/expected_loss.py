"""Expected loss at a cut-off: what the probabilities lead to expect, beside what was observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.confidence_intervals import Figure, hits_of, rounded_figure, wilson
from creditscore.evaluation.group_calibration import compared


@dataclass(frozen=True)
class ExpectedLoss:
    """Loss and result of each approved applicant, in margins of a good account.

    A default costs the loss-to-margin ratio L, a good account earns 1. With the bad rate b of the
    approved, the loss of each is L b and the result (1 - b) - L b.

    Attributes
    ----------
    loss_to_margin : float
    approved : int
        Rows.
    expected_loss, expected_result : float
        With the mean probability of the approved for b.
    loss, result : Figure
        With the rate that was observed, and its Wilson interval.
    verdict : {"as_predicted", "more_bad", "fewer_bad"}
        Whether the loss that was expected lies in the interval, or below or above it.
    """

    loss_to_margin: float
    approved: int
    expected_loss: float
    expected_result: float
    loss: Figure
    result: Figure
    verdict: str


def expected_loss(
    bad: Ints,
    predicted: Floats,
    *,
    cutoff: float,
    loss_to_margin: float,
    weights: Floats | None = None,
) -> ExpectedLoss | None:
    """Compare the loss that was expected of the approved with the loss that they made.

    Parameters
    ----------
    bad, predicted : ndarray of shape (n_rows,)
        Outcomes and probabilities of default.
    cutoff : float
        Those below it are approved.
    loss_to_margin : float
    weights : ndarray of shape (n_rows,), optional

    Returns
    -------
    ExpectedLoss or None
        None where no one is approved.
    """
    approved = predicted < cutoff
    approved_weights = None if weights is None else weights[approved]
    hits, of = hits_of(bad[approved], approved_weights)
    if of == 0:
        return None
    rate, (low, high) = hits / of, wilson(hits, of)
    mean = float(np.average(predicted[approved], weights=approved_weights))
    return ExpectedLoss(
        loss_to_margin=loss_to_margin,
        approved=int(approved.sum()),
        expected_loss=loss_to_margin * mean,
        expected_result=1 - (1 + loss_to_margin) * mean,
        loss=rounded_figure(*(loss_to_margin * bad_rate for bad_rate in (rate, low, high))),
        result=rounded_figure(
            *(1 - (1 + loss_to_margin) * bad_rate for bad_rate in (rate, high, low))
        ),
        verdict=compared(mean, {"value": rate, "low": low, "high": high}),
    )
