"""Plots of the model card as SVG files: those of the page, and more detail by group and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from creditscore.charts.axes import TOP, Axes, round_up
from creditscore.charts.model_charts import field_curves, scorecard_plots
from creditscore.charts.svg import Plot, sheet, text_width
from creditscore.evaluation.card import Card, ScorecardCard
from creditscore.evaluation.fairness import INCONCLUSIVE, MIN_GROUP_OUTCOMES
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE
from creditscore.i18n.number_format import PAGE_FORMATS

Texts = Mapping[str, str]

#: Most reasons drawn or listed; the JSON has all.
MAX_REASONS = 12

WRITE = PAGE_FORMATS[DEFAULT_LANGUAGE]
SHARE, NUMBER = WRITE.shares, WRITE.numbers


def model_card_plots(card: Card, texts: Texts) -> Iterator[tuple[str, str]]:
    """Draw every plot of a model card.

    Parameters
    ----------
    card : Card
    texts : mapping of str to str
        English texts of the model page.

    Yields
    ------
    name : str
        Of a file, such as application-roc.svg.
    svg : str
    """
    for name, section in card.scorecards.items():
        plots = scorecard_plots(section, texts, DEFAULT_LANGUAGE)
        for kind, plot in zip(("roc", "calibration", "scores"), plots, strict=True):
            yield f"{name}-{kind}.svg", _sheet(section, plot)
        for kind, draw in KINDS.items():
            yield f"{name}-{kind}.svg", draw(card, section, texts)


def _cutoffs(card: Card, section: ScorecardCard, texts: Texts) -> str:
    rows, cutoff = section.curves.cutoffs, section.decision.cutoff
    legend = [
        ("one", "approved"),
        ("two", "bad among the approved"),
        ("three", "bad among the declined"),
    ]
    count = section.performance.rows
    axes = Axes(0, 1, 0, 1)
    approved = [(row.cutoff, row.approval_rate) for row in rows if count >= MIN_GROUP_OUTCOMES]
    bad = [
        (row.cutoff, row.bad_rate_approved)
        for row in rows
        if row.bad_rate_approved is not None and row.approval_rate * count >= MIN_GROUP_OUTCOMES
    ]
    declined = [
        (row.cutoff, row.bad_rate_declined)
        for row in rows
        if row.bad_rate_declined is not None
        and (1 - row.approval_rate) * count >= MIN_GROUP_OUTCOMES
    ]
    shares = [
        (style, axes.line(line))
        for (style, _), line in zip(legend, (approved, bad, declined), strict=True)
    ]
    costs = [(row.cutoff, row.cost) for row in rows]
    cost_axes = Axes(0, 1, 0, 1.05 * max(cost for _, cost in costs))
    return _sheet(
        section,
        _plot(axes, "Approval and bad rates", lines=shares, legend=legend,
              x_title=f"Cut-off: eligible below; the dashed line is at {WRITE.cutoff(cutoff)}",
              x_ticks=axes.x_ticks(SHARE), y_ticks=axes.y_ticks(SHARE), marks=[axes.x(cutoff)]),
        _plot(cost_axes, "Cost per applicant", lines=[("one", cost_axes.line(costs))],
              x_title="Cut-off", y_title="In margins of a good account",
              x_ticks=cost_axes.x_ticks(SHARE), y_ticks=cost_axes.y_ticks(NUMBER),
              marks=[cost_axes.x(cutoff)]),
        title="What each cut-off does",
        columns=2,
    )  # fmt: skip


def _partial_dependence(card: Card, section: ScorecardCard, texts: Texts) -> str:
    plots = field_curves(section, card.fields, texts, DEFAULT_LANGUAGE, mark_violations=True)
    curves = section.sensitivity.partial_dependence.values()
    has_violations = any(curve.violating_steps for curve in curves)
    note = " (red: against the expected direction of the risk)" if has_violations else ""
    return _sheet(section, *plots, title=f"partial dependence{note}", columns=3)


def _fairness(card: Card, section: ScorecardCard, texts: Texts) -> str:
    groups = [
        (card.fields[name].title, group)
        for name, field in section.fairness.items()
        for group in field.groups
        if group.rows
    ]
    small = [group.verdict == INCONCLUSIVE for _, group in groups]
    labels = [
        f"{title}: {group.group} ({group.rows:,})" + ("*" if faint else "")
        for (title, group), faint in zip(groups, small, strict=True)
    ]
    panels = [
        ("one", "Approved", [group.approval_rate for _, group in groups]),
        ("three", "Approved among the good", [group.approval_rate_good for _, group in groups]),
        ("two", "Bad among the approved", [group.bad_rate_approved for _, group in groups]),
    ]
    plots = []
    for style, title, figures in panels:
        axes = _row_axes(
            labels, round_up(max((figure["high"] for figure in figures if figure), default=0))
        )
        rows = [(row, figure) for row, figure in enumerate(figures) if figure]
        plots.append(
            _plot(axes, title, x_ticks=axes.x_ticks(SHARE), y_ticks=_row_labels(axes, labels),
                  bars=[
                      axes.horizontal_bar(style + " faint" * small[row], row, figure["value"])
                      for row, figure in rows
                  ],
                  lines=[
                      ("interval", axes.line([(figure["low"], row), (figure["high"], row)]))
                      for row, figure in rows
                  ])
        )  # fmt: skip
    note = " (* too few rows to be compared)" if any(small) else ""
    note = note if groups else ": none"
    return _sheet(section, *plots, title=f"protected groups{note}")


def _reasons(card: Card, section: ScorecardCard, texts: Texts) -> str:
    explanation = section.explanation
    reasons = explanation.reasons[:MAX_REASONS]
    refusals, labels = max(1, explanation.refusals), [reason.code for reason in reasons]
    axes = _row_axes(
        labels, round_up(max((reason.given for reason in reasons), default=0) / refusals)
    )
    return _sheet(
        section,
        _plot(axes, "Reasons of refusals", y_ticks=_row_labels(axes, labels),
              x_title=f"Share of the {explanation.refusals:,} held-out refusals",
              x_ticks=axes.x_ticks(SHARE),
              legend=[("light", "among the reasons"), ("one", "the first reason")],
              bars=[
                  axes.horizontal_bar(style, row, number / refusals)
                  for style, numbers in (
                      ("light", [reason.given for reason in reasons]),
                      ("one", [reason.first for reason in reasons]),
                  )
                  for row, number in enumerate(numbers)
              ]),
    )  # fmt: skip


def _row_axes(labels: Sequence[str], end: float) -> Axes:
    """Return axes for horizontal bars, the first on top, with room for their labels."""
    left = 12 + max(map(text_width, labels), default=0)
    height = TOP + 26 + 20 * max(1, len(labels))
    return Axes(0, end, len(labels) - 0.5, -0.5, left + 300, height, left)


def _row_labels(axes: Axes, labels: Sequence[str]) -> list[tuple[float, str]]:
    return [(axes.y(row), label) for row, label in enumerate(labels)]


def _plot(axes: Axes, title: str, *, x_title: str = "", y_title: str = "", **parts: Any) -> Plot:
    return Plot(axes=axes, title=title, spoken="", x_title=x_title, y_title=y_title, **parts)


def _sheet(section: ScorecardCard, *plots: Plot, title: str = "", columns: int = 1) -> str:
    heading = f"{section.title}: {title}" if title else section.title
    return sheet(heading, plots, columns=columns)


KINDS: Mapping[str, Callable[[Card, ScorecardCard, Texts], str]] = {
    "cutoffs": _cutoffs,
    "partial_dependence": _partial_dependence,
    "fairness": _fairness,
    "reasons": _reasons,
}
