"""Exact Shapley values by table look-up: one table per leaf of the forest.

A leaf is a list of *conditions*, one per field on the way to it: the field's value is above `low`
and at most `high`. What an applicant's values add to the leaf's Shapley values depends only on
which of its conditions they fulfil: a bitmask, bit 0 for the leaf's first condition. So there is
a table of values per leaf and bitmask, computed at training (`creditscore.scorecard.shapley`).
A missing value fulfils a condition if it goes the leaf's way at each of its questions to the field.

Examples
--------
A tree over two fields, AGE (column 0) and LIMIT (column 1), with three leaves::

    AGE <= 30?  yes: LIMIT <= 100?  yes: leaf 0, probability 0.6
                                    no:  leaf 1, probability 0.3
                no:  leaf 2, probability 0.1

    leaf       0          1          2
    condition  0     1    2     3    4
    column     0     1    0     1    0
    low        -inf  -inf -inf  100  30       first   [0, 2, 4]
    high       30    100  30    inf  inf      offset  [0, 8, 16]

Leaves 0 and 1 have two conditions, so 4 bitmasks with 2 values each; leaf 2 has one, so 2 bitmasks
with 1 value each: `values` holds 8 + 8 + 2 numbers. Let the reference group be one person with
AGE 40 and LIMIT 50, and the applicant have AGE 25 and LIMIT 200:

====  ====================  =======  ============================  ============
leaf  conditions fulfilled  bitmask  looked up in `values` at      AGE, LIMIT
====  ====================  =======  ============================  ============
0     AGE                   0b01     0 + 1 * 2, which is [2:4]     +0.30, -0.30
1     AGE and LIMIT         0b11     8 + 3 * 2, which is [14:16]   +0.15, +0.15
2     none                  0b0      16 + 0 * 1, which is [16:17]  -0.10
====  ====================  =======  ============================  ============

The sums, AGE +0.35 and LIMIT -0.15, are the Shapley values. With the baseline, 0.1, they make 0.3:
the applicant's probability of default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from creditscore.arrays import Bitmasks, Flags, Floats, Ints, Matrix
from creditscore.scorecard.thresholds import ThresholdGrid

#: A column, the first bin of it that fulfils the condition, how many bins do, and whether the last
#: bin, of missing values, does too.
Condition = tuple[int, np.unsignedinteger, np.unsignedinteger, bool]

#: From so many rows on, it is faster to go leaf by leaf than row by row.
LEAF_BY_LEAF_ROWS = 1500

#: Rows taken together when going leaf by leaf: their sums stay in the processor's cache.
BLOCK_ROWS = 8192


@dataclass(frozen=True)
class _PackedConditions:
    """The conditions of all leaves, each leaf's padded to 8, 16 or 32 so that they pack into bits.

    Attributes
    ----------
    width : int
        Conditions per leaf, padding included: the bits of one bitmask.
    column, begin, count : ndarray of shape (n_leaves * width,)
        A condition is fulfilled in `count` bins of its column from `begin` on; padding in none.
    missing_too : ndarray of shape (n_leaves * width,) or None
        Whether it is fulfilled in the last bin too; None where none is.
    """

    width: int
    column: Ints
    begin: Bitmasks
    count: Bitmasks
    missing_too: Flags | None

    @property
    def dtype(self) -> str:
        """Type of a bitmask, little-endian so that the first byte holds the first conditions."""
        return f"<u{self.width // 8}"


@dataclass(frozen=True, eq=False)
class LeafShapleyTables:
    """The Shapley values of every leaf, by bitmask; see the module's example.

    Sums run over the leaves in their order, for one row as for many: the same bits.

    Attributes
    ----------
    column : ndarray of shape (n_conditions,)
        The matrix column that a condition is about.
    low, high : ndarray of shape (n_conditions,)
        Fulfilled by values above `low` and up to `high`.
    first : ndarray of shape (n_leaves,)
        Index of each leaf's first condition; a leaf's conditions follow each other.
    values : ndarray of shape (n_values,)
        For each leaf and each bitmask, the Shapley value of each condition's field.
    offset : ndarray of shape (n_leaves,)
        Where each leaf's part of `values` begins.
    n_columns : int
        Columns of the matrix.
    missing : ndarray of shape (n_conditions,), optional
        Whether a missing value fulfils a condition. Without it no value may be missing.
    """

    column: Ints
    low: Floats
    high: Floats
    first: Ints
    values: Floats
    offset: Ints
    n_columns: int
    missing: Flags | None = None

    def shapley_values(
        self,
        matrix: Matrix,
        *,
        leaf_by_leaf_rows: int = LEAF_BY_LEAF_ROWS,
        block_rows: int = BLOCK_ROWS,
    ) -> Floats:
        """Compute every field's Shapley value in each applicant's probability of default.

        Parameters
        ----------
        matrix : ndarray of shape (n_applicants, n_columns), float32
            NaN where a value is missing.
        leaf_by_leaf_rows, block_rows : int
            Change the speed alone, never a bit of the values.

        Returns
        -------
        ndarray of shape (n_applicants, n_columns)
            In probability of default; they sum to the probability less the reference group's
            mean, up to rounding of about 1e-15.
        """
        if len(matrix) < leaf_by_leaf_rows:
            rows = [self.shapley_values_of_row(self.bitmasks(row)) for row in matrix.tolist()]
            return np.array(rows).reshape(len(matrix), self.n_columns)
        starts = range(0, len(matrix), block_rows)
        return np.concatenate([self._block(matrix[at : at + block_rows]) for at in starts])

    def bitmasks(self, row: Sequence[float]) -> Bitmasks:
        """Return the bitmask of each leaf's conditions that one row fulfils.

        Returns
        -------
        ndarray of shape (n_leaves,)
        """
        packed = self._packed
        bins = np.array(self.grid.bin_indices_of_row(row), dtype=packed.begin.dtype)
        # begin <= bin < begin + count in one comparison: below `begin`, the unsigned difference
        # wraps around to a large number.
        fulfilled = bins.take(packed.column) - packed.begin < packed.count
        if packed.missing_too is not None:
            in_last = bins == self._last_bins
            fulfilled |= packed.missing_too & in_last.take(packed.column)
        masks: Bitmasks = np.packbits(fulfilled, bitorder="little").view(packed.dtype)
        return masks

    @property
    def full_masks(self) -> Bitmasks:
        """Each leaf's bitmask of those who reach it: all conditions fulfilled."""
        masks: Bitmasks = ((1 << self.n_conditions) - 1).astype(self._packed.dtype)
        return masks

    def shapley_values_of_row(self, bitmasks: Bitmasks) -> Floats:
        """Sum one row's values over the leaves, given its bitmasks.

        Returns
        -------
        ndarray of shape (n_columns,)
        """
        start = self.offset + bitmasks.astype(np.int64) * self.n_conditions
        shares = self.values.take(start.take(self._leaf) + self._position)
        # bincount adds in the order of the leaves.
        summed = np.bincount(self.column, weights=shares, minlength=self.n_columns)
        return summed.astype(np.float64, copy=False)

    def _block(self, matrix: Matrix) -> Floats:
        """Sum the values of many rows, leaf by leaf."""
        dtype = self._bin_ranges[0].dtype
        bins = [indices.astype(dtype) for indices in self.grid.bin_indices(matrix)]
        summed = np.zeros((self.n_columns, len(matrix)))
        for conditions, table in self.leaves():
            masks = np.zeros(len(matrix), dtype=self._packed.dtype)
            for bit, (column, begin, count, missing_too) in enumerate(conditions):
                fulfilled = bins[column] - begin < count
                if missing_too:
                    fulfilled |= bins[column] == self._last_bins[column]
                masks |= fulfilled.view(np.uint8).astype(masks.dtype) << bit
            indices = masks.astype(np.intp)
            for (column, *_), shares in zip(conditions, table, strict=True):
                summed[column] += shares.take(indices)
        return summed.T.copy()

    def leaves(self) -> Iterator[tuple[list[Condition], Floats]]:
        """Yield each leaf's conditions, and its values of shape (n_conditions, n_bitmasks)."""
        begin, count = self._bin_ranges
        missing_too = self._missing_too.tolist()
        starts = (self.first.tolist(), self.n_conditions.tolist(), self.offset.tolist())
        for first, size, offset in zip(*starts, strict=True):
            leaf = slice(first, first + size)
            columns = self.column[leaf].tolist()
            conditions = zip(columns, begin[leaf], count[leaf], missing_too[leaf], strict=True)
            table = self.values[offset : offset + (size << size)].reshape(-1, size)
            yield list(conditions), np.ascontiguousarray(table.T)

    @cached_property
    def n_conditions(self) -> Ints:
        """Number of conditions of each leaf."""
        return np.diff(self.first, append=len(self.column))

    @cached_property
    def _leaf(self) -> Ints:
        """Index of the leaf that each condition belongs to."""
        return np.repeat(np.arange(len(self.first)), self.n_conditions)

    @cached_property
    def _position(self) -> Ints:
        """Position of each condition in its leaf, counted from 0."""
        return np.arange(len(self.column)) - np.repeat(self.first, self.n_conditions)

    @cached_property
    def grid(self) -> ThresholdGrid:
        """The bounds of all conditions: between two of them all rows have the same values."""
        columns, bounds = np.tile(self.column, 2), np.concatenate([self.low, self.high])
        if self.missing is None:
            return ThresholdGrid.of(columns, bounds, n_columns=self.n_columns)
        # Where missing values always go the way of the largest, they need no bin of their own.
        apart = np.unique(self.column[self.missing != np.isposinf(self.high)])
        return ThresholdGrid.of(
            columns, bounds, n_columns=self.n_columns, apart=apart.tolist(), missing=True
        )

    @cached_property
    def _bin_ranges(self) -> tuple[Bitmasks, Bitmasks]:
        """First bin of the grid that fulfils each condition, and how many bins do."""
        begin, end = np.zeros_like(self.column), np.zeros_like(self.column)
        for column, cuts in enumerate(self.grid.cuts):
            mine = self.column == column
            begin[mine] = np.searchsorted([-np.inf, *cuts], self.low[mine])
            end[mine] = 1 + np.searchsorted([*cuts, np.inf], self.high[mine])
            if self.missing is not None and np.inf in cuts:
                # The bin of missing values comes right behind those of the largest ones.
                end[mine] += self.missing[mine] & np.isposinf(self.high[mine])
        dtype = np.min_scalar_type(max(self.grid.shape))
        return begin.astype(dtype), np.maximum(0, end - begin).astype(dtype)

    @cached_property
    def _missing_too(self) -> Flags:
        """Conditions that a missing value fulfils, but not the largest ones."""
        if self.missing is None:
            return np.zeros(len(self.column), dtype=np.bool_)
        return self.missing & ~np.isposinf(self.high)

    @cached_property
    def _last_bins(self) -> Bitmasks:
        """Each column's last bin: that of the missing values, where they have one."""
        return np.array(self.grid.shape, dtype=self._bin_ranges[0].dtype) - 1

    @cached_property
    def _packed(self) -> _PackedConditions:
        width = next(bits for bits in (8, 16, 32) if bits >= self.n_conditions.max(initial=0))
        slots = self._leaf * width + self._position

        def pad(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
            padded = np.zeros(len(self.first) * width, dtype=array.dtype)
            padded[slots] = array
            return padded

        begin, count = self._bin_ranges
        missing_too = pad(self._missing_too) if self._missing_too.any() else None
        return _PackedConditions(width, pad(self.column), pad(begin), pad(count), missing_too)

    def to_dict(self) -> dict[str, Any]:
        """Return its arrays under the names that the format has for them."""
        missing = {} if self.missing is None else {"missing": self.missing}
        return {
            "column": self.column,
            "low": self.low,
            "high": self.high,
            "first": self.first,
            "values": self.values,
            "offset": self.offset,
            "n_columns": self.n_columns,
            **missing,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> LeafShapleyTables:
        """Rebuild the tables from `to_dict`; `validate` checks them.

        Raises
        ------
        KeyError, TypeError
            If they were made by something else.
        """
        return cls(
            column=content["column"],
            low=content["low"],
            high=content["high"],
            first=content["first"],
            values=content["values"],
            offset=content["offset"],
            n_columns=content["n_columns"],
            missing=content.get("missing"),
        )

    def validate(self, n_columns: int) -> None:
        """Check the arrays against each other.

        Raises
        ------
        ValueError
            If they are not the tables of a scorecard with so many columns.
        """
        if self.n_columns != n_columns:
            raise ValueError("the Shapley tables are of another scorecard")
        whole, real = (self.column, self.first, self.offset), (self.low, self.high, self.values)
        types = [array.dtype for array in (*whole, *real)]
        if types != [np.int64] * 3 + [np.float64] * 3 or any(a.ndim != 1 for a in (*whole, *real)):
            raise ValueError("an array of the Shapley tables is of a wrong type")
        conditions, leaves = self.column.size, self.first.size
        if {self.low.size, self.high.size} != {conditions} or self.offset.size != leaves:
            raise ValueError("the arrays of the Shapley tables differ in length")
        missing = self.missing
        if missing is not None and (missing.dtype != np.bool_ or missing.shape != (conditions,)):
            raise ValueError("the Shapley tables have other than one flag for each condition")
        if (conditions == 0) != (leaves == 0):
            raise ValueError("the Shapley tables have conditions without leaves, or none for some")
        if not conditions:
            return
        inside = (self.column >= 0) & (self.column < self.n_columns)
        if not inside.all() or self.first[0] != 0 or (self.n_conditions < 1).any():
            raise ValueError("a condition of the Shapley tables points outside")
        # A table holds more numbers than its leaf has bitmasks; larger ones would overflow below.
        sizes = self.n_conditions
        if int(sizes.max()) >= self.values.size.bit_length():
            raise ValueError("a Shapley table points outside")
        ends = self.offset + (np.int64(1) << sizes) * sizes
        if (self.offset < 0).any() or (ends > self.values.size).any():
            raise ValueError("a Shapley table points outside")
