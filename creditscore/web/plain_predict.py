"""The usual request for a decision, answered without Flask: one applicant as JSON, nothing special.

Flask makes a context, a request, a response and a route's match of each request, which together
take longer than to decide, to explain and to log. What most programs send needs none of it. It is
read, limited, decided and logged here by the same parts as in `api.predict`; whatever is special
about it, or goes wrong with it, is left to Flask, which then answers as it always does. A test
sends requests of all kinds both ways and compares the answers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from io import BytesIO
from time import perf_counter
from typing import TYPE_CHECKING

from flask import Flask

from creditscore.decision_log.idempotency import RequestOrigin
from creditscore.errors import DatabaseUnavailable, InvalidApplicants, NotJson
from creditscore.json_codec import dumps_bytes
from creditscore.web import json_parser, metrics
from creditscore.web.authentication import Caller, lacks_key, presented_key
from creditscore.web.content_negotiation import first_language
from creditscore.web.headers import REQUEST_ID, ROUTE, name_request
from creditscore.web.rate_limiting import FOUND
from creditscore.web.service import NAME, Service

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/predict"

#: Bytes of a body that is read here; an applicant has a few hundred.
LARGEST = 16 * 1024

#: The ways to announce JSON that need no thought; "" is for no announcement.
TYPES = frozenset(
    {
        "",
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        "application/json;charset=UTF-8",
        "application/x-www-form-urlencoded",
    }
)

#: What makes a request special: a body that is coded or comes in chunks, a key against doing things
#: twice, a browser that says which site sent it.
SPECIAL = frozenset(
    {
        "HTTP_CONTENT_ENCODING",
        "HTTP_IDEMPOTENCY_KEY",
        "HTTP_ORIGIN",
        "HTTP_SEC_FETCH_SITE",
        "HTTP_TRANSFER_ENCODING",
    }
)

LENGTH = re.compile("[0-9]{1,5}", re.ASCII)

#: Where in a request's environment its failure stands, if it failed here.
FAILED = "creditscore.failed"

#: What every answer says of itself.
ALWAYS = [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]


def raise_again(environ: WSGIEnvironment) -> None:
    """Raise what a request has failed with already, if it has."""
    error: Exception | None = environ.get(FAILED)
    if error is not None:
        raise error


class PlainPredict:
    """Decides on plain requests for one decision, and leaves all others to somebody else.

    Parameters
    ----------
    app : Flask
        Knows the service, which a reload replaces.
    otherwise : callable
        A WSGI application: Flask's own.

    Attributes
    ----------
    otherwise : callable
        The same.
    """

    def __init__(self, app: Flask, otherwise: WSGIApplication) -> None:
        self._app, self.otherwise = app, otherwise

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        if environ["REQUEST_METHOD"] == "POST" and environ.get("PATH_INFO") == PATH:
            try:
                answer = self._answer(environ)
            except Exception as error:  # noqa: BLE001  # raised again, where there is an answer to it
                environ[FAILED], answer = error, None
            if answer is not None:
                body, headers = answer
                start_response("200 OK", headers)
                return [body]
        return self.otherwise(environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> tuple[bytes, list[tuple[str, str]]] | None:
        """Give body and headers; None for what is left to others, its input as it was."""
        here: Service = self._app.extensions[NAME]
        length = _length(environ)
        if not 0 < length <= min(LARGEST, here.settings.max_json_bytes):
            return None
        began = perf_counter()
        visitor = _recognise(here, environ)
        if visitor is None:
            return None
        # From here on it counts, whoever answers.
        name = environ[REQUEST_ID] = name_request(environ.get("HTTP_X_REQUEST_ID", ""))
        environ[ROUTE], environ[metrics.BEGAN] = PATH, began
        found = here.limits.look(visitor.key_id, environ.get("REMOTE_ADDR", ""))
        environ[FOUND] = found
        if found is not None and not found.verdict.allowed:
            return None
        try:
            raw = environ["wsgi.input"].read(length)
        except Exception:  # noqa: BLE001  # each server raises its own kind; the next read does so again
            return None
        language = first_language(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        answer = None
        if len(raw) == length:
            origin = RequestOrigin(name, visitor.key_id, None, hashlib.sha256(raw).hexdigest())
            answer = _decide(here, raw, origin, language)
        if answer is None:
            environ["wsgi.input"] = BytesIO(raw)
            return None
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(answer))),
            ("Content-Language", language),
            ("Vary", "Accept-Language"),
            *(found.headers() if found is not None else ()),
            ("X-Request-ID", name),
            *ALWAYS,
        ]
        metrics.answered(PATH, "POST", 200, perf_counter() - began)
        return answer, headers


def _length(environ: WSGIEnvironment) -> int:
    """Give the bytes of a plain request's body; 0 for one that is not plain."""
    announced = environ.get("CONTENT_LENGTH", "")
    if (
        environ.get("CONTENT_TYPE", "") in TYPES
        and SPECIAL.isdisjoint(environ)
        and LENGTH.fullmatch(announced)
    ):
        return int(announced)
    return 0


def _recognise(here: Service, environ: WSGIEnvironment) -> Caller | None:
    """Tell who asks; None for somebody who has to hear something else than a decision."""
    shown = presented_key(environ.get("HTTP_AUTHORIZATION", ""), environ.get("HTTP_X_API_KEY", ""))
    try:
        visitor = here.keys.authenticate(shown)
    except DatabaseUnavailable:
        return None
    return None if lacks_key(visitor, open_predict=here.settings.open_predict) else visitor


def _decide(here: Service, raw: bytes, origin: RequestOrigin, language: str) -> bytes | None:
    """Decide and log; None where there is another answer to be given than a decision."""
    try:
        body = json_parser.parse(raw)
        if not isinstance(body, dict):
            return None
        applicant = here.assessor.model.schema.parse(body)
    except (NotJson, InvalidApplicants):
        return None
    recorded = here.log.record([here.assessor.assess(applicant)], origin)
    return dumps_bytes(recorded.decisions[0].to_dict(language))
