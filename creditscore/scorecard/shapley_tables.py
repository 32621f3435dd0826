"""Every leaf of a forest as a small game that is solved: its Shapley values are looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from creditscore.schema.schema import Matrix
from creditscore.scorecard.thresholds import ThresholdGrid

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[Any]

#: A column, the place where it begins to be open, and over how many it is.
Side = tuple[int, np.unsignedinteger, np.unsignedinteger]

#: From so many rows on, it is faster to go leaf by leaf than row by row.
MANY = 1500

#: Rows taken together when going leaf by leaf: their sums stay in the processor's cache.
BLOCK = 8192


@dataclass(frozen=True)
class _Slots:
    """Every leaf's sides, filled up to as many as an unsigned number has bits.

    A place lies inside a side where it is one of `count` from `begin` on; a slot without a side
    is open to none.
    """

    width: int
    column: Ints
    begin: Numbers
    count: Numbers

    @property
    def kind(self) -> str:
        """The type of that number, whose bit 0 is a leaf's first side."""
        return f"<u{self.width // 8}"


@dataclass(frozen=True, eq=False)
class LeafShapleyTables:
    """Every leaf of a forest as a game over its fields; a *side* is one field of one leaf.

    Sums run over the leaves in their order, for one row as for many: the same bits.

    Attributes
    ----------
    column : ndarray of shape (n_sides,)
        The matrix column of a side's field.
    low, high : ndarray of shape (n_sides,)
        The leaf is open to values above `low` and up to `high`.
    first : ndarray of shape (n_leaves,)
        Where each leaf's sides begin; its sides stand one after the other.
    values : ndarray of shape (n_values,)
        For each leaf and each pattern of its sides (bit 0 for its first side, and so on; a bit
        is set where the applicant lies inside), the Shapley value of each side.
    offset : ndarray of shape (n_leaves,)
        Where each leaf's part of `values` begins.
    n_columns : int
        Columns of the matrix.
    """

    column: Ints
    low: Floats
    high: Floats
    first: Ints
    values: Floats
    offset: Ints
    n_columns: int

    def shapley_values(self, matrix: Matrix) -> Floats:
        """Give every field's share in each applicant's probability of default.

        Parameters
        ----------
        matrix : ndarray of shape (n_applicants, n_columns), float32

        Returns
        -------
        ndarray of shape (n_applicants, n_columns)
            In probability of default; they sum to the probability less the reference group's
            mean, up to rounding of about 1e-15.
        """
        if len(matrix) < MANY:
            rows = [self.shapley_values_of_one(self.patterns(row)) for row in matrix.tolist()]
            return np.array(rows).reshape(len(matrix), self.n_columns)
        blocks = [self._block(matrix[at : at + BLOCK]) for at in range(0, len(matrix), BLOCK)]
        return np.concatenate(blocks)

    def patterns(self, row: Sequence[float]) -> Numbers:
        """Tell of each leaf on which of its sides one row lies inside.

        Returns
        -------
        ndarray of shape (n_leaves,)
        """
        slots = self._slots
        places = np.array(self.grid.places_of_one(row), dtype=slots.begin.dtype)
        # Where a place is before the beginning, the difference wraps and is large.
        inside = places.take(slots.column) - slots.begin < slots.count
        packed: Numbers = np.packbits(inside, bitorder="little").view(slots.kind)
        return packed

    @property
    def whole(self) -> Numbers:
        """Each leaf's pattern of those who reach it: inside on all its sides."""
        patterns: Numbers = ((1 << self.width) - 1).astype(self._slots.kind)
        return patterns

    def shapley_values_of_one(self, patterns: Numbers) -> Floats:
        """Add up the values of all leaves, given a row's patterns."""
        start = self.offset + patterns.astype(np.int64) * self.width
        shares = self.values.take(start.take(self._leaf) + self._rank)
        # Adds in the order of the leaves.
        summed = np.bincount(self.column, weights=shares, minlength=self.n_columns)
        return summed.astype(np.float64, copy=False)

    def _block(self, matrix: Matrix) -> Floats:
        """Go leaf by leaf."""
        kind = self._intervals[0].dtype
        places = [place.astype(kind) for place in self.grid.places(matrix)]
        summed = np.zeros((self.n_columns, len(matrix)))
        for sides, table in self.leaves():
            pattern = np.zeros(len(matrix), dtype=self._slots.kind)
            for bit, (column, begin, count) in enumerate(sides):
                inside = (places[column] - begin < count).view(np.uint8)
                pattern |= inside.astype(pattern.dtype) << bit
            at = pattern.astype(np.intp)
            for (column, _, _), shares in zip(sides, table, strict=True):
                summed[column] += shares.take(at)
        return summed.T.copy()

    def leaves(self) -> Iterator[tuple[list[Side], Floats]]:
        """Give each leaf's sides, and its values of shape (sides, patterns)."""
        begin, count = self._intervals
        of_leaf = zip(self.first.tolist(), self.width.tolist(), self.offset.tolist(), strict=True)
        for first, width, offset in of_leaf:
            own = slice(first, first + width)
            sides = list(zip(self.column[own].tolist(), begin[own], count[own], strict=True))
            table = self.values[offset : offset + (width << width)].reshape(-1, width)
            yield sides, np.ascontiguousarray(table.T)

    @cached_property
    def width(self) -> Ints:
        """How many sides each leaf has."""
        return np.diff(self.first, append=len(self.column))

    @cached_property
    def _leaf(self) -> Ints:
        """Which leaf each side is of."""
        return np.repeat(np.arange(len(self.first)), self.width)

    @cached_property
    def _rank(self) -> Ints:
        """Which side of its leaf each side is, counted from 0."""
        return np.arange(len(self.column)) - np.repeat(self.first, self.width)

    @cached_property
    def grid(self) -> ThresholdGrid:
        """The bounds of all sides: between two of them all rows have the same values."""
        columns, bounds = np.tile(self.column, 2), np.concatenate([self.low, self.high])
        return ThresholdGrid.of(columns, bounds, n_columns=self.n_columns)

    @cached_property
    def _intervals(self) -> tuple[Numbers, Numbers]:
        """Give the place where each side begins on the grid, and over how many it is open."""
        begin, end = np.zeros_like(self.column), np.zeros_like(self.column)
        for column, cuts in enumerate(self.grid.cuts):
            own = self.column == column
            begin[own] = np.searchsorted([-np.inf, *cuts], self.low[own])
            end[own] = 1 + np.searchsorted([*cuts, np.inf], self.high[own])
        kind = np.min_scalar_type(max(self.grid.shape))
        return begin.astype(kind), np.maximum(0, end - begin).astype(kind)

    @cached_property
    def _slots(self) -> _Slots:
        """Lay the sides out in as many slots for each leaf as an unsigned number has bits."""
        width = next(bits for bits in (8, 16, 32) if bits >= self.width.max(initial=0))
        slot = self._leaf * width + self._rank
        parts = []
        for side in (self.column, *self._intervals):
            parts.append(np.zeros(len(self.first) * width, dtype=side.dtype))
            parts[-1][slot] = side
        return _Slots(width, *parts)

    def to_dict(self) -> dict[str, Any]:
        """Give its arrays under the names that the format has for them."""
        return {
            "column": self.column,
            "low": self.low,
            "high": self.high,
            "first": self.first,
            "values": self.values,
            "offset": self.offset,
            "n_columns": self.n_columns,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> LeafShapleyTables:
        """Rebuild the games from `to_dict`; `problem` says whether they are sound.

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
        )

    def problem(self, n_columns: int) -> str | None:
        """Say what is wrong with the arrays, if anything is."""
        if self.n_columns != n_columns:
            return "the leaf games are of another scorecard"
        whole, real = (self.column, self.first, self.offset), (self.low, self.high, self.values)
        if any(array.dtype != np.int64 or array.ndim != 1 for array in whole) or any(
            array.dtype != np.float64 or array.ndim != 1 for array in real
        ):
            return "an array of the leaf games is of a wrong type"
        sides, leaves = self.column.size, self.first.size
        if {self.low.size, self.high.size} != {sides} or self.offset.size != leaves:
            return "the arrays of the leaf games differ in length"
        if (sides == 0) != (leaves == 0):
            return "the leaf games have sides without leaves, or leaves without sides"
        if not sides:
            return None
        inside = (self.column >= 0) & (self.column < self.n_columns)
        if not inside.all() or self.first[0] != 0 or (self.width < 1).any():
            return "a side of a leaf game points outside"
        # A table holds more numbers than its leaf has patterns; wider ones would overflow below.
        if int(self.width.max()) >= self.values.size.bit_length():
            return "a table of a leaf game points outside"
        ends = self.offset + (np.int64(1) << self.width) * self.width
        if (self.offset < 0).any() or (ends > self.values.size).any():
            return "a table of a leaf game points outside"
        return None
