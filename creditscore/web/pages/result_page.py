"""A decision on a page: beside the form, and at its permanent link."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from creditscore.decisions.assessor import Decision
from creditscore.decisions.record import LoggedDecision
from creditscore.i18n.catalogue import PAGE_TEXTS, in_language
from creditscore.web.content_negotiation import page_language
from creditscore.web.pages.code_samples import as_curl, as_postman
from creditscore.web.pages.decision_view import draw
from creditscore.web.pages.layout import show_behind_key
from creditscore.web.service import service


def result_parts(decision: Decision, language: str) -> dict[str, Any]:
    """Give what `result.html` shows of a decision."""
    here = service()
    texts, schema = PAGE_TEXTS[language], here.assessor.model.schema
    url = url_for("api.predict", _external=True)
    key = texts["your_key"] if key_needed() else ""
    values, name = decision.applicant.values, decision.applicant.scorecard
    spec = schema.scorecards.get(name)
    return {
        "drawn": draw(
            decision,
            schema=schema,
            scorecard=here.scorecard_of(decision),
            scale=here.assessor.policy.scale,
            language=language,
        ),
        "scorecard": in_language(spec.title, language) if spec else name,
        "curl": as_curl(url, values, key=key),
        "postman": as_postman(url, values, key=key, title=texts["title"]),
    }


def show_decision(found: LoggedDecision | None, *, defaulted: bool | None = None) -> Response:
    """Show a logged decision and what became of it; only the frame for nothing."""
    language = page_language()
    parts = {"drawn": None} if found is None else result_parts(found.decision, language)
    outcome = {None: "outcome_unknown", True: "outcome_defaulted", False: "outcome_paid"}
    return show_behind_key(
        "decision.html", language, explore=False, outcome=outcome[defaulted], **parts
    )


def key_needed() -> bool:
    """Tell whether a decision needs a key."""
    here = service()
    return not here.settings.open_predict and here.keys.exist()
