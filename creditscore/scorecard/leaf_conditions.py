"""Which of its conditions each leaf sees fulfilled: one bitmask per leaf, of one row or of many.

A condition compares bins of the threshold grid, not values: it is fulfilled in `count` bins of its
column from `begin` on. A missing value has the last bin of a column, where it has one at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from creditscore.arrays import Bitmasks, Flags, Floats, Ints, Matrix
from creditscore.scorecard.thresholds import ThresholdGrid


@dataclass(frozen=True, eq=False)
class LeafConditions:
    """The conditions of all leaves, each leaf's padded to 8, 16 or 32: the bits of its bitmask.

    Attributes
    ----------
    grid : ThresholdGrid
        The bounds of all conditions: between two of them all rows fulfil the same ones.
    sizes : ndarray of shape (n_leaves,)
        Number of conditions of each leaf.
    column, begin, count : ndarray of shape (n_leaves, 8 or 16 or 32)
        A condition is fulfilled in `count` bins of its column from `begin` on; padding in none.
    missing_too : ndarray of the same shape, or None where it would hold nothing else than False
        Whether a condition is fulfilled in the last bin too.
    """

    grid: ThresholdGrid
    sizes: Ints
    column: Ints
    begin: Bitmasks
    count: Bitmasks
    missing_too: Flags | None

    @classmethod
    def of(
        cls,
        sizes: Ints,
        column: Ints,
        bounds: tuple[Floats, Floats],
        missing: Flags | None,
        *,
        n_columns: int,
    ) -> LeafConditions:
        """Find the bins that fulfil each condition.

        Parameters
        ----------
        sizes : ndarray of shape (n_leaves,)
            Number of conditions of each leaf.
        column : ndarray of shape (n_conditions,)
        bounds : tuple of ndarray of shape (n_conditions,)
            Fulfilled by values above the first and up to the second.
        missing : ndarray of shape (n_conditions,), optional
            Whether a missing value fulfils a condition. Without it no value may be missing.
        n_columns : int
            Columns of the matrix.
        """
        low, high = bounds
        # Where missing values always go the way of the largest, they need no bin of their own.
        differs = np.zeros_like(column, np.bool_) if missing is None else missing != np.isinf(high)
        grid = ThresholdGrid.of(
            np.tile(column, 2),
            np.concatenate(bounds),
            n_columns=n_columns,
            apart=np.unique(column[differs]).tolist(),
            missing=missing is not None,
        )
        begin, end = np.zeros_like(column), np.zeros_like(column)
        for index, cuts in enumerate(grid.cuts):
            in_column = column == index
            begin[in_column] = np.searchsorted([-np.inf, *cuts], low[in_column])
            end[in_column] = 1 + np.searchsorted([*cuts, np.inf], high[in_column])
            if missing is not None and np.inf in cuts:
                # The bin of missing values comes right behind those of the largest ones.
                end[in_column] += missing[in_column] & np.isinf(high[in_column])
        width = next(bits for bits in (8, 16, 32) if bits >= sizes.max(initial=0))
        slots = np.arange(width) < sizes[:, np.newaxis]

        def pad(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
            padded = np.zeros(slots.shape, dtype=array.dtype)
            padded[slots] = array
            return padded

        dtype = np.min_scalar_type(max(grid.shape))
        count = np.maximum(0, end - begin)
        missing_too = None if missing is None else pad(missing & np.isfinite(high))
        return cls(
            grid=grid,
            sizes=sizes,
            column=pad(column),
            begin=pad(begin.astype(dtype)),
            count=pad(count.astype(dtype)),
            missing_too=missing_too if missing_too is not None and missing_too.any() else None,
        )

    def bitmasks_of_row(self, row: Sequence[float]) -> Bitmasks:
        """Return the bitmask of each leaf's conditions that one row fulfils.

        Returns
        -------
        ndarray of shape (n_leaves,)
        """
        bins = np.array(self.grid.bin_indices_of_row(row), dtype=self.begin.dtype)
        # begin <= bin < begin + count in one comparison: below `begin`, the unsigned difference
        # wraps around to a large number.
        fulfilled = bins.take(self.column) - self.begin < self.count
        if self.missing_too is not None:
            fulfilled |= self.missing_too & (bins == self._last_bins).take(self.column)
        masks: Bitmasks = np.packbits(fulfilled, bitorder="little").view(self.dtype)
        return masks

    def bins(self, matrix: Matrix) -> Bitmasks:
        """Return the bin of each value, of shape (n_columns, n_rows)."""
        return np.array(self.grid.bin_indices(matrix), dtype=self.begin.dtype)

    def bitmasks(self, bins: Bitmasks, leaves: slice) -> Bitmasks:
        """Return the bitmasks of some leaves for many rows, given the rows' bins.

        Returns
        -------
        ndarray of shape (n_leaves, n_rows)
        """
        sizes = self.sizes[leaves]
        masks = np.zeros((len(sizes), bins.shape[1]), dtype=self.dtype)
        # Condition by condition of all the leaves, the last one first, as it is the highest bit.
        for position in reversed(range(sizes.max(initial=0))):
            condition = leaves, position, np.newaxis
            row_bins = bins.take(self.column[leaves, position], 0)
            fulfilled = row_bins - self.begin[condition] < self.count[condition]
            if self.missing_too is not None and (too := self.missing_too[condition]).any():
                fulfilled |= too & (row_bins == self._last_bins.take(self.column[condition]))
            np.add(masks, masks, out=masks)
            np.bitwise_or(masks, fulfilled.view(np.uint8), out=masks)
        return masks

    def fulfilled_bins(self, leaf: int, position: int) -> Flags:
        """Return for each bin of its column whether it fulfils a condition."""
        bins = np.arange(self.grid.shape[self.column[leaf, position]])
        begin = int(self.begin[leaf, position])
        fulfilled = (bins >= begin) & (bins < begin + int(self.count[leaf, position]))
        if self.missing_too is not None:
            fulfilled[-1] |= self.missing_too[leaf, position]
        return fulfilled

    @cached_property
    def full_masks(self) -> Bitmasks:
        """Each leaf's bitmask of those who reach it: all conditions fulfilled."""
        masks: Bitmasks = ((1 << self.sizes) - 1).astype(self.dtype)
        return masks

    @property
    def dtype(self) -> str:
        """Type of a bitmask, little-endian so that the first byte holds the first conditions."""
        return f"<u{self.column.shape[1] // 8}"

    @cached_property
    def _last_bins(self) -> Bitmasks:
        """Each column's last bin: that of the missing values, where they have one."""
        return np.array(self.grid.shape, dtype=self.begin.dtype) - 1
