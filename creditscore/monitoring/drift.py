"""Whether live applicants are still those of training: the population stability index.

The usual bands (under 0.10 little, up to 0.25 moderate, above that large) cry wolf on few rows:
with no drift at all and 100 decisions, 31 % of samples exceed 0.10. So nothing is said of fewer
than 300, and beside the band it is told whether chance alone could have done it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from creditscore.scorecard.bins import Bins

#: Below so many live rows there is no verdict.
FEWEST_ROWS = 300

INSUFFICIENT = "insufficient"
LITTLE, MODERATE, LARGE = "little", "moderate", "large"

#: The bands of the index: from which value on a shift is moderate, and from which it is large.
MODERATE_FROM, LARGE_FROM = 0.10, 0.25

#: Added to every bin, so that an empty one does not make the index infinite.
SMOOTHING = 0.5


def population_stability_index(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Tell how far two distributions are apart: 0 for the same shares.

    Parameters
    ----------
    expected, actual : sequence of int
        Rows in each bin, in training and live.

    References
    ----------
    Yurdakul & Naranjo (2020), Statistical properties of the population stability index, Journal of
    Risk Model Validation 14(4).
    """
    before, now = _shares(expected), _shares(actual)
    return sum((new - old) * log(new / old) for old, new in zip(before, now, strict=True))


def shift(bins: Bins, letters: Mapping[str, int]) -> dict[str, Any]:
    """Compare the live rows of one field, or of the score, with the training rows.

    Parameters
    ----------
    bins : Bins
        Of training.
    letters : mapping of str to int
        Live rows by the name of their bin.

    Returns
    -------
    dict
        ``rows`` live; ``psi`` and its ``verdict``, with ``significant``, both None under 300
        rows; the share ``outside_training``; and the shares of training and live by bin.

    References
    ----------
    Without drift the index is (1/n + 1/m) times a chi-square of bins - 1 degrees (Yurdakul &
    Naranjo), n and m being the live and the training rows.
    """
    counts = [0] * len(bins.counts)
    outside = 0
    for letter, rows in letters.items():
        place = bins.bin_index(letter)
        if place is not None:
            counts[place] += rows
            outside += rows if bins.is_outside(letter) else 0
    live, trained = sum(counts), sum(bins.counts)
    found: dict[str, Any] = {
        "rows": live,
        "psi": None,
        "verdict": INSUFFICIENT,
        "significant": None,
        "outside_training": outside / live if live else None,
        "bins": [
            {"label": label, "training": before / trained, "live": now / live if live else None}
            for label, before, now in zip(bins.labels, bins.counts, counts, strict=True)
        ],
    }
    if live >= FEWEST_ROWS:
        index = population_stability_index(bins.counts, counts)
        found["psi"] = index
        found["verdict"] = band(index)
        found["significant"] = index > (1 / live + 1 / trained) * bins.critical
    return found


def band(index: float) -> str:
    """Name the band of an index."""
    if index < MODERATE_FROM:
        return LITTLE
    return MODERATE if index < LARGE_FROM else LARGE


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / total for count in counts]
