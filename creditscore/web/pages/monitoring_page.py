"""The page of monitoring: a frame that is open to all, and what it shows to who has a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request

from creditscore.charts.axes import Axes
from creditscore.charts.model_charts import calibration
from creditscore.charts.svg import Plot
from creditscore.evaluation.stability import MIN_ROWS
from creditscore.i18n.catalogue import PAGE_TEXTS, in_language
from creditscore.i18n.number_format import FORMATS
from creditscore.monitoring.monitor import DEFAULT_DAYS
from creditscore.schema.descriptions import group_text
from creditscore.web.content_negotiation import page_language
from creditscore.web.pages.layout import show_behind_key
from creditscore.web.service import service

#: Days to look back that the page offers.
DAYS = (7, 30, 90, 365)

#: Days are named under a plot at most so often.
MOST_TICKS = 4


def show_monitoring(found: Mapping[str, Any] | None) -> Response:
    """Show what monitoring found; only the frame for nothing."""
    language = page_language()
    wanted = request.args.get("days", str(DEFAULT_DAYS))
    return show_behind_key(
        "monitoring.html",
        language,
        days=wanted,
        offered=sorted({*DAYS, int(wanted)}) if wanted.isdecimal() else DAYS,
        found=found,
        fewest=MIN_ROWS,
        scorecards=[] if found is None else _scorecards(found["scorecards"], language),
        write=FORMATS[language],
    )


def _scorecards(found: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    schema, texts = service().assessor.model.schema, PAGE_TEXTS[language]
    shown = []
    for name, section in found.items():
        titles = {
            field: in_language(schema.fields[field].title, language) for field in section["fields"]
        }
        days, bands = section["approvals_by_day"], section["outcomes"]["bands"]
        shifts = {texts["drift_score"]: section["score"]}
        shifts |= {titles[field]: shift for field, shift in section["fields"].items()}
        shown.append(
            {
                "name": name,
                "title": in_language(schema.scorecards[name].title, language),
                "section": section,
                "shifts": shifts,
                "groups": {
                    titles[field]: [
                        {**one, "group": _group(field, one["group"], language)} for one in groups
                    ]
                    for field, groups in section["approvals_by_group"].items()
                },
                "by_day": approvals_by_day(days, texts, language) if days else None,
                "calibration": calibration(bands, texts, language) if bands else None,
            }
        )
    return shown


def _group(field: str, label: str, language: str) -> str:
    return in_language(group_text(service().assessor.model.schema.fields[field], label), language)


def approvals_by_day(
    days: Sequence[Mapping[str, Any]], texts: Mapping[str, str], language: str
) -> Plot:
    """Draw the approval rate of each day that has decisions, with its interval."""
    axes = Axes(-0.5, len(days) - 0.5, 0, 1)
    rates = [day["rate"] for day in days]
    step = -(-len(days) // MOST_TICKS)
    return Plot(
        axes=axes,
        title=texts["watch_by_day"],
        spoken=texts["watch_by_day_spoken"].format(
            days=len(days), first=days[0]["day"], last=days[-1]["day"]
        ),
        x_title=texts["watch_day"],
        y_title=texts["watch_approved"],
        x_ticks=[(axes.x(place), days[place]["day"][5:]) for place in range(0, len(days), step)],
        y_ticks=axes.y_ticks(FORMATS[language].shares),
        lines=[("one", axes.line((place, rate["value"]) for place, rate in enumerate(rates)))],
        dots=[
            (axes.x(place), axes.y(rate["value"]), axes.y(rate["low"]), axes.y(rate["high"]))
            for place, rate in enumerate(rates)
        ],
    )
