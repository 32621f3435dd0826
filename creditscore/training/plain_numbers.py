"""Read plain numbers many at a time: what most cells of most tables are."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import compress

import numpy as np

from creditscore.arrays import Flags, Floats
from creditscore.schema.constraints import NumericRange
from creditscore.schema.missing_values import MissingValues

#: Digits that are one and the same number whatever else stands in the column, by the decimal sign
#: that is known of it: without one, three digits behind a point can be thousands.
_PLAIN = {
    ".": re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII),
    ",": re.compile(r"-?[0-9]{1,15}", re.ASCII),
    None: re.compile(r"-?[0-9]{1,15}(?:\.(?:[0-9]{1,2}|[0-9]{4,15}))?", re.ASCII),
}


class PlainNumbers:
    """Reads the plain numbers of a field; the same as its rule does, but all at once.

    Parameters
    ----------
    rule : NumericRange
    missing : MissingValues or None
        What stands for a missing value, and is no number.
    decimal : {".", ",", None}
        The decimal sign of the column, where that is known.
    """

    def __init__(
        self, rule: NumericRange, missing: MissingValues | None, decimal: str | None
    ) -> None:
        self._rule, self._matches = rule, _PLAIN[decimal].fullmatch
        special = [] if missing is None else [*missing.untitled, *missing.titled]
        self._special = [value for value in special if not isinstance(value, str)]

    def read_all(self, cells: Sequence[str]) -> Floats | None:
        """Return the numbers of cells that are all plain ones, and allowed; else None."""
        if not all(map(self._matches, cells)):
            return None
        numbers = _numbers(cells)
        return numbers if self._allowed(numbers).all() else None

    def read(self, texts: Collection[str]) -> dict[str, float]:
        """Return the number of each text that is a plain one, and allowed."""
        plain = list(filter(self._matches, texts))
        numbers = _numbers(plain)
        right = self._allowed(numbers)
        return dict(zip(compress(plain, right), numbers[right].tolist(), strict=True))

    def _allowed(self, numbers: Floats) -> Flags:
        rule, (low, high) = self._rule, self._rule.bounds
        right = numbers > low if rule.low_open else numbers >= low
        right &= numbers < high if rule.high_open else numbers <= high
        if rule.integral:
            right &= numbers == np.floor(numbers)
        for value in self._special:
            right &= numbers != value
        return right


def _numbers(texts: Sequence[str]) -> Floats:
    # The sum makes 0 of -0.
    return np.array(list(map(float, texts)), dtype=np.float64) + 0.0
