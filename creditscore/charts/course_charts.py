"""Plots of figures over time, from what monitoring found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from creditscore.charts.axes import Axes, Point, Writer
from creditscore.charts.svg import Plot

#: Periods are named under a plot at most so often.
MAX_TICKS = 4

#: A figure of each period, None where there are too few decisions for one.
Course = Sequence[float | None]


def drawable(course: Course) -> bool:
    """Return whether a course has two figures, without which there is nothing to draw."""
    return sum(value is not None for value in course) >= 2


def course_plot(
    days: Sequence[str],
    courses: Mapping[str, Course],
    *,
    title: str,
    spoken: str,
    x_title: str,
    write: Writer,
    legend: Sequence[tuple[str, str]],
    y_low: float = 0.0,
    y_high: float | None = None,
    levels: Sequence[float] = (),
) -> Plot:
    """Draw figures over time; a period without one is a gap.

    Parameters
    ----------
    days : sequence of str
        The first day of each period, as it is written below the plot.
    courses : mapping of str to Course
        By the style of its line.
    title, spoken, x_title, legend
        As in `Plot`.
    write : callable
        Writes the ticks of the vertical axis.
    y_low, y_high : float
        The least that the vertical axis spans.
    levels : sequence of float
        Where a dashed line lies across.
    """
    values = [value for course in courses.values() for value in course if value is not None]
    top = max([*values, *levels, *([] if y_high is None else [y_high])])
    axes = Axes(-0.5, len(days) - 0.5, min([y_low, *values, *levels]), top if top > y_low else 1.0)
    step = -(-len(days) // MAX_TICKS)
    ends = (axes.x_low, axes.x_high)
    lines = [("even", axes.line((x, level) for x in ends)) for level in levels]
    for style, course in courses.items():
        lines += [(style, axes.line(piece)) for piece in _pieces(course)]
    main = next(iter(courses.values()))
    return Plot(
        axes=axes,
        title=title,
        spoken=spoken,
        x_title=x_title,
        y_title="",
        x_ticks=[(axes.x(index), days[index]) for index in range(0, len(days), step)],
        y_ticks=axes.y_ticks(write),
        lines=lines,
        dots=[
            (axes.x(index), axes.y(value), axes.y(value), axes.y(value))
            for index, value in enumerate(main)
            if value is not None
        ],
        legend=legend,
    )


def _pieces(course: Course) -> Iterator[list[Point]]:
    """Cut a course at its gaps."""
    piece: list[Point] = []
    for index, value in enumerate(course):
        if value is not None:
            piece.append((index, value))
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece
