"""Axes of a plot: from values to coordinates, and round ticks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

#: Margins of a plot, in SVG units; that on the left is as wide as the labels there.
RIGHT, TOP, BOTTOM = 14, 12, 26

#: About so many ticks on an axis.
TICKS = 5

Point = tuple[float, float]

#: Writes the numbers of all ticks of an axis, so that their decimals agree.
Writer = Callable[[Sequence[float]], Sequence[str]]

#: Class, left, top, width and height.
Bar = tuple[str, float, float, float, float]


@dataclass(frozen=True)
class Axes:
    """The range of values on both axes, and the size of the drawing in SVG units."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    width: float = 360
    height: float = 222
    left: float = 50

    def x(self, value: float) -> float:
        """Return the horizontal coordinate of a value."""
        share = (value - self.x_low) / (self.x_high - self.x_low)
        return round(self.left + share * (self.width - self.left - RIGHT), 1)

    def y(self, value: float) -> float:
        """Return the vertical coordinate of a value, from the top."""
        share = (value - self.y_low) / (self.y_high - self.y_low)
        return round(self.height - BOTTOM - share * (self.height - TOP - BOTTOM), 1)

    def line(self, points: Iterable[Point]) -> str:
        """Return the points of a polyline."""
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)

    def bar(self, style: str, low: float, high: float, *, foot: float, top: float) -> Bar:
        """Return an upright bar between two values of the horizontal axis."""
        left, right = self.x(low), self.x(high)
        upper, lower = self.y(top), self.y(foot)
        return (style, left, upper, round(max(right - left - 1, 1), 1), round(lower - upper, 1))

    def horizontal_bar(self, style: str, row: int, value: float) -> Bar:
        """Return a bar from 0 to a value; the rows are whole numbers on the vertical axis."""
        left, upper, lower = self.x(0), self.y(row - 0.35), self.y(row + 0.35)
        return (style, left, upper, round(self.x(value) - left, 1), round(lower - upper, 1))

    def x_ticks(self, write: Writer) -> list[tuple[float, str]]:
        """Return coordinates and labels of the ticks of the horizontal axis."""
        values = ticks(self.x_low, self.x_high)
        return [(self.x(tick), text) for tick, text in zip(values, write(values), strict=True)]

    def y_ticks(self, write: Writer) -> list[tuple[float, str]]:
        """Return coordinates and labels of the ticks of the vertical axis."""
        values = ticks(self.y_low, self.y_high)
        return [(self.y(tick), text) for tick, text in zip(values, write(values), strict=True)]


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two values."""
    rough = (high - low) / TICKS
    size = 10.0 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(multiple * step, 10) for multiple in range(first, last + 1)]


def round_up(share: float) -> float:
    """Return the end of an axis that holds a share: the next tenth, at most 1."""
    return min(1.0, max(0.1, ceil(share * 10 + 1e-9) / 10))
