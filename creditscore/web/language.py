"""The language of an answer: what the client asks for, or English."""

from __future__ import annotations

from flask import Response, request

from creditscore.texts import FALLBACK_LANGUAGE, LANGUAGES


def chosen_language() -> str:
    """Give the best of our languages for the request's Accept-Language."""
    return request.accept_languages.best_match(LANGUAGES) or FALLBACK_LANGUAGE


def mark_language(answer: Response, language: str) -> Response:
    """Say in the headers which language was chosen, and that others would get another."""
    answer.headers["Content-Language"] = language
    answer.vary.add("Accept-Language")
    return answer
