"""What all pages share: their language, their frame, and what everyone must know first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, render_template, request, url_for

from creditscore.i18n.catalogue import LANGUAGES, LEGAL_SENTENCE, PAGE_TEXTS, in_language, say
from creditscore.web.content_negotiation import mark_language
from creditscore.web.service import service


def render_page(
    template: str, language: str, *, query: Mapping[str, Any] | None = None, **parts: Any
) -> Response:
    """Make a page of a template that extends `page.html`.

    The page in the other language has the same query, which says what of it is shown.
    """
    other = next(each for each in LANGUAGES if each != language)
    endpoint, place = str(request.endpoint), request.view_args or {}
    return render_part(
        template,
        language,
        other=other,
        here=url_for(endpoint, **place, lang=language),
        there=url_for(endpoint, **place, lang=other, **(query or {})),
        **parts,
    )


def render_part(template: str, language: str, **parts: Any) -> Response:
    """Make a part of a page, for a script to put into its place."""
    label = service().assessor.model.schema.label
    text = render_template(
        template,
        language=language,
        texts=PAGE_TEXTS[language],
        demo=service().settings.demo,
        event=in_language(label.event, language),
        outcome_title=in_language(label.title, language),
        **parts,
    )
    return mark_language(make_response(text), language)


def show_behind_key(template: str, language: str, **parts: Any) -> Response:
    """Make a page whose content is empty until a script has fetched it with a key."""
    return render_page(template, language, how_to_get_a_key=_how_to_get_a_key(language), **parts)


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


def _how_to_get_a_key(language: str) -> str:
    """Say how a first key is made, where there is none; nothing else."""
    return "" if service().keys.exist() else in_language(say("no_key_yet"), language)
