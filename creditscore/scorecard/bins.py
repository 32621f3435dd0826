"""Bins of the training rows, of each field and of the score, to compare live rows with.

A decision is logged with the codes of its bins, one character per field, so that a database can
count them without knowing the model.
"""

from __future__ import annotations

import string
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditscore.schema import Value

#: Codes of bins, in their order.
ALPHABET = string.ascii_letters + string.digits

#: Values outside the training range count for the first or the last bin.
BELOW, ABOVE = "<", ">"

#: The value was not given: no decision depends on the field.
NOT_GIVEN = "-"


@dataclass(frozen=True)
class Bins:
    """Bins of one field, or of the score.

    Attributes
    ----------
    codes : tuple
        For codes: the codes of each bin's first one; further ones share the last bin.
    edges : tuple of float
        For numbers: where each bin but the first begins, ascending.
    low, high : float or None
        For numbers: the smallest and the largest that training saw.
    labels : tuple of str
        In English.
    counts : tuple of int
        Training rows in each.
    critical : float
        What a chi-square of so many bins exceeds by chance in one of a hundred cases.
    has_missing : bool
        Whether the last bin is for missing values.
    """

    codes: tuple[Value, ...]
    edges: tuple[float, ...]
    low: float | None
    high: float | None
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    critical: float
    has_missing: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether a number's extremes and quantiles in training were all whole numbers."""
        numbers = [number for number in (self.low, self.high, *self.edges) if number is not None]
        return not self.codes and all(number.is_integer() for number in numbers)

    def bin_code(self, value: Value | None) -> str:
        """Return the code of a value's bin, one character; None is a missing value."""
        if value is None:
            return ALPHABET[len(self.counts) - 1] if self.has_missing else NOT_GIVEN
        if self.codes:
            return ALPHABET[min(self.codes.index(value), self._last)]
        number = float(value)
        if self.low is not None and number < self.low:
            return BELOW
        if self.high is not None and number > self.high:
            return ABOVE
        return ALPHABET[bisect_right(self.edges, number)]

    def bin_index(self, bin_code: str) -> int | None:
        """Return the index of a bin by its code; None for a value that was not given."""
        if bin_code == NOT_GIVEN:
            return None
        if bin_code in {BELOW, ABOVE}:
            return 0 if bin_code == BELOW else self._last
        return ALPHABET.index(bin_code)

    @property
    def _last(self) -> int:
        """Index of the last bin of known values."""
        return len(self.counts) - 1 - self.has_missing

    def is_outside(self, bin_code: str) -> bool:
        """Check whether training never saw such a value."""
        if bin_code in {BELOW, ABOVE}:
            return True
        index = self.bin_index(bin_code)
        may_be_empty = bool(self.codes) or (index is not None and index > self._last)
        return index is not None and may_be_empty and self.counts[index] == 0

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "codes": list(self.codes),
            "edges": list(self.edges),
            "low": self.low,
            "high": self.high,
            "labels": list(self.labels),
            "counts": list(self.counts),
            "critical": self.critical,
            # Only where it is so: the versions of models without it stay the same.
            **({"has_missing": True} if self.has_missing else {}),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Bins:
        """Rebuild bins from `to_dict`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If they were made by something else.
        """
        bins = cls(
            codes=tuple(content["codes"]),
            edges=tuple(content["edges"]),
            low=content["low"],
            high=content["high"],
            labels=tuple(content["labels"]),
            counts=tuple(content["counts"]),
            critical=content["critical"],
            has_missing=content.get("has_missing", False),
        )
        if not (1 <= len(bins.counts) == len(bins.labels) <= len(ALPHABET)):
            raise ValueError("its training bins are not as many as their labels")
        if not bins.codes and len(bins.edges) != bins._last:
            raise ValueError("its training bins are not as many as their edges")
        return bins


@dataclass(frozen=True)
class TrainingBins:
    """Bins of the score and of every field of a scorecard, in schema order."""

    score: Bins
    fields: Mapping[str, Bins]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        fields = [[name, bins.to_dict()] for name, bins in self.fields.items()]
        return {"score": self.score.to_dict(), "fields": fields}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> TrainingBins:
        """Rebuild bins from `to_dict`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If they were made by something else.
        """
        fields = {name: Bins.from_dict(bins) for name, bins in content["fields"]}
        return cls(Bins.from_dict(content["score"]), fields)
