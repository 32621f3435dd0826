"""A scored table on its way to a browser: nothing of it is kept here between two requests.

A script gets the page and the files as the parts of one answer. Without JavaScript a page carries
short files within its links, and long ones come as a ZIP archive in place of the page.
"""

from __future__ import annotations

import base64
import os
import secrets
import zipfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from shutil import copyfileobj
from typing import BinaryIO

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartEncoder, Preamble
from werkzeug.wsgi import FileWrapper

from creditscore.errors import CreditScoreError
from creditscore.json_codec import dumps_bytes
from creditscore.tables.spooled_decisions import spooled_file
from creditscore.tables.uploaded_table import ScoredTable
from creditscore.web.file_answer import TABLE, file_answer
from creditscore.web.request_body import MULTIPART
from creditscore.web.wsgi import PIECE, UNBUFFERED

#: The two files.
SCORED, REJECTED = "scored", "rejected"

#: Bytes of files that a page carries: browsers open links of several times that.
MAX_IN_PAGE = 4 * 1024 * 1024


def fits_into_page(scored: ScoredTable) -> bool:
    """Check whether the files are short enough to be carried by a page."""
    return sum(map(_size, _files(scored).values())) <= MAX_IN_PAGE


def as_links(scored: ScoredTable) -> dict[str, str]:
    """Return addresses that hold the files themselves (RFC 2397)."""
    links = {}
    for field, file in _files(scored).items():
        file.seek(0)
        links[field] = f"data:text/csv;base64,{base64.b64encode(file.read()).decode()}"
    return links


def as_zip(scored: ScoredTable, names: Mapping[str, str]) -> Response:
    """Return an archive of the files."""
    archive = spooled_file()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zip_file:
        for field, file in _files(scored).items():
            with zip_file.open(names[field], "w") as entry:
                file.seek(0)
                copyfileobj(file, entry)
    answer = file_answer(archive, "application/zip")
    name = f"{names[SCORED].removesuffix('.csv')}.zip"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def as_parts(
    steps: Generator[ScoredTable],
    make_page: Callable[[ScoredTable], bytes],
    make_error_page: Callable[[CreditScoreError], bytes],
    names: Mapping[str, str],
) -> Response:
    """Return an answer that begins while a table is scored, and ends with a page and the files.

    A script reads how far it is from the lines before the first part, which mean nothing in
    multipart/form-data (RFC 7578), and the result from the parts.

    Parameters
    ----------
    steps : iterator of ScoredTable
        The result so far; closed with the answer.
    make_page : callable
        Makes the page of the result.
    make_error_page : callable
        Makes the page of what went wrong in between, when the status has been sent already.
    names : mapping of str to str
        Of the files.
    """
    boundary = secrets.token_hex(16)

    def send() -> Iterator[bytes]:
        encoder = MultipartEncoder(boundary.encode())
        with ExitStack() as stack:
            stack.enter_context(closing(steps))
            files: Mapping[str, BinaryIO] = {}
            try:
                for scored in steps:
                    rows = scored.sample.valid + scored.sample.rejected
                    yield dumps_bytes({"rows": rows, "share": scored.share}) + b"\n"
                files = _files(scored)
                stack.callback(scored.close)
                text = make_page(scored)
            except CreditScoreError as error:
                text = make_error_page(error)
            yield from map(encoder.send_event, _events(text, files, names))

    answer = Response(send(), content_type=f"{MULTIPART}; boundary={boundary}")
    answer.headers.add(*UNBUFFERED)
    return answer


def _files(scored: ScoredTable) -> dict[str, BinaryIO]:
    """Return the files that have rows."""
    files = {SCORED: scored.scored} if scored.sample.valid else {}
    return files | ({REJECTED: scored.rejects} if scored.sample.rejected else {})


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _events(
    page: bytes, files: Mapping[str, BinaryIO], names: Mapping[str, str]
) -> Iterator[Event]:
    yield Preamble(data=b"")
    yield Field(name="page", headers=Headers({"Content-Type": "text/html; charset=utf-8"}))
    yield Data(data=page, more_data=False)
    for field, file in files.items():
        yield File(name=field, filename=names[field], headers=Headers({"Content-Type": TABLE}))
        file.seek(0)
        for piece in FileWrapper(file, PIECE):
            yield Data(data=piece, more_data=True)
        yield Data(data=b"", more_data=False)
    yield Epilogue(data=b"")
