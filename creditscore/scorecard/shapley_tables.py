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

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from creditscore.arrays import Bitmasks, Flags, Floats, Ints, Matrix
from creditscore.scorecard.leaf_conditions import LeafConditions
from creditscore.scorecard.thresholds import ThresholdGrid

#: From so many rows on, it is faster to go leaf by leaf than row by row.
LEAF_BY_LEAF_ROWS = 200

#: Rows, and leaves whose bitmasks are found, at a time: what is at work stays in the processor's
#: second cache.
BLOCK_ROWS, BLOCK_LEAVES = 4096, 32


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
            rows = [
                self.shapley_values_of_row(self.conditions.bitmasks_of_row(row))
                for row in matrix.tolist()
            ]
            return np.array(rows).reshape(len(matrix), self.n_columns)
        starts = range(0, len(matrix), block_rows)
        return np.concatenate([self._block(matrix[at : at + block_rows]) for at in starts])

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
        bins = self.conditions.bins(matrix)
        summed = np.zeros((self.n_columns, len(matrix)))
        shares = np.empty((self.n_conditions.max(initial=0), len(matrix)))
        # An array's rows and its first rows, taken once: numpy takes long to make a view.
        sums, share_rows = list(summed), list(shares)
        first = [shares[:n] for n in range(len(shares) + 1)]
        for begin in range(0, len(self.first), BLOCK_LEAVES):
            leaves = slice(begin, begin + BLOCK_LEAVES)
            masks = self.conditions.bitmasks(bins, leaves).astype(np.intp)
            for (columns, table), mask in zip(self.leaves(leaves), masks, strict=True):
                # No mask is out of bounds, but without a mode numpy would fill a buffer first.
                table.take(mask, 1, out=first[len(columns)], mode="clip")
                for column, share in zip(columns, share_rows, strict=False):
                    np.add(sums[column], share, out=sums[column])
        return summed.T.copy()

    def leaves(self, some: slice = slice(None)) -> Iterator[tuple[list[int], Floats]]:
        """Yield each leaf's columns, and its values of shape (n_conditions, n_bitmasks)."""
        starts = (self.first[some], self.n_conditions[some], self.offset[some])
        for first, size, offset in zip(*(start.tolist() for start in starts), strict=True):
            table = self.values[offset : offset + (size << size)].reshape(-1, size)
            yield self.column[first : first + size].tolist(), np.ascontiguousarray(table.T)

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
    def conditions(self) -> LeafConditions:
        """The conditions of each leaf, as bins that fulfil them."""
        return LeafConditions.of(
            self.n_conditions,
            self.column,
            (self.low, self.high),
            self.missing,
            n_columns=self.n_columns,
        )

    @property
    def grid(self) -> ThresholdGrid:
        """The bounds of all conditions: between two of them all rows have the same values."""
        return self.conditions.grid

    def to_dict(self) -> dict[str, Any]:
        """Return its attributes by name, without those that are None."""
        parts = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: part for name, part in parts if part is not None}

    def validate(self, n_columns: int) -> None:
        """Check the arrays against each other.

        Raises
        ------
        ValueError
            If they are not the tables of a scorecard with so many columns.
        """
        if self.n_columns != n_columns:
            raise ValueError("the Shapley tables are of another scorecard")
        integers, reals = (self.column, self.first, self.offset), (self.low, self.high, self.values)
        arrays = (*integers, *reals)
        types = [array.dtype for array in arrays]
        if types != [np.int64] * 3 + [np.float64] * 3 or any(array.ndim != 1 for array in arrays):
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
