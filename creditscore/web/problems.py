"""Every error as `application/problem+json` (RFC 9457), or as a page for a browser.

The only place that knows status codes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from creditscore.environment import COMMAND
from creditscore.errors import (
    DatabaseUnavailable,
    Fault,
    InvalidApplicants,
    KeyReused,
    NoOverride,
    NotJson,
    OutcomeConflict,
    Overloaded,
    OverrideConflict,
    UnknownDecision,
)
from creditscore.i18n.catalogue import Text, in_language, say
from creditscore.web import metrics
from creditscore.web.content_negotiation import mark_language, page_language, wants_page
from creditscore.web.headers import name_request

MEDIA_TYPE = "application/problem+json"

#: Of a form that has faults, or comes without a key or from another session: the page shows it.
UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
UNAUTHORIZED, FORBIDDEN = HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN

#: Where an app keeps what makes the page of a problem: of its status, of its detail unless that is
#: for programs only, and of its faults.
PAGE = "creditscore.problem_page"
ShowPage = Callable[[int, str, Sequence[str]], Response]

#: Of a form that states something else than the log, and of one that was taken: look there.
CONFLICT, SEE_OTHER = HTTPStatus.CONFLICT, HTTPStatus.SEE_OTHER

#: Seconds after which it is worth asking again, when the database failed.
RETRY_SECONDS = 5


class Problem(Exception):
    """A request that is refused.

    Parameters
    ----------
    text : Text
        What is wrong and what is allowed.
    faults : sequence of Fault
        The single faults, for bad input.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, text: Text, faults: Sequence[Fault] = ()) -> None:
        super().__init__(text["en"])
        self.text = text
        self.faults = faults
        self.headers: dict[str, str] = {}


class BrokenBody(Problem):
    """The body did not come whole."""

    status = HTTPStatus.BAD_REQUEST


class TooLarge(Problem):
    """The body is larger than the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class WrongMediaType(Problem):
    """The body is of a type that is not read here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class WrongValues(Problem):
    """What came can be read, but is not what the route takes."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].text if len(faults) == 1 else say("invalid_applicants"), faults)


class KeyNeeded(Problem):
    """The route needs an API key, and none or a wrong one came."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, *, keys_exist: bool = True) -> None:
        super().__init__(say("key_needed") if keys_exist else say("no_key_yet", command=COMMAND))
        self.headers["WWW-Authenticate"] = "Bearer"


class TooManyRequests(Problem):
    """The client asked more often than it may.

    Parameters
    ----------
    wait : float
        Seconds until it may ask again.
    """

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, limit: str, wait: float) -> None:
        seconds = math.ceil(wait)
        super().__init__(say("too_often", limit=limit, seconds=seconds))
        self.headers["Retry-After"] = str(seconds)


class WrongIdempotencyKey(Problem):
    """An Idempotency-Key that is none."""

    status = HTTPStatus.BAD_REQUEST


class CrossSite(Problem):
    """A browser on another site sent it, without a key."""

    status = HTTPStatus.FORBIDDEN


class ForeignForm(Problem):
    """A request that relies on a session, and that no page of the session sent."""

    status = HTTPStatus.FORBIDDEN


