"""How far a probability of default moves when the same rows are trained on with another seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np

from creditscore.arrays import Flags, Floats


@dataclass(frozen=True)
class RetrainingSpread:
    """The distance that most probabilities stay within when training is repeated, by band.

    Attributes
    ----------
    edges : tuple of float
        Where one band of probability ends and the next begins, ascending; a probability that is
        an edge belongs to the band above it.
    spreads : tuple of float
        Of each band, one more than there are edges.
    """

    edges: tuple[float, ...]
    spreads: tuple[float, ...]

    def near(self, probability_of_default: Floats, cutoff: float) -> Flags:
        """Check whether training again could change the label: |p - cut-off| <= spread of p's band.

        Parameters
        ----------
        probability_of_default : ndarray of shape (n_applicants,)
        cutoff : float
        """
        bands = np.searchsorted(self.edges, probability_of_default, side="right")
        spreads = np.array(self.spreads)[bands]
        return np.asarray(np.abs(probability_of_default - cutoff) <= spreads)

    def to_dict(self) -> dict[str, Any]:
        """Return the bands as plain data."""
        return {"edges": list(self.edges), "spreads": list(self.spreads)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> RetrainingSpread:
        """Rebuild the bands from `to_dict`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If they were made by something else.
        """
        edges, spreads = tuple(content["edges"]), tuple(content["spreads"])
        if len(content) != 2 or len(spreads) != len(edges) + 1:
            raise ValueError("its retraining spread has other bands than spreads")
        if not all(low < high for low, high in pairwise(edges)):
            raise ValueError("the bands of its retraining spread are not in order")
        if not all(isfinite(spread) and spread >= 0 for spread in spreads):
            raise ValueError("its retraining spread is not a distance")
        return cls(edges, spreads)
