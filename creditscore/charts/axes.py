"""Plots as places: numbers become coordinates here, and templates/plots.html draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10

from creditscore.i18n.catalogue import in_language, say_number

#: The drawing, in its own units; a browser makes it as large as there is room.
WIDTH, HEIGHT = 360, 222
LEFT, RIGHT, TOP, BOTTOM = 50, 14, 12, 26

#: Ticks on an axis, about so many.
TICKS = 5

Point = tuple[float, float]


@dataclass(frozen=True)
class Plot:
    """One plot; all places are in the drawing's units.

    Attributes
    ----------
    title : str
        What it shows.
    spoken : str
        What it says, for who does not see it.
    x_title, y_title : str
        Of the axes.
    x_ticks, y_ticks : sequence of (float, str)
        Where they stand, and what they say.
    lines : sequence of (str, str)
        Each with the class that colours it.
    bars : sequence of (str, float, float, float, float)
        Class, left, top, width and height.
    dots : sequence of (float, float, float, float)
        Each with the upper and lower end of its interval.
    marks : sequence of float
        Where a dashed line stands.
    legend : sequence of (str, str)
        Classes, and what they mean.
    """

    title: str
    spoken: str
    x_title: str
    y_title: str
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    lines: Sequence[tuple[str, str]] = ()
    bars: Sequence[tuple[str, float, float, float, float]] = ()
    dots: Sequence[tuple[float, float, float, float]] = ()
    marks: Sequence[float] = ()
    legend: Sequence[tuple[str, str]] = field(default=())


@dataclass(frozen=True)
class Frame:
    """Where values lie in a drawing."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        """Give the place across."""
        share = (value - self.x_low) / (self.x_high - self.x_low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Give the place from above."""
        share = (value - self.y_low) / (self.y_high - self.y_low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def line(self, points: Iterable[Point]) -> str:
        """Write a line for SVG."""
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)

    def bar(self, kind: str, low: float, high: float, *, foot: float, top: float) -> Bar:
        """Give a bar that stands between two values."""
        left, right = self.x(low), self.x(high)
        upper, lower = self.y(top), self.y(foot)
        return (kind, left, upper, round(max(right - left - 1, 1), 1), round(lower - upper, 1))

    def x_ticks(self, write: Callable[[float], str]) -> list[tuple[float, str]]:
        """Give the ticks of the axis across."""
        return [(self.x(tick), write(tick)) for tick in ticks(self.x_low, self.x_high)]

    def y_ticks(self, write: Callable[[float], str]) -> list[tuple[float, str]]:
        """Give the ticks of the axis upwards."""
        return [(self.y(tick), write(tick)) for tick in ticks(self.y_low, self.y_high)]


Bar = tuple[str, float, float, float, float]


def ticks(low: float, high: float) -> list[float]:
    """Give round numbers between two values."""
    rough = (high - low) / TICKS
    size = 10.0 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def round_up(share: float) -> float:
    """Give the end of an axis that holds a share: the next whole tenth, and no more than all."""
    return min(1.0, max(0.1, ceil(share * 10 + 1e-9) / 10))


def write_number(language: str) -> Callable[[float], str]:
    """Write numbers as people of a language do."""
    return lambda value: in_language(
        say_number(int(value) if value == int(value) else round(value, 3)), language
    )


def write_share(language: str) -> Callable[[float], str]:
    """Write shares as percentages."""
    sign = "%" if language == "en" else " %"
    return lambda value: write_number(language)(round(100 * value, 1)) + sign
