"""How training rows were spread over each field and over the score, to compare live ones with.

A decision's places in these bins are logged with it as a short text, one character each, so that
a database can count them without knowing the model.
"""

from __future__ import annotations

import string
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from creditscore.schema.constraints import Value, format_number

#: Names of bins, in their order.
ALPHABET = string.ascii_letters + string.digits

#: Values outside the training range count for the first or the last bin.
BELOW, ABOVE = "<", ">"

#: The value was not given: no decision depends on the field.
MISSING = "-"


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
    """

    codes: tuple[Value, ...]
    edges: tuple[float, ...]
    low: float | None
    high: float | None
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    critical: float

    def letter(self, value: Value | None) -> str:
        """Name the bin of a value."""
        if value is None:
            return MISSING
        if self.codes:
            return ALPHABET[min(self.codes.index(value), len(self.counts) - 1)]
        number = float(value)
        if self.low is not None and number < self.low:
            return BELOW
        if self.high is not None and number > self.high:
            return ABOVE
        return ALPHABET[bisect_right(self.edges, number)]

    def place(self, letter: str) -> int | None:
        """Give the place of a bin by its name; None for a value that was not given."""
        if letter == MISSING:
            return None
        if letter in {BELOW, ABOVE}:
            return 0 if letter == BELOW else len(self.counts) - 1
        return ALPHABET.index(letter)

    def is_outside(self, letter: str) -> bool:
        """Tell whether training never saw such a value."""
        if letter in {BELOW, ABOVE}:
            return True
        place = self.place(letter)
        return place is not None and bool(self.codes) and self.counts[place] == 0

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain data."""
        return {
            "codes": list(self.codes),
            "edges": list(self.edges),
            "low": self.low,
            "high": self.high,
            "labels": list(self.labels),
            "counts": list(self.counts),
            "critical": self.critical,
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
        )
        if not (1 <= len(bins.counts) == len(bins.labels) <= len(ALPHABET)):
            raise ValueError("its training bins are not as many as their labels")
        if not bins.codes and len(bins.edges) + 1 != len(bins.counts):
            raise ValueError("its training bins are not as many as their edges")
        return bins


@dataclass(frozen=True)
class TrainingBins:
    """Bins of the score and of every field of a scorecard, in schema order."""

    score: Bins
    fields: Mapping[str, Bins]

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain data."""
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


def band_label(low: float | None, high: float | None, *, integral: bool) -> str:
    """Name a band: "under 25", "25 to 29", "62 and over"."""
    if low is None or high is None:
        return f"under {_number(high)}" if low is None else f"{_number(low)} and over"
    last = high - 1 if integral and high.is_integer() else high
    if last <= low:
        return _number(low)
    return f"{_number(low)} to {'' if last < high else 'under '}{_number(last)}"


def band_labels(edges: Sequence[float], *, integral: bool) -> list[str]:
    """Name the bands that some edges part."""
    bounds = [None, *edges, None]
    if not edges:
        return ["all"]
    return [band_label(low, high, integral=integral) for low, high in pairwise(bounds)]


def _number(number: float | None) -> str:
    return "" if number is None else format_number(float(number))
