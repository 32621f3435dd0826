"""What is kept of a group of rows: a short table of values, and how many rows each stands for.

Nothing is kept that stands for fewer than ``MIN_ROWS`` rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.synthesis.columns import Floats, Ints

#: Rows that every stored number must cover, at least.
MIN_ROWS = 20

#: Groups that the values of a leaf are cut into, at most, and the first and last of those again.
GROUPS = 10
END_GROUPS = 3


@dataclass(frozen=True)
class Leaf:
    """A distribution as a table.

    Attributes
    ----------
    value : ndarray of shape (n_entries,)
        A value that many rows share, or the mean of a group of rows.
    spread : ndarray of shape (n_entries,)
        Mean absolute deviation of that group, zero for a shared value; of the logarithms where
        `relative`.
    rows : ndarray of shape (n_entries,)
        Rows that the entry was made from.
    relative : bool
        Whether groups are kept by their logarithms: geometric mean and relative deviation.
    """

    value: Floats
    spread: Floats
    rows: Ints
    relative: bool = False

    def draw(self, uniform: Floats, rng: np.random.Generator) -> Floats:
        """Draw one value for each number in ``uniform``, which chooses the entry.

        A group is drawn from evenly, as wide as its mean absolute deviation asks for.
        """
        entry = choose(self.rows.astype(np.float64), uniform)
        offset = self.spread[entry] * rng.uniform(-2, 2, len(entry))
        return self.value[entry] * np.exp(offset) if self.relative else self.value[entry] + offset


def choose(weights: Floats, uniform: Floats) -> Ints:
    """Return the place that each number between 0 and 1 falls to, in proportion to the weights."""
    bounds = np.cumsum(weights)
    positions = np.searchsorted(bounds, uniform * bounds[-1], side="right")
    indices: Ints = np.minimum(positions, len(weights) - 1).astype(np.int64)
    return indices


def summarise_codes(codes: Floats) -> Leaf:
    """Keep the codes that enough rows hold; the others are left out."""
    value, rows = np.unique(codes, return_counts=True)
    enough = rows >= MIN_ROWS
    return Leaf(value[enough], np.zeros(int(enough.sum())), rows[enough].astype(np.int64))


def summarise_numbers(numbers: Floats, *, relative: bool = False) -> Leaf:
    """Keep the numbers that enough rows share, and the rest as groups of neighbours."""
    value, rows = np.unique(numbers, return_counts=True)
    shared = rows >= MIN_ROWS
    groups = _groups(np.sort(numbers[~np.isin(numbers, value[shared])]))
    centres = np.array([_centre(group, relative) for group in groups]).reshape(-1, 2)
    return Leaf(
        np.concatenate([value[shared], centres[:, 0]]),
        np.concatenate([np.zeros(int(shared.sum())), centres[:, 1]]),
        np.concatenate([rows[shared], [len(group) for group in groups]]).astype(np.int64),
        relative,
    )


def _groups(ordered: Floats) -> list[Floats]:
    """Cut sorted numbers into groups; fewer than ``MIN_ROWS`` are dropped."""
    groups = _cut(ordered, GROUPS)
    if len(groups) < 2:
        return groups
    return [*_cut(groups[0], END_GROUPS), *groups[1:-1], *_cut(groups[-1], END_GROUPS)]


def _cut(ordered: Floats, max_pieces: int) -> list[Floats]:
    pieces = min(max_pieces, len(ordered) // MIN_ROWS)
    return np.array_split(ordered, pieces) if pieces else []


def _centre(group: Floats, relative: bool) -> tuple[float, float]:
    scaled = np.log(group) if relative else group
    centre = float(scaled.mean())
    deviation = float(np.abs(scaled - centre).mean())
    return (float(np.exp(centre)) if relative else centre), deviation
