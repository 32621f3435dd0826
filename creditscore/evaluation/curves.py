"""Curves of a scorecard: ROC, calibration, and what each cut-off does, as the model card has them.

Outcomes, probabilities and weights are as in `metrics`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.card_sections import CalibrationBand, CutoffRow, Roc
from creditscore.evaluation.confidence_intervals import hits_of, wilson
from creditscore.evaluation.metrics import at_cutoff, effective_rows


def cutoff_table(
    bad: Ints,
    probability_of_default: Floats,
    cutoffs: Sequence[float],
    weights: Floats | None = None,
    *,
    loss_to_margin: float,
) -> tuple[CutoffRow, ...]:
    """Compute for each cut-off the approval rate, the bad rates and the cost of errors.

    ``cost`` is the mean over all applicants, in margins of a good account: an approved bad one
    costs the ratio, a declined good one costs 1, the margin that was not earned.
    """
    row_weights = np.ones(len(bad)) if weights is None else weights
    bads, goods = bad * row_weights, (1 - bad) * row_weights
    table = []
    for cutoff in cutoffs:
        approved = probability_of_default < cutoff
        cost = loss_to_margin * float(bads[approved].sum()) + float(goods[~approved].sum())
        rates = at_cutoff(bad, probability_of_default, cutoff, weights)
        table.append(CutoffRow(cutoff, **rates, cost=cost / float(row_weights.sum())))
    return tuple(table)


def roc(
    bad: Ints, probability_of_default: Floats, weights: Floats | None = None, *, points: int = 101
) -> Roc:
    """Compute the ROC curve, thinned to at most ``points``, evenly along it."""
    levels, ranks = np.unique(-probability_of_default, return_inverse=True)
    row_weights = np.ones(len(bad)) if weights is None else weights
    bads = np.cumsum(np.bincount(ranks, weights=bad * row_weights, minlength=len(levels)))
    goods = np.cumsum(np.bincount(ranks, weights=(1 - bad) * row_weights, minlength=len(levels)))
    declined_good = np.concatenate([[0.0], goods / goods[-1]])
    declined_bad = np.concatenate([[0.0], bads / bads[-1]])
    lengths = declined_good + declined_bad
    thinned = np.unique(np.searchsorted(lengths, np.linspace(0, 2, points)))
    thinned = np.minimum(thinned, len(levels))
    return Roc(tuple(declined_good[thinned].tolist()), tuple(declined_bad[thinned].tolist()))


def calibration_curve(
    bad: Ints, probability_of_default: Floats, weights: Floats | None = None, *, bins: int = 10
) -> list[CalibrationBand]:
    """Compare predicted and observed default rates, over groups of about equal size.

    Equal predictions are in one group.
    """
    shares = np.linspace(0, 1, bins + 1)[1:-1]
    if weights is None:
        edges = np.unique(np.quantile(probability_of_default, shares))
    else:
        # The only method of numpy's that takes weights.
        edges = np.unique(
            np.quantile(probability_of_default, shares, weights=weights, method="inverted_cdf")
        )
    group_indices = np.searchsorted(edges, probability_of_default, side="left")
    curve = []
    for index in np.unique(group_indices):
        inside = group_indices == index
        group_bad, group_weights = bad[inside], None if weights is None else weights[inside]
        curve.append(
            CalibrationBand(
                rows=len(group_bad),
                bads=int(group_bad.sum()),
                mean_predicted=float(
                    np.average(probability_of_default[inside], weights=group_weights)
                ),
                observed_rate=float(np.average(group_bad, weights=group_weights)),
                effective_rows=None if group_weights is None else effective_rows(group_weights),
                interval=wilson(*hits_of(group_bad, group_weights)),
            )
        )
    return curve
