"""What all pages share: their language, their frame, and what everyone must know first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, make_response, render_template, request, url_for
from markupsafe import Markup

from creditscore.errors import DatabaseUnavailable
from creditscore.i18n.catalogue import LANGUAGES, LEGAL_SENTENCE, PAGE_TEXTS, in_language
from creditscore.i18n.number_format import minus_signs
from creditscore.schema.descriptions import band_label_text, group_text
from creditscore.web.authentication import Caller
from creditscore.web.content_negotiation import mark_language
from creditscore.web.service import service
from creditscore.web.sign_in import TOKEN_FIELD

#: Between two sentences.
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def render_page(
    template: str,
    language: str,
    *,
    endpoint: str | None = None,
    query: Mapping[str, str] | None = None,
    **parts: Any,
) -> Response:
    """Make a page of a template that extends `page.html`.

    Parameters
    ----------
    template, language : str
    endpoint : str, optional
        The route that shows this page; the request's own, unless that only writes.
    query : mapping of str to str, optional
        The parameters that its address has beside the language.
    **parts
        What the template shows.
    """
    other_language = next(code for code in LANGUAGES if code != language)
    parameters: dict[str, Any] = {**(query or {}), **(request.view_args or {})}
    if endpoint is None and not can_be_opened():
        endpoint, parameters = "pages.home", {}
    endpoint = endpoint or str(request.endpoint)
    return render_part(
        template,
        language,
        other_language=other_language,
        address=url_for(endpoint, lang=language, **parameters),
        other_address=url_for(endpoint, lang=other_language, **parameters),
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


def signed_in() -> Caller | None:
    """Return who has signed in on the pages; None for no one, and where that cannot be read."""
    try:
        caller = service().keys.look_at(request)
    except DatabaseUnavailable:
        return None
    return caller if caller.cookie else None


def csrf_field() -> Markup:
    """Return what a form needs to be accepted from a user who has signed in; else nothing."""
    caller = signed_in()
    if caller is None:
        return Markup()
    token = service().keys.sessions.token_of(caller.cookie)
    return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN_FIELD, token)


def can_be_opened() -> bool:
    """Return whether a link can lead to the address that was asked for."""
    routes = current_app.create_url_adapter(request)
    return routes is not None and request.endpoint is not None and routes.test(method="GET")


def write_group(field: str | None, label: str, language: str) -> str:
    """Write a group or bin of a field, or of the score (None), in a language."""
    fields = service().assessor.model.schema.fields
    text = band_label_text(label) if field is None else group_text(fields[field], label)
    return minus_signs(label if text is None else in_language(text, language))


def notice(language: str) -> list[str]:
    """Say what everyone must know before using this model, the verdict first.

    The verdict is the first sentence of the schema file's notice: it is shown before the rest is.
    """
    model = service().assessor.model
    stated = in_language(model.schema.notice, language)
    texts = [part for part in _SENTENCE_END.split(stated, maxsplit=1) if part]
    about = model.schema.files.get(model.card["data"]["sha256"])
    words = PAGE_TEXTS[language]
    texts += [f"{words['data_file']}: {in_language(about, language)}"] if about else []
    if names := model.protected_predictors():
        titles = [in_language(model.schema.fields[name].title, language) for name in names]
        protected = words["protected"].format(fields=", ".join(titles))
        texts.append(f"{protected} {in_language(LEGAL_SENTENCE, language)}.")
    return texts
