"""What all pages share: their language, their frame, and what everyone must know first."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request, url_for

from creditscore.card_words import LEGAL_SENTENCE
from creditscore.texts import LANGUAGES, in_language
from creditscore.web.language import chosen_language, mark_language
from creditscore.web.page_texts import PAGE_TEXTS
from creditscore.web.service import service


def page_language() -> str:
    """Give the language that the address asks for, or else the browser."""
    wanted = request.args.get("lang")
    return wanted if wanted in LANGUAGES else chosen_language()


def render_page(template: str, language: str, **parts: Any) -> Response:
    """Make a page of a template that extends `page.html`."""
    other = next(each for each in LANGUAGES if each != language)
    endpoint, place = str(request.endpoint), request.view_args or {}
    return render_part(
        template,
        language,
        other=other,
        here=url_for(endpoint, **place, lang=language),
        there=url_for(endpoint, **place, lang=other),
        **parts,
    )


def render_part(template: str, language: str, **parts: Any) -> Response:
    """Make a part of a page, for a script to put into its place."""
    text = render_template(template, language=language, texts=PAGE_TEXTS[language], **parts)
    return mark_language(make_response(text), language)


def notice(language: str) -> list[str]:
    """Say what everyone must know before using this model."""
    model = service().assessor.model
    said = [in_language(model.schema.notice, language)]
    about = model.schema.files.get(model.card["data"]["sha256"])
    said += [in_language(about, language)] if about else []
    if names := model.protected_predictors():
        titles = [in_language(model.schema.fields[name].title, language) for name in names]
        said.append(PAGE_TEXTS[language]["protected"].format(fields=", ".join(titles)))
        said.append(in_language(LEGAL_SENTENCE, language) + ".")
    return said
