"""Headers: what every answer carries, and which request an idempotency key stands for."""

from __future__ import annotations

import hashlib
import random
import re

from flask import Flask, Request, Response, g, request

from creditscore.decision_log.idempotency import RequestOrigin
from creditscore.i18n.catalogue import say
from creditscore.web.problems import WrongIdempotencyKey

#: Where the server's access log finds the id of a request, and its route as the code writes it.
REQUEST_ID, ROUTE = "creditscore.request_id", "creditscore.route"

#: Of an Idempotency-Key.
LONGEST_KEY = 255

SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

#: Only this service's own files, and nothing inline; data: for the drawings of swagger-ui.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def register(app: Flask) -> None:
    """Give every answer of an app its headers."""
    app.before_request(_name_request)
    app.after_request(_finish)


def name_request(sent: str) -> str:
    """Give a request its id: the client's own if that is a sane one, as it goes into logs."""
    # It is no secret, and unlike the system's randomness costs no other thread's turn.
    return sent if SANE_ID.fullmatch(sent) else f"{random.getrandbits(64):016x}"


def _name_request() -> None:
    environ, rule = request.environ, request.url_rule
    # It has one already if somebody else gave up on it.
    name = environ.get(REQUEST_ID) or name_request(request.headers.get("X-Request-ID", ""))
    g.request_id = environ[REQUEST_ID] = name
    if rule is not None:
        environ[ROUTE] = rule.rule


def _finish(answer: Response) -> Response:
    found = answer.headers
    found.add("X-Request-ID", g.request_id)
    found.add("X-Content-Type-Options", "nosniff")
    found.setdefault("Cache-Control", "no-store")
    if answer.mimetype == "text/html":
        answer.headers["Content-Security-Policy"] = PAGE_POLICY
        # Not "no-referrer": browsers would send their own form with the origin "null".
        answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def read_origin(request: Request, body: bytes, *, key_id: str | None) -> RequestOrigin:
    """Return what identifies a request in the log.

    Raises
    ------
    WrongIdempotencyKey
        If its Idempotency-Key is not 1 to 255 visible ASCII characters.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(f"[!-~]{{1,{LONGEST_KEY}}}", key, re.ASCII):
        raise WrongIdempotencyKey(say("idempotency_key", most=LONGEST_KEY))
    return RequestOrigin(
        request_id=g.request_id,
        key_id=key_id,
        idempotency_key=key,
        body_hash=hashlib.sha256(body).hexdigest(),
    )
