"""The plots of a scorecard, from what the card keeps of its evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from creditscore.charts.axes import Frame, Plot, round_up, write_number, write_share
from creditscore.evaluation.cutoff_tradeoff import Tradeoff

Section = Mapping[str, Any]
Texts = Mapping[str, str]


def scorecard_plots(section: Section, texts: Texts, language: str) -> list[Plot]:
    """Draw how good a scorecard is."""
    return [
        _roc(section, texts, language),
        calibration(section["curves"]["calibration"], texts, language),
        _scores(section["curves"]["scores"], texts, language),
    ]


def cutoff_plot(section: Section, chosen: Tradeoff, texts: Texts, language: str) -> Plot:
    """Draw what each cut-off does, with the chosen one marked."""
    rows, frame, write = section["curves"]["cutoffs"], Frame(0, 1, 0, 1), write_share(language)
    approved = [(row["cutoff"], row["approval_rate"]) for row in rows]
    bad = [
        (row["cutoff"], row["bad_rate_approved"])
        for row in rows
        if row["bad_rate_approved"] is not None
    ]
    nobody = texts["cut_nobody"]
    return Plot(
        title=texts["cut_plot"],
        spoken=texts["cut_spoken"].format(
            cutoff=write(chosen.cutoff),
            approved=write(chosen.approval_rate),
            bad=nobody if chosen.bad_rate_approved is None else write(chosen.bad_rate_approved),
        ),
        x_title=texts["cut_axis"],
        y_title=texts["share_axis"],
        x_ticks=frame.x_ticks(write),
        y_ticks=frame.y_ticks(write),
        lines=[("one", frame.line(approved)), ("two", frame.line(bad))],
        marks=[frame.x(chosen.cutoff)],
        legend=[("one", texts["legend_approved"]), ("two", texts["legend_bad"])],
    )


def calibration(bands: Sequence[Section], texts: Texts, language: str) -> Plot:
    """Draw what was said beside what happened, with intervals."""
    ends = [end for band in bands for end in (band["said"], band["interval"][1])]
    top, write = round_up(max(ends)), write_share(language)
    frame = Frame(0, top, 0, top)
    low, high = bands[0]["said"], bands[-1]["said"]
    return Plot(
        title=texts["calibration_title"],
        spoken=texts["calibration_spoken"].format(low=write(low), high=write(high)),
        x_title=texts["calibration_x"],
        y_title=texts["calibration_y"],
        x_ticks=frame.x_ticks(write),
        y_ticks=frame.y_ticks(write),
        lines=[("even", frame.line([(0, 0), (top, top)]))],
        dots=[_dot(frame, band) for band in bands],
    )


def _dot(frame: Frame, band: Section) -> tuple[float, float, float, float]:
    low, high = band["interval"]
    return frame.x(band["said"]), frame.y(band["happened"]), frame.y(low), frame.y(high)


def field_curves(
    section: Section, fields: Mapping[str, Section], texts: Texts, language: str
) -> Iterator[Plot]:
    """Draw what each field does to the mean probability."""
    curves = section["behaviour"]["partial_dependence"]
    said = [point["probability_of_default"] for one in curves.values() for point in one["points"]]
    ends = (0.0, round_up(max(said)))
    for name, curve in curves.items():
        yield _field_curve(curve["points"], fields[name], texts, language=language, ends=ends)


def _field_curve(
    points: Sequence[Section],
    field: Section,
    texts: Texts,
    *,
    language: str,
    ends: tuple[float, float],
) -> Plot:
    """Draw a number as a line, a field of few codes as bars."""
    said = [point["probability_of_default"] for point in points]
    share, number = write_share(language), write_number(language)
    values = [point["value"] for point in points]
    coded = any(isinstance(each, str) for each in values) or all(p["label"] for p in points)
    places = list(range(len(points))) if coded else values
    frame = Frame(-0.5, len(points) - 0.5, *ends) if coded else Frame(*_spread(values), *ends)
    labels = [(frame.x(place), str(place + 1)) for place in places] if coded else []
    named = [f"{place + 1}: {_label(point, field)}" for place, point in enumerate(points)]
    unit = f"{field['title']} ({field['unit']})" if field["unit"] else field["title"]
    return Plot(
        title=field["title"],
        spoken=texts["curves_spoken"].format(low=share(min(said)), high=share(max(said))),
        x_title=", ".join(named) if coded else unit,
        y_title=texts["curves_y"],
        x_ticks=labels or frame.x_ticks(number),
        y_ticks=frame.y_ticks(share),
        lines=[] if coded else [("one", frame.line(zip(values, said, strict=True)))],
        bars=[
            frame.bar("one", place - 0.3, place + 0.3, foot=0, top=risk)
            for place, risk in zip(places, said, strict=True)
            if coded
        ],
    )


def _label(point: Section, field: Section) -> str:
    return str(field["codes"].get(str(point["value"]), point["label"] or point["value"]))


def _spread(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 1, high + 1)


def _roc(section: Section, texts: Texts, language: str) -> Plot:
    curve, frame, write = section["curves"]["roc"], Frame(0, 1, 0, 1), write_share(language)
    points = zip(curve["declined_good"], curve["declined_bad"], strict=True)
    auc = section["performance"]["scorecard"]["auc"]["value"]
    return Plot(
        title=texts["roc_title"],
        spoken=texts["roc_spoken"].format(auc=write_number(language)(auc)),
        x_title=texts["roc_x"],
        y_title=texts["roc_y"],
        x_ticks=frame.x_ticks(write),
        y_ticks=frame.y_ticks(write),
        lines=[("even", frame.line([(0, 0), (1, 1)])), ("one", frame.line(points))],
    )


def _scores(scores: Section, texts: Texts, language: str) -> Plot:
    edges, good, bad = scores["edges"], scores["good"], scores["bad"]
    most = max(map(sum, zip(good, bad, strict=True)))
    frame, write = Frame(edges[0], edges[-1], 0, most * 1.05), write_number(language)
    bars = []
    for place, (goods, bads) in enumerate(zip(good, bad, strict=True)):
        low, high = edges[place], edges[place + 1]
        bars.append(frame.bar("two", low, high, foot=0, top=bads))
        bars.append(frame.bar("one", low, high, foot=bads, top=bads + goods))
    return Plot(
        title=texts["scores_title"],
        spoken=texts["scores_spoken"].format(low=edges[0], high=edges[-1], cutoff=scores["cutoff"]),
        x_title=texts["scores_x"],
        y_title=texts["scores_y"],
        x_ticks=frame.x_ticks(write),
        y_ticks=frame.y_ticks(write),
        bars=bars,
        marks=[frame.x(min(max(scores["cutoff"], edges[0]), edges[-1]))],
        legend=[("one", texts["legend_good"]), ("two", texts["legend_bads"])],
    )
