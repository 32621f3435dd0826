"""Headers that every answer carries: a request id, and what keeps browsers careful."""

from __future__ import annotations

import random
import re

from flask import Request, Response
from flask.ctx import _AppCtxGlobals

#: Where the server's access log finds the id of a request, and its route as the code writes it.
REQUEST_ID, ROUTE = "creditscore.request_id", "creditscore.route"

SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

#: Only this service's own files, and nothing inline; data: for the drawings of swagger-ui.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def name_request(header: str) -> str:
    """Return a request's id: the client's own if it is fit for logs."""
    # It is no secret, and unlike os.urandom does not release the GIL.
    return header if SANE_ID.fullmatch(header) else f"{random.getrandbits(64):016x}"


def begin(request: Request, values: _AppCtxGlobals) -> None:
    """Store the id and the route of a request, for its answer and for the logs."""
    environ, rule = request.environ, request.url_rule
    values.request_id = environ[REQUEST_ID] = name_request(environ.get("HTTP_X_REQUEST_ID", ""))
    if rule is not None:
        environ[ROUTE] = rule.rule


def finish(answer: Response, values: _AppCtxGlobals) -> None:
    """Add the headers that every answer has."""
    headers = answer.headers
    headers.add("X-Request-ID", values.request_id)
    headers.add("X-Content-Type-Options", "nosniff")
    if "Cache-Control" not in headers:
        headers.add("Cache-Control", "no-store")
    if headers.get("Content-Type", "").startswith("text/html"):
        headers["Content-Security-Policy"] = PAGE_POLICY
        # Not "no-referrer": browsers would send their own form with the origin "null".
        headers["Referrer-Policy"] = "same-origin"
