"""The route that takes the outcomes of many decisions at once."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import BinaryIO

from flask import Blueprint, Request, Response
from flask.typing import ResponseReturnValue

from creditscore.decision_log.outcome_batch import STATES
from creditscore.errors import Fault, NotATable
from creditscore.i18n.catalogue import say
from creditscore.json_codec import dumps_bytes
from creditscore.readers import CsvFile, open_csv
from creditscore.schema.constraints import describe_value
from creditscore.schema.csv_cells import to_line
from creditscore.tables.outcome_rows import (
    REPORT,
    OutcomeRow,
    ReportedRow,
    check_table,
    read_array,
    read_table,
    record_rows,
    wanted_columns,
)
from creditscore.tables.spooled_decisions import spooled_file
from creditscore.web.authentication import check_key
from creditscore.web.content_negotiation import (
    chosen_language,
    mark_language,
    mark_negotiated,
    wants_csv,
    wants_page,
)
from creditscore.web.file_answer import TABLE, file_answer
from creditscore.web.pages.outcomes_page import show_form, show_refused, show_report
from creditscore.web.problems import BrokenBody, TooLarge, WrongMediaType, WrongValues
from creditscore.web.request_body import (
    bound_upload,
    is_csv,
    is_upload,
    read_csv,
    read_json,
    read_upload,
)
from creditscore.web.service import Service, current_request, service

#: Rows of a table: what is answered of one can be eighty times as long as the row.
MAX_ROWS = 200_000

bp = Blueprint("outcomes", __name__, url_prefix="/outcomes")


@bp.get("")
def form() -> ResponseReturnValue:
    """Show the form that uploads a table of outcomes."""
    check_key(current_request(), service().keys)
    return show_form()


@bp.post("")
def write_outcomes() -> ResponseReturnValue:
    """Log the outcomes of many decisions, and answer with the state of each."""
    svc, request = service(), current_request()
    page = is_upload(request) and wants_page(request)
    try:
        if is_upload(request):
            bound_upload(request, max_bytes=svc.settings.max_csv_bytes)
        key_id = check_key(request, svc.keys)
        table = is_csv(request) or is_upload(request)
        rows = _read_rows(svc, request) if table else read_array(_read_values(svc, request))
    except (TooLarge, BrokenBody, WrongMediaType, NotATable) as refused:
        if not page:
            raise
        return mark_negotiated(show_refused(refused))
    batches = record_rows(rows, svc.log.database, now=svc.log.now, key_id=key_id)
    if page:
        return mark_negotiated(show_report(batches))
    language = chosen_language()
    answer = _as_csv if wants_csv(request) else _as_json
    return mark_negotiated(mark_language(answer(batches, language, table=table), language))


def _read_rows(svc: Service, request: Request) -> Iterable[OutcomeRow]:
    """Read the rows of a table, once all of it is known to be readable."""
    if is_upload(request):
        # A file of whatever program, whose encoding nothing announces.
        raw, encoding = _read_uploaded(svc, request), None
    else:
        raw, charset = read_csv(request, max_bytes=svc.settings.max_csv_bytes)
        encoding = charset or "utf-8"
    prefix = svc.assessor.model.schema.decision_prefix
    columns = wanted_columns(prefix)

    def open_table() -> CsvFile:
        return open_csv(io.BytesIO(raw), column_names=columns, encoding=encoding)

    check_table(open_table(), prefix=prefix, max_rows=MAX_ROWS)
    return read_table(open_table(), prefix=prefix)


def _read_uploaded(svc: Service, request: Request) -> bytes:
    """Read the table of the page's form: its file, or else the text that was pasted."""
    upload = read_upload(request, "file", max_bytes=svc.settings.max_csv_bytes)
    raw = upload.raw or upload.fields.get("table", "").encode(errors="replace")
    if not raw.strip():
        raise WrongMediaType(say("not_the_upload"))
    return raw


def _read_values(svc: Service, request: Request) -> Sequence[object]:
    body = read_json(request, max_bytes=svc.settings.max_json_bytes)
    max_rows = svc.settings.max_applicants
    if not isinstance(body, list):
        text = say("not_outcomes", most=max_rows, got=describe_value(body))
        raise WrongValues([Fault("not_outcomes", "", text)])
    if not 1 <= len(body) <= max_rows:
        code = "too_many" if body else "empty_array"
        text = say("wrong_number_of_outcomes", most=max_rows, count=len(body))
        raise WrongValues([Fault(code, "", text)])
    return body


def _as_json(batches: Iterable[list[ReportedRow]], language: str, *, table: bool) -> Response:
    """Write the state of each row, behind the counts, which are known at the end."""
    counts = dict.fromkeys(STATES, 0)

    def write(row: ReportedRow) -> bytes:
        comma = b"," if any(counts.values()) else b""
        counts[row.result.state] += 1
        position = {"line": row.row.at} if table else {"pointer": f"/{row.row.at}"}
        return comma + dumps_bytes({**position, **row.to_dict(language)})

    file = _spool(write(row) for rows in batches for row in rows)
    begin = dumps_bytes({"counts": counts})[:-1] + b',"outcomes":['
    return file_answer(file, "application/json", begin=begin, end=b"]}")


def _as_csv(batches: Iterable[list[ReportedRow]], language: str, *, table: bool) -> Response:
    """Write the state of each row, in a line of its own; of an array the first is in line 1."""

    def write(row: ReportedRow) -> bytes:
        _, *cells = row.cells(language)
        return f"{to_line([row.row.at + (not table), *cells])}\n".encode()

    file = _spool(write(row) for rows in batches for row in rows)
    return file_answer(file, TABLE, begin=f"{to_line(REPORT)}\n".encode())


def _spool(pieces: Iterable[bytes]) -> BinaryIO:
    """Write pieces to a file, which the caller closes."""
    with ExitStack() as stack:
        file = stack.enter_context(spooled_file())
        file.writelines(pieces)
        stack.pop_all()
    return file
