"""Plots as SVG: inside a page, which colours their classes, or as a file of its own.

A file is a sheet of one or more plots with their titles and legends in it, on a white background
and in fixed colours, so that it is legible on any page. The same plots give the same bytes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from creditscore.charts.axes import BOTTOM, RIGHT, TOP, Axes, Bar

#: Space between the plots of a sheet and around them, and the height of a line of text.
GAP, LINE_HEIGHT = 18, 16

#: Widths of characters in texts and titles, about; a capital letter is wider.
CHARACTER, CAPITAL, TITLE_CHARACTER = 6.4, 8.2, 9

#: Colours of a file: those of web/static/page.css on paper.
STYLE = (
    "text{font:12px system-ui,'Segoe UI',Roboto,'Noto Sans',sans-serif;fill:#1c1f24}"
    ".sheet-title{font-size:15px;font-weight:600}.plot-title{font-weight:600}.axis{fill:#565c66}"
    ".grid{stroke:#d9d6cf}.up{text-anchor:end}.across{text-anchor:middle}"
    "polyline{fill:none;stroke-width:2.5;stroke-linejoin:round}"
    ".line-one{stroke:#1d5796}.line-two{stroke:#a63d17}.line-three{stroke:#17714f}"
    ".line-even{stroke:#7b808a;stroke-width:1.5;stroke-dasharray:4 4}"
    ".mark-line{stroke:#1c1f24;stroke-width:1.5;stroke-dasharray:3 3}"
    ".whisker{stroke:#1d5796;stroke-width:1.5}.line-interval{stroke:#1c1f24;stroke-width:1.5}"
    ".dot{fill:#1d5796}.bar-one{fill:#1d5796}.bar-two{fill:#a63d17}.bar-three{fill:#17714f}"
    ".bar-light{fill:#b9cde3}.faint{opacity:.35}"
)


@dataclass(frozen=True)
class Plot:
    """One plot; all coordinates are SVG units.

    Attributes
    ----------
    axes : Axes
    title : str
    spoken : str
        What it shows, for those who do not see it.
    x_title, y_title : str
        Of the axes.
    x_ticks, y_ticks : sequence of (float, str)
        Coordinates and labels.
    lines : sequence of (str, str)
        Style (the end of the class) and points.
    bars : sequence of (str, float, float, float, float)
        Style, left, top, width and height.
    dots : sequence of (float, float, float, float)
        Each with the upper and lower end of its interval.
    marks : sequence of float
        Where a dashed vertical line stands.
    legend : sequence of (str, str)
        Styles, and what they mean.
    """

    axes: Axes
    title: str
    spoken: str
    x_title: str
    y_title: str
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    lines: Sequence[tuple[str, str]] = ()
    bars: Sequence[Bar] = ()
    dots: Sequence[tuple[float, float, float, float]] = ()
    marks: Sequence[float] = ()
    legend: Sequence[tuple[str, str]] = ()

    def to_svg(self) -> str:
        """Return an <svg> element for a page, which has its titles and legend beside it."""
        label = escape(f"{self.title}. {self.spoken}")
        box = f"0 0 {self.axes.width:g} {self.axes.height:g}"
        return f'<svg viewBox="{box}" role="img" aria-label="{label}">{"".join(draw(self))}</svg>'


def draw(plot: Plot) -> Iterator[str]:
    """Return the elements of a plot: grid, ticks, bars, lines, dots and marks."""
    left, right = plot.axes.left, plot.axes.width - RIGHT
    foot = plot.axes.height - BOTTOM
    grid = "".join(f"M{left:g} {y}H{right:g}" for y, _ in plot.y_ticks)
    yield f'<path class="grid" d="{grid}"/>'
    yield from (_text(left - 6, y + 4, words, "up") for y, words in plot.y_ticks)
    yield from (_text(x, foot + 18, words, "across") for x, words in plot.x_ticks)
    for style, x, y, width, height in plot.bars:
        yield f'<rect class="bar-{style}" x="{x}" y="{y}" width="{width}" height="{height}"/>'
    for style, points in plot.lines:
        yield f'<polyline class="line-{style}" points="{points}"/>'
    for x, y, low, high in plot.dots:
        yield f'<line class="whisker" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>'
        yield f'<circle class="dot" cx="{x}" cy="{y}" r="4"/>'
    for x in plot.marks:
        yield f'<line class="mark-line" x1="{x}" x2="{x}" y1="{TOP}" y2="{foot:g}"/>'


def sheet(title: str, plots: Sequence[Plot], *, columns: int = 1) -> str:
    """Return an SVG file of plots side by side.

    Parameters
    ----------
    title : str
        Of the sheet.
    plots : sequence of Plot
        Of one size. A single plot has what it shows written below its title.
    columns : int
        Plots in a row, at most.
    """
    columns = min(columns, len(plots))
    headers = [list(_header(plot, spoken=len(plots) == 1)) for plot in plots]
    footers = [_wrap(plot.x_title, plot.axes.width - plot.axes.left) for plot in plots]
    axes, above = plots[0].axes, LINE_HEIGHT * max(map(len, headers))
    across = axes.width + GAP
    down = above + axes.height + LINE_HEIGHT * max(map(len, footers)) + GAP
    heading = textwrap.wrap(title, int(columns * across / TITLE_CHARACTER))
    head = GAP + 20 * len(heading)
    width, height = GAP + columns * across, head + -(-len(plots) // columns) * down
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *(_text(GAP, GAP + 12 + 20 * row, line, "sheet-title") for row, line in enumerate(heading)),
    ]
    for index, (plot, header, footer) in enumerate(zip(plots, headers, footers, strict=True)):
        x, y = GAP + index % columns * across, head + index // columns * down
        middle, foot = (axes.left + axes.width - RIGHT) / 2, above + axes.height
        parts += [
            f'<g transform="translate({x:g} {y:g})">',
            *(_line(row, line) for row, line in enumerate(header, start=1)),
            f'<g transform="translate(0 {above:g})">', *draw(plot), "</g>",
            *(
                _text(middle, foot + LINE_HEIGHT * row - 4, line, "axis across")
                for row, line in enumerate(footer, start=1)
            ),
            "</g>",
        ]  # fmt: skip
    return "\n".join([*parts, "</svg>"]) + "\n"


def text_width(words: str) -> float:
    """Estimate the width of a text in SVG units."""
    return sum(CAPITAL if character.isupper() else CHARACTER for character in words)


def _header(plot: Plot, *, spoken: bool) -> Iterator[tuple[str, str]]:
    """Return style and words of each line above a plot: title, legend, vertical axis."""
    yield "plot-title", plot.title
    if spoken:
        yield from (("axis", line) for line in _wrap(plot.spoken, plot.axes.width))
    yield from ((f"bar-{style}", words) for style, words in plot.legend)
    if plot.y_title:
        yield "axis", f"{plot.y_title} \N{UPWARDS ARROW}"


def _line(row: int, line: tuple[str, str]) -> str:
    style, words = line
    y = LINE_HEIGHT * row - 4
    if not style.startswith("bar-"):
        return _text(0, y, words, style)
    return f'<rect class="{style}" y="{y - 10}" width="10" height="10"/>{_text(15, y, words)}'


def _wrap(words: str, width: float) -> list[str]:
    return textwrap.wrap(words, int(width / CHARACTER))


def _text(x: float, y: float, words: str, style: str = "") -> str:
    attribute = f' class="{style}"' if style else ""
    return f'<text{attribute} x="{x:g}" y="{y:g}">{escape(words)}</text>'
