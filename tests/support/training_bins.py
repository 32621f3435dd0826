"""Bins of training rows, by hand."""

from __future__ import annotations

from typing import Any

from scipy.stats import chi2

from creditscore.scorecard.bins import Bins


def bins(*counts: int, **changes: Any) -> Bins:
    """Make bins of whole numbers: 0, 1, 2 and so on."""
    stated_bins = len(counts) - changes.get("has_missing", False)
    parts: dict[str, Any] = {
        "codes": (),
        "edges": tuple(float(edge) for edge in range(1, stated_bins)),
        "low": 0.0,
        "high": float(stated_bins - 1),
        "labels": tuple(str(index) for index in range(len(counts))),
        "counts": counts,
        "critical": float(chi2.ppf(0.99, len(counts) - 1)),
    }
    return Bins(**parts | changes)
