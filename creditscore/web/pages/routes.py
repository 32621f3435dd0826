"""The routes that people look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from creditscore.decisions.assessor import Decision
from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import DECIMAL_SIGNS, in_language
from creditscore.schema import Applicant
from creditscore.web.authentication import check_predict, check_what_if
from creditscore.web.content_negotiation import page_language
from creditscore.web.pages import form
from creditscore.web.pages.decision_view import key_needed, result_parts
from creditscore.web.pages.layout import notice, render_page
from creditscore.web.problems import UNPROCESSABLE
from creditscore.web.request_body import read_form_body, read_origin
from creditscore.web.service import current_request, service

bp = Blueprint("pages", __name__)


@bp.get("/")
def home() -> ResponseReturnValue:
    """Show the form, empty or filled with a scorecard's example."""
    schema = service().assessor.model.schema
    return _page(form.example_of(schema, request.args.get("example", ""), page_language()))


@bp.post("/")
def decide() -> ResponseReturnValue:
    """Decide on what was typed into the form, and log it unless it is only to explore."""
    here = service()
    raw = read_form_body(request, most_bytes=form.MOST_BYTES)
    typed, explore = form.read_form(raw)
    check = check_what_if if explore else check_predict
    if explore:
        here.limits.admit_what_if(current_request())
    key_id = check(request, here.keys, here.settings)
    schema = here.assessor.model.schema
    try:
        applicant = schema.parse(form.to_raw(schema, typed, page_language()))
    except InvalidApplicants as invalid:
        answer = _page(typed, faults=invalid.faults)
        answer.status_code = UNPROCESSABLE
        return answer
    decision = _decide(applicant, raw, explore=explore, key_id=key_id)
    return _page(typed, decision=decision, explore=explore)


@bp.get("/docs")
def docs() -> ResponseReturnValue:
    """Show the OpenAPI description in a browser, from this service's own files."""
    return render_page("docs.html", page_language())


def _decide(applicant: Applicant, raw: bytes, *, explore: bool, key_id: str | None) -> Decision:
    here = service()
    decision = here.assessor.assess(applicant)
    if explore:
        return decision
    recorded = here.log.record([decision], read_origin(request, raw, key_id=key_id))
    return recorded.decisions[0]


def _page(
    typed: Mapping[str, str],
    *,
    faults: Sequence[Fault] = (),
    decision: Decision | None = None,
    explore: bool = False,
) -> Response:
    here, language = service(), page_language()
    model = here.assessor.model
    return render_page(
        "home.html",
        language,
        notice=notice(language),
        groups=list(form.groups(model, typed, faults=faults, language=language)),
        reference=form.reference_control(typed, faults, language),
        errors=form.other_errors(model.schema, faults, language),
        invalid=bool(faults),
        examples={
            name: in_language(spec.title, language)
            for name, spec in model.schema.scorecards.items()
        },
        key_needed=key_needed(),
        explore=explore,
        decimal=DECIMAL_SIGNS[language],
        **(result_parts(decision, language) if decision else {"view": None}),
    )
