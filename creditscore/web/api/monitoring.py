"""The route that tells whether the scorecards still do what they did in training."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from creditscore.decisions.assessor import timestamp
from creditscore.decisions.record import to_milliseconds
from creditscore.errors import Fault
from creditscore.i18n.catalogue import LANGUAGES, say
from creditscore.monitoring.monitor import LONGEST_DAYS, USUAL_DAYS, Window, monitor
from creditscore.web import query_parameters
from creditscore.web.authentication import check_key
from creditscore.web.content_negotiation import mark_negotiated, shows_key, wants_page
from creditscore.web.pages.monitoring_page import show_monitoring
from creditscore.web.problems import WrongValues
from creditscore.web.service import service

bp = Blueprint("monitoring", __name__)

PARAMETERS = {
    "days": query_parameters.whole(1, LONGEST_DAYS),
    "since": query_parameters.moment(),
    "until": query_parameters.moment(),
}


@bp.get("/monitoring")
def monitoring() -> ResponseReturnValue:
    """Compare the decisions of a window with training, and what was said with what happened."""
    here, page = service(), wants_page(request)
    if page and not shows_key(request):
        return mark_negotiated(show_monitoring(None))
    check_key(request, here.keys)
    known = {**PARAMETERS, "lang": query_parameters.one_of(LANGUAGES)} if page else PARAMETERS
    since, until = _window(query_parameters.read_query(request, known), here.log.now())
    window = Window(to_milliseconds(since), to_milliseconds(until))
    found = monitor(here.log.database, here.assessor.model, window)
    answer = {"since": timestamp(since), "until": timestamp(until), **found}
    return mark_negotiated(show_monitoring(answer) if page else jsonify(answer))


def _window(wanted: dict[str, Any], now: datetime) -> tuple[datetime, datetime]:
    """Give the window that is asked for: a beginning, or so many days before its end."""
    if "days" in wanted and "since" in wanted:
        raise WrongValues([Fault("not_allowed", "/days", say("days_or_since"))])
    until = wanted.get("until", now)
    try:
        before = until - timedelta(days=wanted.get("days", USUAL_DAYS))
    except OverflowError:
        raise WrongValues([Fault("not_allowed", "/until", say("no_such_window"))]) from None
    since = wanted.get("since", before)
    if since >= until:
        raise WrongValues([Fault("not_allowed", "/since", say("no_such_window"))])
    return since, until
