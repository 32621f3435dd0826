"""The routes that people look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from creditscore.decisions.assessor import Decision
from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import DECIMAL_SIGNS, PAGE_TEXTS, in_language
from creditscore.web.authentication import check_own_page, check_predict
from creditscore.web.content_negotiation import page_language, wants_page
from creditscore.web.pages import form
from creditscore.web.pages.decision_view import key_needed, result_parts
from creditscore.web.pages.layout import notice, render_page, signed_in
from creditscore.web.problems import UNPROCESSABLE, ForeignForm, KeyNeeded, Problem
from creditscore.web.request_body import read_form_body, read_origin
from creditscore.web.service import current_request, service
from creditscore.web.sign_in import LIFETIME_S, set_cookie

bp = Blueprint("pages", __name__)


@bp.get("/")
def home() -> ResponseReturnValue:
    """Show the form, empty or filled with a scorecard's example."""
    schema = service().assessor.model.schema
    return _page(form.example_of(schema, request.args.get("example", ""), page_language()))


@bp.post("/")
def decide() -> ResponseReturnValue:
    """Decide on what was typed into the form, and log it unless it is only to explore."""
    raw = read_form_body(request, max_bytes=form.MAX_BYTES)
    submission = form.read_form(raw)
    try:
        answer = _answer(submission, raw)
    except (KeyNeeded, ForeignForm) as refused:
        if not wants_page(request):
            raise
        answer = _page(submission.typed, refused=refused)
        answer.status_code = refused.status
    caller = signed_in()
    if caller is not None and caller.signing_in:
        set_cookie(answer, request, service().keys.sessions.cookie_name, caller.cookie)
    return answer


@bp.get("/docs")
def docs() -> ResponseReturnValue:
    """Show the OpenAPI description in a browser, from this service's own files."""
    return render_page("docs.html", page_language())


def _answer(submission: form.Submission, raw: bytes) -> Response:
    """Sign in with the key, if one was typed; decide, and log it unless it is only to explore."""
    svc, request = service(), current_request()
    if submission.key:
        check_own_page(request)
        if svc.keys.sign_in(request, submission.key).key_id is None:
            raise KeyNeeded
    if submission.explore:
        svc.limits.admit_what_if(request)
    key_id = check_predict(request, svc.keys, svc.settings)
    model = svc.assessor.model
    try:
        applicant = model.schema.parse(form.to_raw(model, submission.typed, page_language()))
    except InvalidApplicants as invalid:
        answer = _page(submission.typed, faults=invalid.faults)
        answer.status_code = UNPROCESSABLE
        return answer
    decision = svc.assessor.assess(applicant)
    if not submission.explore:
        recorded = svc.log.record([decision], read_origin(request, raw, key_id=key_id))
        decision = recorded.decisions[0]
    return _page(submission.typed, decision=decision, explore=submission.explore)


def _page(
    typed: Mapping[str, str],
    *,
    faults: Sequence[Fault] = (),
    decision: Decision | None = None,
    explore: bool = False,
    refused: Problem | None = None,
) -> Response:
    """Make the page of the form; `refused` says why it was not taken."""
    svc, language = service(), page_language()
    model = svc.assessor.model
    errors, key_error = form.other_errors(model.schema, faults, language), ""
    if isinstance(refused, KeyNeeded):
        wrong = svc.keys.look_at(current_request()).key_failed
        key_error = PAGE_TEXTS[language]["key_wrong" if wrong else "key_missing"]
    elif refused is not None:
        errors.append(PAGE_TEXTS[language]["form_too_old"])
    return render_page(
        "home.html",
        language,
        notice=notice(language),
        groups=list(form.groups(model, typed, faults=faults, language=language)),
        reference=form.reference_control(typed, faults, language),
        errors=errors,
        invalid=bool(faults or refused),
        marked=bool(faults or key_error),
        key_error=key_error,
        hours=LIFETIME_S // 3600,
        examples={
            name: in_language(spec.title, language)
            for name, spec in model.schema.scorecards.items()
        },
        key_needed=key_needed(),
        explore=explore,
        decimal=DECIMAL_SIGNS[language],
        **(result_parts(decision, language) if decision else {"view": None}),
    )
