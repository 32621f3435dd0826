"""The language of an answer: what the client asks for, or English."""

from __future__ import annotations

from functools import lru_cache

from flask import Response, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, LANGUAGES


def chosen_language() -> str:
    """Give the language that the request asks for."""
    return first_language(request.headers.get("Accept-Language", ""))


@lru_cache(maxsize=256)
def first_language(accepted: str) -> str:
    """Give the first of our languages in an Accept-Language, best quality first."""
    # Werkzeug's best_match() wants exact tags first: "en-GB, id;q=0.5" would get Indonesian.
    for tag, quality in parse_accept_header(accepted, LanguageAccept):
        language = tag.partition("-")[0].lower()
        if quality > 0 and language in LANGUAGES:
            return language
    return FALLBACK_LANGUAGE


def page_language() -> str:
    """Give the language that the address asks for, or else the browser."""
    wanted = request.args.get("lang")
    return wanted if wanted in LANGUAGES else chosen_language()


def mark_language(answer: Response, language: str) -> Response:
    """Say in the headers which language was chosen, and that others would get another."""
    answer.headers["Content-Language"] = language
    answer.vary.add("Accept-Language")
    return answer
