"""What form and language an answer has: what the client asks for, or JSON and English."""

from __future__ import annotations

from flask import Request, Response, request
from werkzeug.datastructures import LanguageAccept, MIMEAccept
from werkzeug.http import parse_accept_header

from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, LANGUAGES

PAGE, JSON, CSV = "text/html", "application/json", "text/csv"

#: What a script asks for that takes a page and files in one answer.
PARTS = "multipart/form-data"

#: Blanks, which mean nothing in a list of media types.
NO_BLANKS = str.maketrans("", "", " \t")


def chosen_language() -> str:
    """Return the language that the request asks for."""
    return first_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def first_language(accepted: str) -> str:
    """Return the first supported language in an Accept-Language, best quality first."""
    # Werkzeug's best_match() wants exact tags first: "en-GB, id;q=0.5" would get Indonesian.
    for tag, quality in parse_accept_header(accepted, LanguageAccept):
        language = tag.partition("-")[0].lower()
        if quality > 0 and language in LANGUAGES:
            return language
    return DEFAULT_LANGUAGE


def page_language() -> str:
    """Return the language that the address asks for, or else the browser."""
    language = request.args.get("lang")
    return language if language in LANGUAGES else chosen_language()


def mark_language(answer: Response, language: str) -> Response:
    """Name the chosen language in the headers, and that it depends on the request."""
    answer.headers["Content-Language"] = language
    answer.vary.add("Accept-Language")
    return answer


def wants_page(request: Request) -> bool:
    """Return whether a request prefers a page, as browsers do.

    Clients that accept anything, as curl and most libraries do, get JSON.
    """
    return _prefers(request, PAGE)


def wants_csv(request: Request) -> bool:
    """Return whether a request prefers CSV to JSON; none that accepts anything does."""
    return _prefers(request, CSV)


def wants_parts(request: Request) -> bool:
    """Return whether a request asks for a page and its files in one answer."""
    return PARTS in _accepted(request).values()


def _prefers(request: Request, media_type: str) -> bool:
    accepted = _accepted(request)
    return media_type in accepted.values() and accepted[media_type] > accepted[JSON]


def _accepted(request: Request) -> MIMEAccept:
    # Werkzeug takes seconds for a few thousand blanks.
    accept = request.environ.get("HTTP_ACCEPT", "").translate(NO_BLANKS)
    return parse_accept_header(accept, MIMEAccept)


def mark_negotiated(answer: Response) -> Response:
    """Write into the headers that the answer depends on Accept."""
    answer.vary.add("Accept")
    return answer
