"""Special values of a column of numbers, and the bounds to ask for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from creditscore.arrays import Floats

#: Below zero: what programs write for "not known", beside -1.
_LOW = frozenset(
    {-7.0, -8.0, -9.0, 365243.0}
    | {float(-(10**digits) + ones) for digits in range(2, 10) for ones in (1, 2, 3, 4)}
    | {float(-11 * ones) for ones in (6, 7, 8, 9)}
)

#: At the top: 99, 98, 97 and 96, 999, ..., and what one table in the field has for "retired".
_HIGH = frozenset(
    {365243.0} | {float(10**digits - ones) for digits in range(2, 11) for ones in (1, 2, 3, 4)}
)

#: So many different special values at most; how far they are from the rest.
MAX_SPECIAL, FAR_FACTOR = 4, 3.0

#: -1 is special beside numbers that reach this far, or are so many.
WIDE_REACH, MANY_VALUES = 100.0, 30

#: Share of rows at a value far from all others, above which it is special whatever it is.
COMMON_SHARE = 0.01

#: Share of rows below zero that may be typing errors.
RARE_SHARE = 0.01

#: Room above the largest number that was seen.
ROOM = 1.2

MIN_AGE, MAX_AGE = 18, 100
YEARS = (1900, 2100)


def special_values(values: Floats, counts: Floats) -> list[float]:
    """Return the numbers that are likely no amounts, but mean something of their own.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        The different numbers, ascending.
    counts : ndarray of shape (n_values,)
        How many rows hold each.

    Returns
    -------
    list of float
        Ascending.
    """
    low = _low_ones(values)
    rest = values[len(low) :]
    high = _high_ones(rest, counts[len(low) :])
    return [*low, *high]


def _low_ones(values: Floats) -> list[float]:
    negative, rest = values[values < 0], values[values >= 0]
    if not 0 < len(negative) <= MAX_SPECIAL or len(rest) < 2:
        return []
    if not set(negative.tolist()) <= _LOW | {-1.0}:
        return []
    wide = rest[-1] >= WIDE_REACH or len(rest) >= MANY_VALUES
    return negative.tolist() if wide or not _LOW.isdisjoint(negative.tolist()) else []


def _high_ones(values: Floats, counts: Floats) -> list[float]:
    if len(values) < 3:
        return []
    count = 0
    while count < min(MAX_SPECIAL, len(values) - 2) and values[-1 - count] in _HIGH:
        count += 1
    for some in range(count, 0, -1):
        rest = values[:-some]
        if values[-some] >= FAR_FACTOR * max(rest[-1], 1.0) and counts[-some:].sum() > 1:
            return [float(value) for value in values[-some:]]
    # A single number far above all others that many rows share.
    far = values[-1] >= 10 * max(abs(values[-2]), abs(values[0]), 1.0)
    common = counts[-1] >= COMMON_SHARE * counts.sum() and counts[-1] >= 5 * np.median(counts)
    return [float(values[-1])] if far and common else []


def bounds(values: Floats, *, is_age: bool, is_share: bool) -> tuple[float, float]:
    """Return the bounds to ask for: rounded outwards, with room for whom the table never had.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        The different numbers, ascending, without special ones.
    is_age : bool
        Whether they are ages of people.
    is_share : bool
        Whether they are percentages.
    """
    low, high = float(values[0]), float(values[-1])
    if is_age and low >= MIN_AGE and high <= MAX_AGE:
        return MIN_AGE, MAX_AGE
    if YEARS[0] <= low and high <= YEARS[1] and np.mod(values, 1).max() == 0:
        return 10 * (low // 10), 10 * (high // 10 + 2)
    lower = 0.0 if low >= 0 else -_round_up(-low * ROOM)
    if low >= 0 and ((high == 1 and len(values) > 2) or (is_share and high <= 100)):
        return lower, 1.0 if high <= 1 and not is_share else 100.0
    upper = _round_up(high * ROOM) if high > 0 else 0.0
    return lower, max(upper, lower + 1)


def _round_up(number: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50 and so on."""
    if number > 1e37:
        return number
    power = 10.0 ** math.floor(math.log10(number))
    steps: Sequence[float] = (1, 2, 5, 10)
    rounded = next(step * power for step in steps if step * power >= number * (1 - 1e-12))
    return float(round(rounded)) if rounded >= 1 else float(f"{rounded:.1g}")


def median_of(values: Floats, counts: Floats) -> float:
    """Return the median, one of the values."""
    share = np.cumsum(counts) / counts.sum()
    return float(values[np.searchsorted(share, 0.5)])


def odd_rows(values: Floats, counts: Floats, *, is_age: bool) -> str:
    """Say which rows may hold typing errors that the bounds let in; mostly none.

    Parameters
    ----------
    values, counts : ndarray of shape (n_values,)
        The different numbers, ascending, and how many rows hold each.
    is_age : bool
        Whether they are ages of people.
    """
    outside = counts[(values < MIN_AGE) | (values > MAX_AGE)].sum() if is_age else 0
    if outside:
        return f"{outside:,.0f} rows hold no age from {MIN_AGE} to {MAX_AGE}"
    negative = counts[values < 0].sum()
    if 0 < negative < RARE_SHARE * counts.sum():
        return f"{negative:,.0f} rows alone hold a number below 0"
    return ""


def capped_share(values: Floats, counts: Floats) -> float:
    """Return the share of rows at the largest of many values, where it looks like a cap; else 0."""
    share = float(counts[-1] / counts.sum())
    common = share >= 2 * COMMON_SHARE and counts[-1] >= 10 * np.median(counts)
    return share if len(values) > MANY_VALUES and common else 0.0
