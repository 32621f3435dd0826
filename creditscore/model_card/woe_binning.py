"""Bins of a field for weights of evidence: monotone bands, codes, special and missing values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from creditscore.arrays import Floats, Ints
from creditscore.schema import Field
from creditscore.schema.constraints import CodeList
from creditscore.training.reference import quantile_edges

#: Coarse bins of about equal size that numbers are cut into, before they are merged.
COARSE_BINS = 20


@dataclass(frozen=True)
class Binning:
    """The bins of a field: single values first, then bands, then missing values.

    Attributes
    ----------
    values : tuple of float
        Numbers that are a bin each, as the model sees them: codes, or special values.
    edges : tuple of float, or None
        Where each band but the first begins, ascending; None for codes, which have no bands.
    has_missing : bool
        Whether the last bin is for missing values.
    """

    values: tuple[float, ...]
    edges: tuple[float, ...] | None
    has_missing: bool

    def __len__(self) -> int:
        """Count the bins."""
        bands = 0 if self.edges is None else len(self.edges) + 1
        return len(self.values) + bands + self.has_missing

    def places(self, column: Floats) -> Ints:
        """Return the bin of each value.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        indices = len(self.values) + np.searchsorted(self.edges or (), column, side="right")
        for index, value in enumerate(self.values):
            indices[column == value] = index
        indices[np.isnan(column)] = len(self) - 1
        return indices.astype(np.int64)


def find_bins(field: Field, column: Floats, bad: Ints, weights: Floats | None) -> Binning:
    """Bin the training rows by a field.

    Parameters
    ----------
    field : Field
    column, bad : ndarray of shape (n_rows,)
        The field's values and the outcomes.
    weights : ndarray of shape (n_rows,), or None
        How many people each row stands for.
    """
    has_missing = field.missing is not None
    if isinstance(field.rule, CodeList):
        codes = tuple(field.rule.encode(code) for code in field.rule.labels)
        return Binning(codes, None, has_missing)
    special = tuple(float(value) for value in field.rule.labels)
    ordinary = ~np.isnan(column) & ~np.isin(column, special)
    ordinary_weights = None if weights is None else weights[ordinary]
    return Binning(
        special, _monotone_edges(column[ordinary], bad[ordinary], ordinary_weights), has_missing
    )


def _monotone_edges(column: Floats, bad: Ints, weights: Floats | None) -> tuple[float, ...]:
    """Cut numbers into coarse bins, and merge neighbours until the bad rate rises or falls.

    Merged are those that isotonic regression pools, in the direction that fits better.

    References
    ----------
    Thomas, Edelman & Crook (2002), Credit Scoring and Its Applications, chapter 8, "maximum
    likelihood monotone coarse classifier"; Barlow et al. (1972), Statistical Inference under Order
    Restrictions (pool adjacent violators).
    """
    if not len(column):
        return ()
    edges = quantile_edges(column, COARSE_BINS, weights)
    row_weights = np.ones(len(column)) if weights is None else weights
    coarse = np.searchsorted(edges, column, side="right")
    rows = np.bincount(coarse, weights=row_weights, minlength=len(edges) + 1)
    bad_rates = np.bincount(coarse, weights=row_weights * bad, minlength=len(edges) + 1) / rows
    rising, falling = (
        isotonic_regression(bad_rates, weights=rows, increasing=way) for way in (True, False)
    )
    fit = min(rising, falling, key=lambda regression: float(rows @ (regression.x - bad_rates) ** 2))
    return tuple(edges[start - 1] for start in fit.blocks[1:-1])
