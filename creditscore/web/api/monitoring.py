"""The routes of monitoring: figures from the log of decisions, and metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from creditscore.errors import Fault
from creditscore.i18n.catalogue import LANGUAGES, say
from creditscore.monitoring.course_csv import course_csv
from creditscore.monitoring.monitor import DEFAULT_DAYS, MAX_DAYS
from creditscore.monitoring.periods import PERIODS, Window
from creditscore.web import query_parameters
from creditscore.web.authentication import check_key
from creditscore.web.content_negotiation import CSV, mark_negotiated, wants_csv, wants_page
from creditscore.web.metrics import as_text
from creditscore.web.monitoring_check import monitoring_gauges, read_check, watch
from creditscore.web.pages.monitoring_page import show_monitoring
from creditscore.web.problems import WrongValues
from creditscore.web.service import Service, service

bp = Blueprint("monitoring", __name__)

#: What the answer is written as, whatever the request accepts.
FORMATS = ("json", "csv")

PARAMETERS = {
    "days": query_parameters.whole(1, MAX_DAYS),
    "since": query_parameters.moment(),
    "until": query_parameters.moment(),
    "by": query_parameters.one_of(PERIODS),
    "format": query_parameters.one_of(FORMATS),
}


@bp.get("/monitoring")
def monitoring() -> ResponseReturnValue:
    """Compare the decisions of a window with training, and predictions with outcomes."""
    svc, format_name = service(), request.args.get("format")
    page = format_name is None and wants_page(request)
    check_key(request, svc.keys)
    languages = {"lang": query_parameters.one_of(LANGUAGES)} if page else {}
    # A form sends an empty choice.
    lengths = {"by": query_parameters.one_of(("", *PERIODS))} if page else {}
    values = query_parameters.read_query(request, {**PARAMETERS, **languages, **lengths})
    window = _read_window(values, svc.log.now())
    report = watch(svc, window, values.get("by") or None)
    if page:
        return mark_negotiated(show_monitoring(report))
    table = format_name == "csv" if format_name else wants_csv(request)
    return mark_negotiated(_as_csv(report) if table else jsonify(report))


def _as_csv(report: Mapping[str, Any]) -> Response:
    answer = Response(course_csv(report), content_type=f"{CSV}; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="monitoring.csv"'
    return answer


@bp.get("/metrics")
def metrics() -> Response:
    """Return what all processes have counted, as Prometheus reads it."""
    svc = service()
    check_key(request, svc.keys)
    text, content_type = as_text(_ModelCollector(svc))
    return Response(text, content_type=content_type)


class _ModelCollector:
    """Gauges of the model in service, as of this moment."""

    def __init__(self, svc: Service) -> None:
        self._service = svc

    def collect(self) -> Iterator[Any]:
        """Return the gauges."""
        from prometheus_client.core import GaugeMetricFamily

        models = GaugeMetricFamily(
            "creditscore_model_info", "The model that decides", labels=["scorecard", "version"]
        )
        for scorecard, version in self._service.assessor.model.versions.items():
            models.add_metric([scorecard, version], 1)
        yield models
        yield GaugeMetricFamily(
            "creditscore_model_reload_failed",
            "1 if the last reload kept the model that was there",
            value=float(bool(self._service.refused)),
        )
        yield from monitoring_gauges(read_check(self._service.settings.runtime_dir))


def _read_window(values: dict[str, Any], now: datetime) -> Window:
    """Return the window of a query: from a time on, or so many days before its end."""
    if "days" in values and "since" in values:
        raise WrongValues([Fault("not_allowed", "/days", say("days_or_since"))])
    until = values.get("until", now)
    try:
        since = values.get("since", until - timedelta(days=values.get("days", DEFAULT_DAYS)))
    except OverflowError:
        raise WrongValues([Fault("not_allowed", "/until", say("no_such_window"))]) from None
    if since >= until:
        raise WrongValues([Fault("not_allowed", "/since", say("no_such_window"))])
    return Window(since, until)
