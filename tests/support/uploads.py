"""Tables uploaded to the page as a browser sends them, and what it shows of them."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
import zipfile
from collections.abc import Mapping
from email import message_from_bytes
from typing import Any

from flask.testing import FlaskClient
from pages import BROWSER, read_page
from werkzeug.test import TestResponse

Row = dict[str, str]


def upload(
    client: FlaskClient,
    raw: bytes | str | None,
    *,
    task: str = "score",
    name: str = "applicants.csv",
    language: str = "en",
    accept: str = BROWSER["Accept"],
    headers: Mapping[str, str] | None = None,
    **fields: str,
) -> TestResponse:
    """Send the form with a table, or without one."""
    data: dict[str, Any] = {"task": task, **fields}
    if raw is not None:
        data["table"] = (io.BytesIO(raw.encode() if isinstance(raw, str) else raw), name)
    return client.post(
        "/tables",
        query_string={"lang": language},
        data=data,
        headers={"Accept": accept, **(headers or {})},
        content_type="multipart/form-data",
        buffered=True,
    )


def page_of(answer: TestResponse, status: int = 200) -> str:
    """Return the text of a page, in which nothing stands that a browser would run."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "text/html"
    text = answer.get_data(as_text=True)
    read_page(text)
    return text


def words(text: str) -> str:
    """Return what a page says, without its marks."""
    body = text.partition('id="answer"')[2]
    return html.unescape(re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", body)))


def counts(text: str) -> dict[str, int]:
    """Return the numbers of rows that a page shows."""
    matches = re.findall(r'id="count-(\w+)"><dt>[^<]*</dt><dd>([\d,.]+)</dd>', text)
    return {kind: int(re.sub("[,.]", "", count)) for kind, count in matches}


def files_of(answer: TestResponse) -> dict[str, bytes]:
    """Return the files that a page carries, by whether they are scored or rejected."""
    links = re.findall(
        r'id="file-(\w+)" download="[^"]+" href="data:text/csv;base64,([^"]*)"',
        page_of(answer),
    )
    return {kind: base64.b64decode(content) for kind, content in links}


def parts_of(answer: TestResponse) -> tuple[str, dict[str, bytes]]:
    """Return what comes before the parts of an answer, and the parts by their name."""
    head = f"Content-Type: {answer.content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + answer.get_data())
    parts = {
        str(part.get_param("name", header="content-disposition")): bytes(
            part.get_payload(decode=True)
        )
        for part in message.walk()
        if not part.is_multipart()
    }
    return str(message.preamble), parts


def zipped(answer: TestResponse) -> dict[str, bytes]:
    """Return the files of an archive by their names."""
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(raw: bytes, separator: str = ",") -> list[Row]:
    """Read a file as Excel does."""
    assert raw.startswith(b"\xef\xbb\xbf")
    text = io.StringIO(raw.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, strict=True, delimiter=separator))
