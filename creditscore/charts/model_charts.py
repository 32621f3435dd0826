"""Plots of a scorecard, from the figures of its model card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from creditscore.charts.axes import Axes, round_up
from creditscore.charts.svg import Plot
from creditscore.evaluation.card import FieldTexts, ScorecardCard
from creditscore.evaluation.card_effects import CurvePoint
from creditscore.evaluation.card_sections import CutoffRow, ScoreHistogram
from creditscore.i18n.number_format import PAGE_FORMATS

Texts = Mapping[str, str]

#: Most fields that are drawn or listed, those that weigh most; the card has all.
MAX_FIELDS = 30


def scorecard_plots(section: ScorecardCard, texts: Texts, language: str) -> list[Plot]:
    """Draw ROC curve, calibration curve and score distribution."""
    points = [
        CalibrationPoint(band.mean_predicted, band.observed_rate, *band.interval)
        for band in section.curves.calibration
    ]
    return [
        roc(section, texts, language),
        calibration(points, texts, language),
        score_distribution(section.curves.scores, texts, language),
    ]


def cutoff_plot(section: ScorecardCard, chosen_row: CutoffRow, texts: Texts, language: str) -> Plot:
    """Draw approval rate and bad rate of the approved at each cut-off; mark the chosen one."""
    rows, axes, write = section.curves.cutoffs, Axes(0, 1, 0, 1), PAGE_FORMATS[language]
    approved = [(row.cutoff, row.approval_rate) for row in rows]
    bad = [(row.cutoff, row.bad_rate_approved) for row in rows if row.bad_rate_approved is not None]
    nobody_text = texts["cut_nobody"]
    return Plot(
        axes=axes,
        title=texts["cut_plot"],
        spoken=texts["cut_spoken"].format(
            cutoff=write.setting(chosen_row.cutoff),
            approved=write.share(chosen_row.approval_rate),
            bad=nobody_text
            if chosen_row.bad_rate_approved is None
            else write.share(chosen_row.bad_rate_approved),
        ),
        x_title=texts["cut_axis"],
        y_title=texts["share_axis"],
        x_ticks=axes.x_ticks(write.shares),
        y_ticks=axes.y_ticks(write.shares),
        lines=[("one", axes.line(approved)), ("two", axes.line(bad))],
        marks=[axes.x(chosen_row.cutoff)],
        legend=[("one", texts["legend_approved"]), ("two", texts["legend_bad"])],
    )


@dataclass(frozen=True)
class CalibrationPoint:
    """Predicted and observed rate of some rows, and the interval of the latter."""

    predicted: float
    observed: float
    low: float
    high: float


def calibration(points: Sequence[CalibrationPoint], texts: Texts, language: str) -> Plot:
    """Draw a calibration curve: observed rates over mean predictions, with intervals."""
    top = round_up(max(end for point in points for end in (point.predicted, point.high)))
    axes, write = Axes(0, top, 0, top), PAGE_FORMATS[language]
    low, high = points[0].predicted, points[-1].predicted
    return Plot(
        axes=axes,
        title=texts["calibration_title"],
        spoken=texts["calibration_spoken"].format(low=write.share(low), high=write.share(high)),
        x_title=texts["calibration_x"],
        y_title=texts["calibration_y"],
        x_ticks=axes.x_ticks(write.shares),
        y_ticks=axes.y_ticks(write.shares),
        lines=[("even", axes.line([(0, 0), (top, top)]))],
        dots=[
            (axes.x(point.predicted), axes.y(point.observed), axes.y(point.low), axes.y(point.high))
            for point in points
        ],
    )


def field_curves(
    section: ScorecardCard,
    fields: Mapping[str, FieldTexts],
    texts: Texts,
    language: str,
    *,
    mark_violations: bool = False,
) -> Iterator[Plot]:
    """Draw the partial dependence of each field, all on the same vertical axis.

    Of more than `MAX_FIELDS`, those that weigh most.

    With ``mark_violations``, the steps against the expected direction have a colour of their own.
    """
    curves = section.sensitivity.partial_dependence
    top = max(point.probability_of_default for curve in curves.values() for point in curve.points)
    names = list(curves)
    if len(names) > MAX_FIELDS:
        names = [importance.field for importance in section.explanation.importance[:MAX_FIELDS]]
    for name in names:
        curve = curves[name]
        yield _field_curve(
            curve.points,
            fields[name],
            texts,
            language=language,
            top=round_up(top),
            violations=curve.violating_steps if mark_violations else [],
        )


def _field_curve(
    points: Sequence[CurvePoint],
    field: FieldTexts,
    texts: Texts,
    *,
    language: str,
    top: float,
    violations: Sequence[Sequence[float | str]],
) -> Plot:
    """Draw a number as a line, a field of few codes as bars."""
    risks = [point.probability_of_default for point in points]
    write = PAGE_FORMATS[language]
    values = [point.value for point in points]
    numbers = [value for value in values if not isinstance(value, str)]
    is_coded = len(numbers) < len(values) or all(point.label for point in points)
    positions: Sequence[float] = range(len(points)) if is_coded else numbers
    ends = (-0.5, len(points) - 0.5) if is_coded else _spread(numbers)
    axes = Axes(*ends, 0.0, top)
    labels = [(axes.x(index), str(index + 1)) for index in range(len(points))] if is_coded else []
    numbered_labels = [
        f"{index}: {_label(point, field)}" for index, point in enumerate(points, start=1)
    ]
    steps = [[values.index(start), values.index(end)] for start, end in violations]
    violating_lines = [[(positions[index], risks[index]) for index in step] for step in steps]
    unit = f"{field.title} ({field.unit})" if field.unit else field.title
    return Plot(
        axes=axes,
        title=field.title,
        spoken=texts["curves_spoken"].format(
            low=write.share(min(risks)), high=write.share(max(risks))
        ),
        x_title=", ".join(numbered_labels) if is_coded else unit,
        y_title=texts["curves_y"],
        x_ticks=labels or axes.x_ticks(write.numbers),
        y_ticks=axes.y_ticks(write.shares),
        lines=[
            *([] if is_coded else [("one", axes.line(zip(positions, risks, strict=True)))]),
            *(("two", axes.line(step)) for step in violating_lines),
        ],
        bars=[
            axes.bar("one", index - 0.3, index + 0.3, foot=0, top=risk)
            for index, risk in enumerate(risks)
            if is_coded
        ],
    )


def _label(point: CurvePoint, field: FieldTexts) -> str:
    return str(field.codes.get(str(point.value), point.label or point.value))


def _spread(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 1, high + 1)


def roc(section: ScorecardCard, texts: Texts, language: str) -> Plot:
    """Draw the ROC curve."""
    curve, axes, write = section.curves.roc, Axes(0, 1, 0, 1), PAGE_FORMATS[language]
    points = zip(curve.declined_good, curve.declined_bad, strict=True)
    auc = section.performance.auc
    return Plot(
        axes=axes,
        title=texts["roc_title"],
        spoken=texts["roc_spoken"].format(auc=write.figure(auc["value"])),
        x_title=texts["roc_x"],
        y_title=texts["roc_y"],
        x_ticks=axes.x_ticks(write.shares),
        y_ticks=axes.y_ticks(write.shares),
        lines=[("even", axes.line([(0, 0), (1, 1)])), ("one", axes.line(points))],
    )


def score_distribution(scores: ScoreHistogram, texts: Texts, language: str) -> Plot:
    """Draw the counts of good and bad applicants by score, stacked, with the cut-off marked."""
    edges, good, bad = scores.edges, scores.good, scores.bad
    highest_count = max(map(sum, zip(good, bad, strict=True)))
    axes, write = Axes(edges[0], edges[-1], 0, highest_count * 1.05), PAGE_FORMATS[language]
    bars = []
    for low, high, goods, bads in zip(edges[:-1], edges[1:], good, bad, strict=True):
        bars.append(axes.bar("two", low, high, foot=0, top=bads))
        bars.append(axes.bar("one", low, high, foot=bads, top=bads + goods))
    return Plot(
        axes=axes,
        title=texts["scores_title"],
        spoken=texts["scores_spoken"].format(low=edges[0], high=edges[-1], cutoff=scores.cutoff),
        x_title=texts["scores_x"],
        y_title=texts["scores_y"],
        x_ticks=axes.x_ticks(write.numbers),
        y_ticks=axes.y_ticks(write.numbers),
        bars=bars,
        marks=[axes.x(min(max(scores.cutoff, edges[0]), edges[-1]))],
        legend=[("one", texts["legend_good"]), ("two", texts["legend_bads"])],
    )
