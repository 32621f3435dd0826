"""Which hosts a service answers to, and the pages of which origins may ask it from a browser.

A web site can give any address a name of its own (DNS rebinding): a page of that site is then of
the same origin as the service, and could ask whatever its visitor's machine can reach. Only the
name in the request tells. Pages of other origins ask by CORS, without the cookie of a session: no
answer allows it, and only a page of this service may use it.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

from collections.abc import Collection

from flask import Flask, Request, Response

from creditscore.i18n.catalogue import say
from creditscore.web.problems import WrongHost
from creditscore.web.service import Service
from creditscore.web.startup_checks import is_own

#: Characters of a wrong host that are repeated.
MAX_SHOWN_LENGTH = 60

#: What a page may send beside what it always may, and read beside what it always may.
ALLOWED = "Authorization, X-API-Key, Idempotency-Key, Content-Type"
EXPOSED = (
    "X-Request-ID, Idempotent-Replayed, Retry-After, RateLimit, RateLimit-Policy, Link, "
    "WWW-Authenticate"
)

#: Seconds for which a browser remembers what may be sent.
MAX_AGE_S = 600


def check_host(request: Request, svc: Service) -> None:
    """Let a request pass that is for this service by its name, or raise.

    Raises
    ------
    WrongHost
        If it is for another one.
    DatabaseUnavailable
        If the keys cannot be read.
    """
    # Browsers always send it; old probes of load balancers do not.
    host = request.environ.get("HTTP_HOST", "")
    if not host or is_own((name := _without_port(host)).strip("[]")):
        return
    if svc.settings.hosts:
        wrong = name not in svc.settings.hosts
    else:
        wrong = svc.loopback and not svc.keys.exist()
    if wrong:
        raise WrongHost(say("wrong_host", got=host[:MAX_SHOWN_LENGTH]))


def _without_port(host: str) -> str:
    """Return the name in a Host header, as the settings write it."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def answer_preflight(app: Flask, request: Request, trusted: Collection[str]) -> Response | None:
    """Answer the question of a browser whether a page may ask; None if it is no such question.

    It comes without a key, for whatever route.
    """
    headers = request.headers
    if "Access-Control-Request-Method" not in headers:
        return None
    if headers.get("Origin") not in trusted or request.routing_exception is not None:
        return None
    answer = app.make_default_options_response()
    answer.headers["Access-Control-Allow-Methods"] = answer.headers["Allow"]
    answer.headers["Access-Control-Allow-Headers"] = ALLOWED
    answer.headers["Access-Control-Max-Age"] = str(MAX_AGE_S)
    return answer


def finish(answer: Response, request: Request, trusted: Collection[str]) -> None:
    """Let the page of a trusted origin read an answer."""
    answer.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin in trusted:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Expose-Headers"] = EXPOSED
