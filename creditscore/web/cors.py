"""CORS: the pages of other origins that may ask from a browser, and read the answers.

https://fetch.spec.whatwg.org/#http-cors-protocol. Cookies play no part: there are none.
"""

from __future__ import annotations

from collections.abc import Collection

from flask import Flask, Request, Response

#: What a page may send beside what it always may, and read beside what it always may.
ALLOWED = "Authorization, X-API-Key, Idempotency-Key, Content-Type"
EXPOSED = (
    "X-Request-ID, Idempotent-Replayed, Retry-After, RateLimit, RateLimit-Policy, Link, "
    "WWW-Authenticate"
)

#: Seconds for which a browser remembers what may be sent.
MAX_AGE_S = 600


def answer_preflight(app: Flask, request: Request, trusted: Collection[str]) -> Response | None:
    """Answer the question of a browser whether a page may ask; None if it is no such question.

    It comes without a key, for whatever route.
    """
    headers = request.headers
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in headers:
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
    if not trusted:
        return
    answer.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin in trusted:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Expose-Headers"] = EXPOSED
