"""Drift: the population stability index of live applicants against the training rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from creditscore.evaluation.stability import MIN_ROWS, compare_counts, contributions
from creditscore.scorecard.bins import Bins


def merge_labels(counts: Mapping[tuple[str, bool], int]) -> Mapping[str, int]:
    """Count approvals and refusals of each bin together."""
    rows: Counter[str] = Counter()
    for (code, _), count in counts.items():
        rows[code] += count
    return rows


def shift(bins: Bins, codes: Mapping[str, int], *, min_rows: int = MIN_ROWS) -> dict[str, Any]:
    """Compare the live rows of one field, or of the score, with the training rows.

    Parameters
    ----------
    bins : Bins
        Of training.
    codes : mapping of str to int
        Live rows by the code of their bin.
    min_rows : int
        Below so many live rows there is no index and no verdict.

    Returns
    -------
    dict
        ``rows`` live; ``psi`` and its ``verdict``, with ``significant``, both None where there are
        too few; the share ``outside_training``; and the shares of training and live by bin, with
        what it adds to the index.
    """
    counts = [0] * len(bins.counts)
    outside_rows = 0
    for code, rows in codes.items():
        index = bins.bin_index(code)
        if index is not None:
            counts[index] += rows
            outside_rows += rows if bins.is_outside(code) else 0
    live_total, training_total = sum(counts), sum(bins.counts)
    comparison = compare_counts(bins, counts, min_rows=min_rows)
    all_contributions = contributions(bins.counts, counts)
    return {
        "rows": live_total,
        "psi": comparison.psi,
        "verdict": comparison.verdict,
        "significant": comparison.significant,
        "outside_training": outside_rows / live_total if live_total else None,
        "bins": [
            {
                "label": label,
                "training": training_rows / training_total,
                "live": live_rows / live_total if live_total else None,
                "contribution": None if comparison.psi is None else contribution,
            }
            for label, training_rows, live_rows, contribution in zip(
                bins.labels, bins.counts, counts, all_contributions, strict=True
            )
        ],
    }
