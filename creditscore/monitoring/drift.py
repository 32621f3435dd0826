"""Drift: the population stability index of live applicants against the training rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from creditscore.evaluation.stability import compare_counts
from creditscore.scorecard.bins import Bins


def shift(bins: Bins, codes: Mapping[str, int]) -> dict[str, Any]:
    """Compare the live rows of one field, or of the score, with the training rows.

    Parameters
    ----------
    bins : Bins
        Of training.
    codes : mapping of str to int
        Live rows by the code of their bin.

    Returns
    -------
    dict
        ``rows`` live; ``psi`` and its ``verdict``, with ``significant``, both None under 300
        rows; the share ``outside_training``; and the shares of training and live by bin.
    """
    counts = [0] * len(bins.counts)
    outside = 0
    for code, rows in codes.items():
        index = bins.bin_index(code)
        if index is not None:
            counts[index] += rows
            outside += rows if bins.is_outside(code) else 0
    live, trained = sum(counts), sum(bins.counts)
    found = compare_counts(bins, counts)
    return {
        "rows": live,
        "psi": found.psi,
        "verdict": found.verdict,
        "significant": found.significant,
        "outside_training": outside / live if live else None,
        "bins": [
            {"label": label, "training": before / trained, "live": now / live if live else None}
            for label, before, now in zip(bins.labels, bins.counts, counts, strict=True)
        ],
    }
