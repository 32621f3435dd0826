"""Signing in and out, and what a browser is shown where a request is refused."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, quote

from flask import Blueprint, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from creditscore.environment import COMMAND
from creditscore.errors import DatabaseUnavailable
from creditscore.i18n.catalogue import PAGE_TEXTS, in_language, say
from creditscore.web.authentication import CALLER, Caller, check_form, check_own_page
from creditscore.web.content_negotiation import mark_negotiated, page_language
from creditscore.web.pages.form import KEY_FIELD, MAX_BYTES
from creditscore.web.pages.layout import can_be_opened, render_page, signed_in
from creditscore.web.problems import SEE_OTHER, UNAUTHORIZED, KeyNeeded
from creditscore.web.request_body import read_form_body
from creditscore.web.service import current_request, service
from creditscore.web.sign_in import LIFETIME_S, delete_cookie, local_path, set_cookie

bp = Blueprint("session", __name__)

#: The field, and parameter, that says where to go after signing in.
NEXT = "next"


@bp.get("/sign-in")
def sign_in_form() -> ResponseReturnValue:
    """Show the form that takes a key, to a user who has not signed in yet."""
    next_address = request.args.get(NEXT, "")
    if signed_in():
        return redirect(_destination(next_address), SEE_OTHER)
    return _show_sign_in(next_address)


@bp.post("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Check a key, begin a session with it, and lead on to where it was asked for."""
    check_own_page(request)
    fields = parse_qs(read_form_body(request, max_bytes=MAX_BYTES).decode(errors="replace"))
    g.next = fields.get(NEXT, [""])[0]
    caller = service().keys.sign_in(current_request(), fields.get(KEY_FIELD, [""])[0].strip())
    if caller.key_id is None:
        raise KeyNeeded(keys_exist=caller.keys_exist)
    answer = redirect(_destination(g.next), SEE_OTHER)
    set_cookie(answer, request, service().keys.sessions.cookie_name, caller.cookie)
    return answer


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session in this browser."""
    keys = service().keys
    check_form(current_request(), keys.look_at(current_request()), keys)
    answer = redirect(_home(), SEE_OTHER)
    delete_cookie(answer, request, keys.sessions.cookie_name)
    return answer


def show_refusal(status: int, detail: str, faults: Sequence[str]) -> Response:
    """Make the page of a refused request; where a key is needed, the form that takes one.

    Parameters
    ----------
    status : int
        Of HTTP.
    detail : str
        What is wrong, in the language of the page; empty where only programs are told.
    faults : sequence of str
        The single faults of an input.
    """
    if status == UNAUTHORIZED:
        return mark_negotiated(_show_sign_in(g.get(NEXT) or _return_address()))
    language = page_language()
    texts = PAGE_TEXTS[language]
    detail = detail or texts.get(f"refused_{status}_text", "")
    page = render_page(
        "refusal.html",
        language,
        heading=texts.get(f"refused_{status}", texts["refused_other"]),
        detail="" if faults else _sentence(detail),
        faults=faults,
        advice=texts.get(f"refused_{status}_do", texts["refused_other_do"]),
    )
    return mark_negotiated(page)


def _show_sign_in(next_address: str) -> Response:
    """Show the form that takes a key, and say why where a key or a session was refused."""
    caller, language = _caller(), page_language()
    texts, error, ended = PAGE_TEXTS[language], "", False
    if caller is not None and caller.key_failed:
        error = texts["key_wrong"]
    elif caller is not None and caller.key_id is None:
        ended = bool(service().keys.sessions.cookie_of(request))
    return render_page(
        "sign_in.html",
        language,
        # Without a page to lead on to, it is the start page, in the language of this one.
        next_address=local_path(next_address) if next_address else "",
        error=error,
        ended=ended,
        hours=LIFETIME_S // 3600,
        # Of a link on another site, no browser sends the cookie along.
        followed_link=request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"},
        no_key_yet=""
        if caller is None or caller.keys_exist
        else _sentence(in_language(say("no_key_yet", command=COMMAND), language)),
    )


def _caller() -> Caller | None:
    """Return who asks; None where the keys cannot be read."""
    try:
        return service().keys.look_at(current_request())
    except DatabaseUnavailable:
        caller: Caller | None = request.environ.get(CALLER)
        return caller


def _sentence(text: str) -> str:
    """Write a message as a sentence; nothing of none."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _destination(next_address: str) -> str:
    return local_path(next_address) if next_address else _home()


def _home() -> str:
    return url_for("pages.home", lang=page_language())


def _return_address() -> str:
    """Return the address to come back to: this one, or the page whose form was sent."""
    if can_be_opened():
        query = request.query_string.decode("ascii", "replace")
        return local_path(quote(request.path) + (f"?{query}" if query else ""))
    host, _, path = request.headers.get("Referer", "").partition("://")[2].partition("/")
    return local_path(f"/{path}") if host == request.host else ""
