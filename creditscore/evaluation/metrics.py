"""How good probabilities of default are, measured on rows that training never saw.

Every function takes what happened and what was said, both of shape (n_applicants,):

- ``bad``: 1 for a default, 0 for none;
- ``probability_of_default``: between 0 and 1.

Nothing here needs scikit-learn, so that the live service can measure itself too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from creditscore.arrays import Floats, Ints

#: Probabilities are kept this far from 0 and 1 where a logarithm is taken.
CLIP = 1e-15

#: And this far where odds are compared: whoever says 0 does not mean one in a thousand billions.
ODDS_CLIP = 1e-6

#: Bins of the expected calibration error, of equal width.
ECE_BINS = 15

#: Newton's steps to the calibration line, at most, and how small the last one must be.
MOST_STEPS = 50
CONVERGED = 1e-10


def auc(bad: Ints, probability_of_default: Floats) -> float:
    """Give the chance that a random bad applicant is rated riskier than a random good one.

    0.5 is guessing, 1 is perfect; ties count half (Mann-Whitney).
    """
    _, places, counts = np.unique(probability_of_default, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    # Ranks from 1, tied values sharing their mean rank.
    ranks = (last - (counts - 1) / 2)[places]
    bads = int(bad.sum())
    goods = len(bad) - bads
    return float((ranks[bad == 1].sum() - bads * (bads + 1) / 2) / (bads * goods))


def gini(bad: Ints, probability_of_default: Floats) -> float:
    """Restate the AUC from 0 (guessing) to 1 (perfect)."""
    return 2 * auc(bad, probability_of_default) - 1


def kolmogorov_smirnov(bad: Ints, probability_of_default: Floats) -> float:
    """Give the largest gap between the cumulative shares of bad and good applicants.

    0 means that the two are rated alike, 1 that a cut-off separates them.
    """
    levels, places = np.unique(probability_of_default, return_inverse=True)
    bads = np.bincount(places, weights=bad, minlength=len(levels))
    goods = np.bincount(places, weights=1 - bad, minlength=len(levels))
    return float(np.abs(np.cumsum(bads) / bads.sum() - np.cumsum(goods) / goods.sum()).max())


def brier(bad: Ints, probability_of_default: Floats) -> float:
    """Give the mean squared error of the probabilities (Brier 1950); 0 is perfect."""
    return float(np.mean((probability_of_default - bad) ** 2))


def log_loss(bad: Ints, probability_of_default: Floats) -> float:
    """Give the mean negative log-likelihood, in nats; 0 is perfect."""
    said = np.clip(probability_of_default, CLIP, 1 - CLIP)
    return float(-np.mean(bad * np.log(said) + (1 - bad) * np.log(1 - said)))


def brier_skill(bad: Ints, probability_of_default: Floats) -> float:
    """Give the share of the constant's Brier score that is saved; 1 is perfect, 0 is the constant.

    1 - Brier / (b (1 - b)), b being the share of bad applicants; below 0 the probabilities are
    worse than telling everybody b.
    """
    return 1 - brier(bad, probability_of_default) / float(bad.mean() * (1 - bad.mean()))


def expected_calibration_error(
    bad: Ints, probability_of_default: Floats, *, bins: int = ECE_BINS
) -> float:
    """Give the mean gap between what was said and what happened, over equal-width bins.

    0 means that of those told 20 %, 20 % defaulted, and so on (Naeini et al. 2015).
    """
    places = np.minimum((probability_of_default * bins).astype(np.int64), bins - 1)
    said = np.bincount(places, weights=probability_of_default, minlength=bins)
    happened = np.bincount(places, weights=bad, minlength=bins)
    return float(np.abs(said - happened).sum() / len(bad))


def calibration_line(bad: Ints, probability_of_default: Floats) -> tuple[float, float]:
    """Fit the log-odds of what happened as a line over the log-odds of what was said.

    Returns
    -------
    slope : float
        1 where they spread as they should; below, the probabilities are too extreme.
    intercept : float
        0 where they do not err to one side.

    Both are NaN where a cut-off separates the good from the bad, so that no line is steep enough,
    and where everybody was told the same.

    References
    ----------
    Cox (1958), Biometrika 45; Van Calster et al. (2016), A calibration hierarchy for risk models
    was defined, Journal of Clinical Epidemiology 74.
    """
    odds = log_odds(probability_of_default)
    design = np.column_stack([np.ones_like(odds), odds])
    bads, goods = odds[bad == 1], odds[bad == 0]
    if bads.min() >= goods.max() or goods.min() >= bads.max():
        return np.nan, np.nan
    line = np.array([float(log_odds(np.array([bad.mean()]))[0]), 0.0])
    for _ in range(MOST_STEPS):
        said = 1 / (1 + np.exp(-design @ line))
        gradient = design.T @ (bad - said)
        curvature = (design * (said * (1 - said))[:, np.newaxis]).T @ design
        if np.linalg.det(curvature) < CLIP:
            break
        step = np.linalg.solve(curvature, gradient)
        line += step
        if np.abs(step).max() < CONVERGED:
            return float(line[1]), float(line[0])
    return np.nan, np.nan


def log_odds(probability: Floats) -> Floats:
    """Give ln(p / (1 - p)), kept finite as scores are."""
    kept = np.clip(probability, ODDS_CLIP, 1 - ODDS_CLIP)
    return np.log(kept / (1 - kept))


def accuracy(bad: Ints, probability_of_default: Floats) -> float:
    """Give the share of right guesses when a default is foretold from 0.5 on.

    Only meaningful beside the share of the majority.
    """
    return float(np.mean((probability_of_default >= 0.5) == (bad == 1)))


def summarise(bad: Ints, probability_of_default: Floats) -> dict[str, float]:
    """Give every figure above, by its name."""
    return {
        "auc": auc(bad, probability_of_default),
        "gini": gini(bad, probability_of_default),
        "ks": kolmogorov_smirnov(bad, probability_of_default),
        "brier": brier(bad, probability_of_default),
        "log_loss": log_loss(bad, probability_of_default),
        "ece": expected_calibration_error(bad, probability_of_default),
        "accuracy": accuracy(bad, probability_of_default),
    }


def at_cutoff(bad: Ints, probability_of_default: Floats, cutoff: float) -> dict[str, float | None]:
    """Tell who would be approved at a cut-off, and how that would have ended.

    Returns
    -------
    dict
        ``approval_rate``, and the share of defaults among the approved and among the declined;
        None where there is nobody.
    """
    approved = probability_of_default < cutoff
    return {
        "approval_rate": float(approved.mean()),
        "bad_rate_approved": _mean(bad[approved]),
        "bad_rate_declined": _mean(bad[~approved]),
    }


def cutoff_table(
    bad: Ints, probability_of_default: Floats, cutoffs: Sequence[float], *, loss_to_margin: float
) -> list[dict[str, float | None]]:
    """Tell for each cut-off who would be approved, how that ends, and what the errors cost.

    ``cost`` is the mean over all applicants, in margins of a good account: an approved bad one
    costs the ratio, a declined good one costs 1, the margin that was not earned.
    """
    goods = bad == 0
    table = []
    for cutoff in cutoffs:
        approved = probability_of_default < cutoff
        cost = loss_to_margin * float(bad[approved].sum()) + float(goods[~approved].sum())
        row = at_cutoff(bad, probability_of_default, cutoff)
        table.append({"cutoff": cutoff, **row, "cost": cost / len(bad)})
    return table


def roc(bad: Ints, probability_of_default: Floats, *, points: int = 101) -> dict[str, list[float]]:
    """Give the ROC curve: of the good and of the bad ones, who is declined as the cut-off falls.

    Thinned to so many points, evenly along the curve.
    """
    levels, places = np.unique(-probability_of_default, return_inverse=True)
    caught = np.cumsum(np.bincount(places, weights=bad, minlength=len(levels)))
    lost = np.cumsum(np.bincount(places, weights=1 - bad, minlength=len(levels)))
    across = np.concatenate([[0.0], lost / lost[-1]])
    up = np.concatenate([[0.0], caught / caught[-1]])
    kept = np.unique(np.searchsorted(across + up, np.linspace(0, 2, points)))
    kept = np.minimum(kept, len(levels))
    return {"declined_good": across[kept].tolist(), "declined_bad": up[kept].tolist()}


def calibration_curve(
    bad: Ints, probability_of_default: Floats, *, bins: int = 10
) -> list[dict[str, float]]:
    """Compare what was said with what happened, over groups of about equal size.

    Applicants who were told the same are in one group.
    """
    edges = np.unique(np.quantile(probability_of_default, np.linspace(0, 1, bins + 1)[1:-1]))
    places = np.searchsorted(edges, probability_of_default, side="left")
    curve = []
    for place in np.unique(places):
        inside = places == place
        curve.append(
            {
                "rows": int(inside.sum()),
                "bads": int(bad[inside].sum()),
                "said": float(probability_of_default[inside].mean()),
                "happened": float(bad[inside].mean()),
            }
        )
    return curve


def _mean(values: Ints) -> float | None:
    return float(values.mean()) if len(values) else None