class NoSessions(Problem):
    """No one can sign in, as there is no secret to sign a cookie with; its cause says why."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class WrongHost(Problem):
    """The request is for a host that is not this service."""

    status = HTTPStatus.MISDIRECTED_REQUEST


#: What the packages below raise: the status, and the message's key.
REFUSALS: dict[type[Exception], tuple[HTTPStatus, str]] = {
    DatabaseUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "log_unavailable"),
    Overloaded: (HTTPStatus.SERVICE_UNAVAILABLE, "overloaded"),
    KeyReused: (HTTPStatus.UNPROCESSABLE_ENTITY, "key_reused"),
    UnknownDecision: (HTTPStatus.NOT_FOUND, "unknown_decision"),
    OutcomeConflict: (HTTPStatus.CONFLICT, "outcome_conflict"),
    OverrideConflict: (HTTPStatus.CONFLICT, "override_conflict"),
    NoOverride: (HTTPStatus.CONFLICT, "no_override"),
}


def register(app: Flask, show_page: ShowPage) -> None:
    """Answer every error of an app with a problem; browsers get a page.

    Parameters
    ----------
    app : Flask
    show_page : callable
        Makes that page of the status, the detail (empty where it is for programs only) and the
        faults.
    """
    app.extensions[PAGE] = show_page
    app.register_error_handler(Problem, _refuse)
    app.register_error_handler(NotJson, _refuse_malformed)
    app.register_error_handler(InvalidApplicants, _refuse_invalid)
    for error in REFUSALS:
        app.register_error_handler(error, _refuse_known)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _admit)


def _refuse(problem: Problem) -> Response:
    if isinstance(problem, NoSessions):
        current_app.logger.error("no one can sign in: %s", problem.__cause__)
    answer = _problem(problem.status, problem.text, problem.faults)
    answer.headers.update(problem.headers)
    return answer


def _refuse_malformed(error: NotJson) -> Response:
    return _problem(HTTPStatus.BAD_REQUEST, error.text, [Fault(error.code, "", error.text)])


def _refuse_invalid(error: InvalidApplicants) -> Response:
    return _refuse(WrongValues(error.faults))


def _refuse_known(error: Exception) -> Response:
    status, key = REFUSALS[type(error)]
    answer = _problem(status, say(key), kind=key)
    if isinstance(error, DatabaseUnavailable):
        # The cause is for the operator only.
        current_app.logger.error("request %s: the database failed: %s", g.request_id, error)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _refuse_http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    methods = getattr(error, "valid_methods", None)
    if status == HTTPStatus.METHOD_NOT_ALLOWED and methods:
        allowed = ", ".join(sorted(methods))
        answer = _problem(status, say("wrong_method", allowed=allowed), for_people=False)
        answer.headers["Allow"] = allowed
        return answer
    if status == HTTPStatus.NOT_FOUND:
        return _problem(status, say("no_route"), for_people=False)
    # Werkzeug's own descriptions may repeat what came; the phrase never does.
    return _problem(status, {"en": status.phrase}, for_people=False)


def _admit(error: Exception) -> Response:
    """Log a surprise with its traceback, and tell the client nothing but where it was logged."""
    current_app.logger.error("request %s failed", g.request_id, exc_info=error)
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, say("surprise", request_id=g.request_id))


def _problem(
    status: HTTPStatus,
    text: Text,
    faults: Sequence[Fault] = (),
    *,
    kind: str = "",
    for_people: bool = True,
) -> Response:
    """Answer with a problem; a page shows its text only if that is for people.

    It is counted by the codes of its faults; without faults by its kind, or else by its status.
    """
    language = page_language()
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": in_language(text, language),
    }
    for code in {fault.code for fault in faults} or {kind or _kind(status)}:
        metrics.failed(code)
    if faults:
        body["errors"] = [_entry(fault, language) for fault in faults]
    if wants_page(request) and (page := _page(body, for_people=for_people)) is not None:
        return page
    answer = Response(json.dumps(body), status=status, content_type=MEDIA_TYPE)
    return mark_language(answer, language)


def _page(body: Mapping[str, Any], *, for_people: bool) -> Response | None:
    """Make the page of a problem; None where it cannot be made."""
    try:
        faults = [fault["detail"] for fault in body.get("errors", ())]
        detail = body["detail"] if for_people else ""
        page: Response = current_app.extensions[PAGE](body["status"], detail, faults)
    except Exception as error:  # what fails here would fail for its own page too
        current_app.logger.error("request %s: no page of a problem", g.request_id, exc_info=error)
        return None
    page.status_code = body["status"]
    return page


def write_problem(status: HTTPStatus, detail: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Give status, headers and body of a problem for a request that no route will see."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    raw = json.dumps(body).encode()
    headers = [
        ("Content-Type", MEDIA_TYPE),
        ("Content-Length", str(len(raw))),
        ("X-Request-ID", name_request("")),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", "1"))
    return status.value, headers, raw


def _kind(status: HTTPStatus) -> str:
    return status.phrase.lower().replace(" ", "_").replace("-", "_")


def _entry(fault: Fault, language: str) -> dict[str, Any]:
    line = {} if fault.line is None else {"line": fault.line}
    detail = in_language(fault.text, language)
    return line | {"pointer": fault.pointer, "code": fault.code, "detail": detail}
