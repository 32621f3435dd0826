"""The page of monitoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for

from creditscore.charts.axes import Axes
from creditscore.charts.model_charts import CalibrationPoint, calibration
from creditscore.charts.svg import Plot
from creditscore.i18n.catalogue import PAGE_TEXTS, in_language
from creditscore.i18n.date_format import write_day, write_short_day
from creditscore.i18n.number_format import PAGE_FORMATS
from creditscore.monitoring.monitor import DEFAULT_DAYS
from creditscore.monitoring.periods import PERIODS
from creditscore.web.content_negotiation import page_language
from creditscore.web.pages.course_view import CourseView
from creditscore.web.pages.layout import render_page, write_group
from creditscore.web.service import service

#: Days to look back that the page offers.
DAYS = (7, 30, 90, 365)

#: Parameters of the address that choose what is counted.
WINDOW = ("days", "since", "until", "by")

#: Days are named under a plot at most so often.
MAX_TICKS = 4


def show_monitoring(report: Mapping[str, Any]) -> Response:
    """Show what monitoring found."""
    language, triggers = page_language(), service().assessor.model.schema.triggers
    days = request.args.get("days", str(DEFAULT_DAYS))
    return render_page(
        "monitoring.html",
        language,
        days=days,
        day_choices=sorted({*DAYS, int(days)}) if days.isdecimal() else DAYS,
        periods=PERIODS,
        by=request.args.get("by", ""),
        csv=_csv_address(),
        report=report,
        min_decisions=triggers.min_decisions,
        min_outcomes=triggers.min_outcomes,
        course_help=_course_help(report["by"], language),
        scorecards=_scorecards(report, language),
        write=PAGE_FORMATS[language],
    )


def _csv_address() -> str:
    """Return the address of the same window as CSV."""
    window = [(name, request.args[name]) for name in WINDOW if request.args.get(name)]
    return f"{url_for('monitoring.monitoring')}?{urlencode([*window, ('format', 'csv')])}"


def _course_help(by: str, language: str) -> str:
    texts, triggers = PAGE_TEXTS[language], service().assessor.model.schema.triggers
    return texts["course_help"].format(
        period=texts[f"course_by_{by}"],
        decisions=PAGE_FORMATS[language].number(triggers.min_decisions),
        outcomes=PAGE_FORMATS[language].number(triggers.min_outcomes),
    )


def _scorecards(report: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    schema, texts = service().assessor.model.schema, PAGE_TEXTS[language]
    cards = []
    for name, section in report["scorecards"].items():
        titles = {
            field: in_language(schema.fields[field].title, language) for field in section["fields"]
        }
        days, bands = section["approvals_by_day"], section["outcomes"]["bands"]
        shifts = {texts["drift_score"]: _name_bins(section["score"], None, language)}
        shifts |= {
            titles[field]: _name_bins(shift, field, language)
            for field, shift in section["fields"].items()
        }
        cards.append(
            {
                "name": name,
                "title": in_language(schema.scorecards[name].title, language),
                "section": section,
                "shifts": shifts,
                "groups": {
                    titles[field]: [
                        {**row, "group": write_group(field, row["group"], language)}
                        for row in groups
                    ]
                    for field, groups in section["approvals_by_group"].items()
                },
                "course": CourseView(section, report["by"], schema, texts, language),
                "by_day": approvals_by_day(days, texts, language) if len(days) > 1 else None,
                "calibration": _calibration(bands, texts, language),
            }
        )
    return cards


def _calibration(
    bands: Sequence[Mapping[str, Any]], texts: Mapping[str, str], language: str
) -> Plot | None:
    points = [
        CalibrationPoint(band["mean_predicted"], band["observed_rate"], *band["interval"])
        for band in bands
    ]
    # One point says less than the two numbers above it.
    return calibration(points, texts, language) if len(points) > 1 else None


def _name_bins(shift: Mapping[str, Any], field: str | None, language: str) -> dict[str, Any]:
    """Return a shift with its bins named in a language; None is the score."""
    bins = [{**bin, "label": write_group(field, bin["label"], language)} for bin in shift["bins"]]
    return {**shift, "bins": bins}


def approvals_by_day(
    days: Sequence[Mapping[str, Any]], texts: Mapping[str, str], language: str
) -> Plot:
    """Draw the approval rate of each day that has decisions, with its interval."""
    axes = Axes(-0.5, len(days) - 0.5, 0, 1)
    rates = [day["rate"] for day in days]
    step = -(-len(days) // MAX_TICKS)
    return Plot(
        axes=axes,
        title=texts["watch_by_day"],
        spoken=texts["watch_by_day_spoken"].format(
            days=len(days),
            first=write_day(days[0]["day"], language),
            last=write_day(days[-1]["day"], language),
        ),
        x_title=texts["watch_day"],
        y_title=texts["watch_approved"],
        x_ticks=[
            (axes.x(index), write_short_day(days[index]["day"], language))
            for index in range(0, len(days), step)
        ],
        y_ticks=axes.y_ticks(PAGE_FORMATS[language].shares),
        lines=[("one", axes.line((index, rate["value"]) for index, rate in enumerate(rates)))],
        dots=[
            (axes.x(index), axes.y(rate["value"]), axes.y(rate["low"]), axes.y(rate["high"]))
            for index, rate in enumerate(rates)
        ],
    )
