"""How good probabilities of default are, measured on rows that training never saw.

Every function takes what happened and what was said, both of shape (n_applicants,):

- ``bad``: 1 for a default, 0 for none;
- ``probability_of_default``: between 0 and 1.

Nothing here needs scikit-learn, so that the live service can measure itself too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Probabilities are kept this far from 0 and 1 where a logarithm is taken.
CLIP = 1e-15


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


def expected_calibration_error(
    bad: Ints, probability_of_default: Floats, *, bins: int = 15
) -> float:
    """Give the mean gap between what was said and what happened, over equal-width bins.

    0 means that of those told 20 %, 20 % defaulted, and so on (Naeini et al. 2015).
    """
    places = np.minimum((probability_of_default * bins).astype(np.int64), bins - 1)
    said = np.bincount(places, weights=probability_of_default, minlength=bins)
    happened = np.bincount(places, weights=bad, minlength=bins)
    return float(np.abs(said - happened).sum() / len(bad))


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


def _mean(values: Ints) -> float | None:
    return float(values.mean()) if len(values) else None
