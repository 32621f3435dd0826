"""Rows that lie on the thresholds of a scorecard, and as near to them as single precision gets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from drawing import thresholds

from creditscore.arrays import Matrix
from creditscore.scorecard.scorecard import Scorecard


def around_thresholds(card: Scorecard, usual: npt.NDArray[np.float32], *, step: int = 1) -> Matrix:
    """Put every threshold, or each of so many, and its two neighbours into a usual row."""
    rows = []
    for place, name in enumerate(card.predictors):
        for cut in thresholds(card, name)[::step]:
            at = np.float32(cut)
            for value in (np.nextafter(at, -np.float32(np.inf)), at, np.nextafter(at, np.inf)):
                rows.append(usual.copy())
                rows[-1][place] = value
    return np.array(rows)
