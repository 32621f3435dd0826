"""The page for tables: upload one, see what is wrong with it, and get it back scored."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from http import HTTPStatus
from pathlib import PurePath
from typing import Any, NamedTuple

from flask import Blueprint, Response, copy_current_request_context, current_app
from flask.typing import ResponseReturnValue

from creditscore.decisions.record import RequestOrigin
from creditscore.errors import CreditScoreError, Fault, InvalidApplicants
from creditscore.i18n.catalogue import PAGE_TEXTS, Text, in_language, say
from creditscore.i18n.number_format import PAGE_FORMATS, say_number
from creditscore.readers.workbook_process import can_read_workbooks
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE
from creditscore.tables.table_check import RowSample
from creditscore.tables.uploaded_table import ScoredTable, UploadedTable
from creditscore.web.authentication import check_predict
from creditscore.web.content_negotiation import page_language, wants_parts
from creditscore.web.pages.decision_view import key_needed
from creditscore.web.pages.layout import notice, render_page
from creditscore.web.pages.scored_files import (
    REJECTED,
    SCORED,
    as_links,
    as_parts,
    as_zip,
    fits_into_page,
)
from creditscore.web.pages.table_view import (
    HeaderView,
    describe_fields,
    describe_groups,
    empty_table,
    view_header,
    view_rows,
)
from creditscore.web.problems import UNPROCESSABLE, BrokenBody, TooLarge
from creditscore.web.request_body import Upload, bound_upload, read_origin, read_upload
from creditscore.web.service import Service, current_request, service

bp = Blueprint("tables", __name__, url_prefix="/tables")

#: The fields of the form: the file, the button, and what tells one form from another.
TABLE, TASK, FORM_ID = "table", "task", "form_id"

SCORE = "score"

#: Characters of a file's name that are kept.
MAX_NAME_LENGTH = 60

MEGABYTE = 1024 * 1024


class Counts(NamedTuple):
    """Decisions of one scorecard."""

    eligible: int
    not_eligible: int


@bp.get("")
def show() -> ResponseReturnValue:
    """Show the form."""
    return _page(key_needed=key_needed())


@bp.post("")
def read() -> ResponseReturnValue:
    """Check an uploaded table, or decide on its valid rows and log the decisions."""
    svc = service()
    request = current_request()
    max_bytes = svc.settings.max_csv_bytes
    try:
        # First, as no token can be read in a form that is too large.
        bound_upload(request, max_bytes=max_bytes)
        key_id = check_predict(request, svc.keys, svc.settings)
        upload = read_upload(request, TABLE, max_bytes=max_bytes)
    except TooLarge as problem:
        return _page(errors=[_too_large(svc)], status=problem.status)
    except BrokenBody as problem:
        return _page(errors=[problem.text], status=problem.status)
    if not upload.raw:
        if not upload.name:
            return _page(errors=[say("no_file")], no_file=True, status=UNPROCESSABLE)
        return _page(errors=[say("empty_file")], status=UNPROCESSABLE)
    with ExitStack() as stack:
        table = UploadedTable(upload.raw, svc.assessor.model, page_language())
        stack.callback(table.close)
        header = None
        try:
            header = view_header(table.read_header(), table.model.schema, table.language)
            if upload.fields.get(TASK) != SCORE:
                return _page(upload, header=header, sample=table.check())
            origin = _origin_of(svc, upload, key_id)
            steps = table.decide(svc.assessor, svc.log, origin)
            names = _file_names(upload, table.language)
            show_page = partial(_page, upload, header=header, names=names, links={})
            if wants_parts(request):
                # Called later, perhaps by another thread.
                make_page = copy_current_request_context(partial(_result_page, show_page))
                make_error_page = copy_current_request_context(
                    partial(_error_page, show_page, origin)
                )
                answer = as_parts(steps, make_page, make_error_page, names)
                answer.call_on_close(stack.pop_all().close)
                return answer
            *_, scored = steps
        except InvalidApplicants as invalid:
            return _page(upload, faults=invalid.faults, header=header, status=UNPROCESSABLE)
    with closing(scored):
        if not fits_into_page(scored):
            return as_zip(scored, names)
        return show_page(sample=scored.sample, scored=scored, links=as_links(scored))


def _result_page(show_page: Callable[..., Response], scored: ScoredTable) -> bytes:
    """Make the page of a result whose files a script has got."""
    return show_page(sample=scored.sample, scored=scored).get_data()


def _error_page(
    show_page: Callable[..., Response], origin: RequestOrigin, error: CreditScoreError
) -> bytes:
    """Make the page of what went wrong after the answer began."""
    if isinstance(error, InvalidApplicants):
        return show_page(faults=error.faults).get_data()
    # The cause is for the operator only.
    current_app.logger.error("request %s failed: %s", origin.request_id, error)
    return show_page(errors=[say("log_unavailable")]).get_data()


def _origin_of(svc: Service, upload: Upload, key_id: str | None) -> RequestOrigin:
    """Return what identifies the upload in the log: the same one sent twice is one.

    A second click or a reload must not log everything again. A table is not kept, so what decided
    then has to decide again: another model or cut-off makes it another upload.
    """
    form_id = upload.fields.get(FORM_ID)
    decided_by = [*sorted(svc.assessor.model.versions.values()), svc.assessor.policy.cutoff]
    # One form may be sent with one file after the other.
    body_hash = hashlib.sha256(upload.raw).hexdigest() if form_id else ""
    scope = repr(["table", *decided_by, body_hash])
    return read_origin(current_request(), upload.raw, key_id=key_id, own_key=form_id, scope=scope)


def _file_names(upload: Upload, language: str) -> dict[str, str]:
    """Return what the scored and the rejected rows are called, after the file that came."""
    stem = PurePath(upload.name.replace("\\", "/")).stem[:MAX_NAME_LENGTH]
    stem = "".join(char if char.isalnum() or char in " -_." else "_" for char in stem).strip(" .")
    texts = PAGE_TEXTS[language]
    return {field: f"{stem or TABLE}-{texts[f'file_{field}']}.csv" for field in (SCORED, REJECTED)}


def _too_large(svc: Service) -> Text:
    return say("table_too_large", most=_max_size(svc))


def _max_size(svc: Service) -> Text:
    """Return the size of the largest table, in MB."""
    return say_number(round(svc.settings.max_csv_bytes / MEGABYTE, 3))


def _page(
    upload: Upload | None = None,
    *,
    errors: Sequence[Text] = (),
    faults: Sequence[Fault] = (),
    header: HeaderView | None = None,
    sample: RowSample | None = None,
    scored: ScoredTable | None = None,
    status: int = HTTPStatus.OK,
    **parts: Any,
) -> Response:
    """Make the page; further `parts` go into it as they are."""
    svc, language = service(), page_language()
    schema = svc.assessor.model.schema
    titles = {name: in_language(spec.title, language) for name, spec in schema.scorecards.items()}
    answer = render_page(
        "tables.html",
        language,
        notice=notice(language),
        upload=upload,
        form_id=secrets.token_hex(16),
        max_bytes=svc.settings.max_csv_bytes,
        max_size=in_language(_max_size(svc), language),
        too_large=in_language(_too_large(svc), language),
        workbooks=can_read_workbooks(),
        fields=describe_fields(schema, language),
        groups=describe_groups(schema, language),
        empty_table=empty_table(schema, language),
        errors=[in_language(text, language) for text in errors],
        faults=[(fault.line, in_language(fault.text, language)) for fault in faults],
        header=header,
        sample=sample,
        scored=scored,
        results=_by_scorecard(scored, titles),
        rows=view_rows(header, sample.rows, language) if header and sample else [],
        write=PAGE_FORMATS[language],
        **parts,
    )
    answer.status_code = status
    return answer


def _by_scorecard(scored: ScoredTable | None, titles: Mapping[str, str]) -> dict[str, Counts]:
    """Return how many were found eligible and not, by the title of each scorecard in use."""
    if scored is None:
        return {}
    counts = {
        title: Counts(scored.counts[name, ELIGIBLE], scored.counts[name, NOT_ELIGIBLE])
        for name, title in titles.items()
    }
    return {title: pair for title, pair in counts.items() if any(pair)}
