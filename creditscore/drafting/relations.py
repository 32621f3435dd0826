"""Compare columns with each other and with the outcome: copies, and what gives the outcome away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.drafting.profile import NUMBERS, Profile
from creditscore.evaluation import metrics

#: Groups that a column of many numbers is cut into.
BINS = 32

#: Rows of a level that is looked at alone, and rows that pull its rate to the average.
MIN_ROWS, SMOOTHING = 5, 10.0

#: Rows with another than the usual value that one outcome would hold by chance, at least, and the
#: share of them that it may hold, for the column to be one that is filled in later.
EXPECTED_ROWS, LATER_SHARE = 20.0, 0.01


def find_copies(profiles: Sequence[Profile]) -> dict[int, int]:
    """Return each column whose rows say the same as those of one before it, and that one.

    The values may differ: codes beside their names are a copy as well, where they are few.
    """
    copies: dict[int, int] = {}
    first: dict[bytes, list[int]] = {}
    for index, profile in enumerate(profiles):
        key = profile.column.codes[:1000].tobytes()
        for earlier in first.setdefault(key, []):
            if _is_copy(profile, profiles[earlier]):
                copies[index] = earlier
                break
        else:
            first[key].append(index)
    return copies


def _is_copy(first: Profile, second: Profile) -> bool:
    # Numbered in order of appearance: the same codes are the same partition of the rows.
    if not np.array_equal(first.column.codes, second.column.codes):
        return False
    if first.column.texts == second.column.texts:
        return True
    if first.kind == second.kind == NUMBERS and np.array_equal(
        first.numbers, second.numbers, equal_nan=True
    ):
        return True
    # Two columns of all different numbers are numbered alike without being copies.
    return 1 < len(first.column.texts) <= len(first.column.codes) / 20


def discrimination(profile: Profile, bad: Ints) -> float:
    """Return the AUC of a column alone, however it goes with the outcome.

    Parameters
    ----------
    profile : Profile
    bad : ndarray of shape (n_rows,)
        1 for a bad outcome, 0 for a good one; other rows do not count.

    Returns
    -------
    float
        0.5 for nothing, 1 for all. Rows are ranked by the bad rates of their values in the other
        half of the rows, so that a column of many values is not mistaken for a good one.
    """
    counted = np.flatnonzero(bad >= 0)
    groups, outcome = _groups(profile)[counted], bad[counted]
    # Drawn, not every second row: outcomes may alternate. Always in the same way.
    halves = np.random.default_rng(1).integers(2, size=len(counted))
    areas = []
    for half in (0, 1):
        in_half, in_other_half = halves == half, halves != half
        if not 0 < outcome[in_half].sum() < in_half.sum():
            return 0.5
        rates = _rates(groups[in_other_half], outcome[in_other_half], size=int(groups.max()) + 1)
        areas.append(metrics.auc(outcome[in_half], rates[groups[in_half]]))
    return max(0.5, float(np.mean(areas)))


def _groups(profile: Profile) -> Ints:
    """Return the group of each row: of few values each value, of many numbers a range."""
    column = profile.column
    if profile.kind != NUMBERS or profile.n_values <= BINS:
        rare = column.counts < MIN_ROWS
        groups = np.where(rare, 0, 1 + np.arange(len(column.texts)))
        return groups[column.codes]
    values, counts = profile.value_counts
    share = np.cumsum(counts) / counts.sum()
    edges = values[np.searchsorted(share, np.arange(1, BINS) / BINS)]
    groups = 1 + np.searchsorted(np.unique(edges), profile.numbers)
    groups[profile.is_missing] = 0
    return groups[column.codes]


def _rates(groups: Ints, outcome: Ints, *, size: int) -> Floats:
    rows = np.bincount(groups, minlength=size)
    bad = np.bincount(groups, weights=outcome, minlength=size)
    return np.asarray((bad + SMOOTHING * outcome.mean()) / (rows + SMOOTHING))


def filled_for_one(profile: Profile, bad: Ints) -> str:
    """Return the outcome whose rows alone have other values than the usual one; mostly neither.

    So looks what is filled in once a credit has gone wrong, such as recoveries.

    Returns
    -------
    {"bad", "good", ""}
    """
    column = profile.column
    counted = bad >= 0
    groups = np.where(profile.is_missing, -1, np.arange(len(column.texts)))[column.codes]
    values, counts = np.unique(groups[counted], return_counts=True)
    usual = values[np.argmax(counts)]
    is_other = groups != usual
    share = is_other[counted].mean()
    for outcome, words in ((0, "bad"), (1, "good")):
        rows = bad == outcome
        expected = share * rows.sum()
        if expected >= EXPECTED_ROWS and is_other[rows].sum() <= LATER_SHARE * expected:
            return words
    return ""
