"""Whether a page or JSON is asked for: some addresses have both."""

from __future__ import annotations

from flask import Request, Response

PAGE, JSON = "text/html", "application/json"


def wants_page(request: Request) -> bool:
    """Tell whether a request prefers a page, as browsers do.

    Who takes anything, as curl and most libraries do, gets JSON.
    """
    accepted = request.accept_mimetypes
    return PAGE in accepted.values() and accepted[PAGE] > accepted[JSON]


def shows_key(request: Request) -> bool:
    """Tell whether a request shows a key at all, right or wrong."""
    return "Authorization" in request.headers or "X-API-Key" in request.headers


def mark_negotiated(answer: Response) -> Response:
    """Say that another Accept would get another answer."""
    answer.vary.add("Accept")
    return answer
