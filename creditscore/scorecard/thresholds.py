"""Thresholds as a grid: a forest is constant between two of them.

A node asks whether a value is at most its threshold, so all that a forest can know of a value is
how many thresholds of its column are smaller: its *bin index*, from 0 to their number. A missing
value (NaN) counts as larger than each threshold, infinity too: where a forest treats it otherwise
than the largest values, the column has infinity for a last threshold, and missing values have a
bin of their own behind it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isnan
from struct import Struct

import numpy as np
import numpy.typing as npt

from creditscore.arrays import Floats, Indices, Matrix


@dataclass(frozen=True)
class ThresholdGrid:
    """The thresholds of each column.

    Attributes
    ----------
    cuts : tuple of list of float
        Of each column, ascending; empty for a column without thresholds, and infinity the last
        where missing values have a bin of their own.
    missing : bool
        Whether a value may be missing.
    """

    cuts: tuple[list[float], ...]
    missing: bool = False

    @classmethod
    def of(
        cls,
        column: npt.NDArray[np.integer],
        threshold: Floats,
        *,
        n_columns: int,
        apart: Collection[int] = (),
        missing: bool = False,
    ) -> ThresholdGrid:
        """Collect the finite thresholds of each column.

        Parameters
        ----------
        column, threshold : ndarray of shape (n_thresholds,)
        n_columns : int
        apart : collection of int, optional
            The columns whose missing values have a bin of their own.
        missing : bool, optional
            Whether a value may be missing.
        """
        finite = np.isfinite(threshold)
        cuts = (
            [
                *np.unique(threshold[finite & (column == index)]).tolist(),
                *([inf] if index in apart else []),
            ]
            for index in range(n_columns)
        )
        return cls(tuple(cuts), missing)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of bins of each column."""
        return tuple(len(cuts) + 1 for cuts in self.cuts)

    def bin_indices_of_row(self, row: Sequence[float]) -> list[int]:
        """Return the bin index of each of one row's values.

        Values are rounded to single precision first, as in a matrix. Otherwise a value within
        half a step of a threshold could fall on its other side.
        """
        rounded = self._single.unpack(self._single.pack(*row))
        if self.missing:
            # No number is smaller than NaN, so bisect would put it before them all.
            return [
                len(cuts) if isnan(value) else bisect_left(cuts, value)
                for cuts, value in zip(self.cuts, rounded, strict=True)
            ]
        return list(map(bisect_left, self.cuts, rounded))

    def bin_indices(self, matrix: Matrix) -> list[Indices]:
        """Return the bin indices of each column's values."""
        # NaN sorts behind all numbers.
        columns = zip(self.cuts, matrix.T, strict=True)
        return [np.searchsorted(cuts, np.ascontiguousarray(values)) for cuts, values in columns]

    @cached_property
    def _single(self) -> Struct:
        return Struct(f"{len(self.cuts)}f")

    def cell_points(self) -> Matrix:
        """Return one point of each cell of the grid, the last column's bin changing fastest.

        A cell without any value of single precision in it gets a point beside it.
        """
        values = [_last_values(cuts) for cuts in self.cuts]
        crossed = np.meshgrid(*values, indexing="ij")
        return np.column_stack([value.ravel() for value in crossed])


def _last_values(cuts: Sequence[float]) -> npt.NDArray[np.float32]:
    """Return the largest value at most each threshold, and one above them all."""
    above = np.nan if inf in cuts[-1:] else inf
    exact = np.array([*cuts, above])
    single = exact.astype(np.float32)
    below = np.nextafter(single, np.float32(-np.inf))
    return np.where(single > exact, below, single)
