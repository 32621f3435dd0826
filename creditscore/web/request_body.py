"""Read a request's body: all of it, at most so much, and only what is announced as JSON."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Request, g
from werkzeug.exceptions import RequestEntityTooLarge

from creditscore.decisions.record import RequestOrigin
from creditscore.errors import NotJson
from creditscore.i18n.catalogue import say, shorten
from creditscore.web import json_parser
from creditscore.web.problems import BrokenBody, TooLarge, WrongIdempotencyKey, WrongMediaType
from creditscore.web.rate_limiting import client_network
from creditscore.web.wsgi import put_back

URL_ENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

#: What counts as JSON: `curl -d` and Postman's raw text do not say application/json.
JSON_TYPES = frozenset({"", "application/json", "text/json", "text/plain", URL_ENCODED})

#: How a form begins: with a name and its value, or with JSON whose brackets are encoded.
A_FORM = re.compile(rb"""\s*+(?:[^\s{\["'=&][^=&]*+=|%(?:7B|5B|22))""", re.IGNORECASE)

CSV_TYPE = "text/csv"

#: What browsers on Windows with Excel call a CSV file; a real workbook is refused by its bytes.
CSV_TYPES = frozenset({CSV_TYPE, "application/vnd.ms-excel"})

#: Characters of a header that are quoted.
MAX_QUOTED_LENGTH = 60

#: Characters of an Idempotency-Key.
MAX_KEY_LENGTH = 255

#: Hexadecimal digits of a mark: hundreds of IPv4 addresses have the same one, so that it gives none
#: away, and hardly two clients that choose the same key.
MARK_DIGITS = 6

#: JSON that travels is UTF-8 (RFC 8259, section 8.1); ASCII is a part of it.
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})

#: Bytes of a form beside the file in it.
UPLOAD_ROOM = 64 * 1024

#: Encodings that tables may be announced to have, as Python calls them.
TABLE_CHARSETS = re.compile(r"utf-8|utf-16(-[bl]e)?|cp125[0-8]|iso8859-[0-9]{1,2}", re.ASCII)


def read_json(request: Request, *, max_bytes: int) -> object:
    """Read the body as one JSON value; errors as of `read_body` and `parse_json`."""
    return parse_json(request, read_body(request, max_bytes=max_bytes))


def parse_json(request: Request, body: bytes) -> object:
    """Read one JSON value from a body.

    Raises
    ------
    NotJson
        If it is not JSON.
    WrongMediaType
        If it is a form: `curl -d` calls JSON one too, so that only what is in it tells.
    """
    try:
        return json_parser.parse(body)
    except NotJson:
        if request.mimetype == URL_ENCODED and A_FORM.match(body):
            raise WrongMediaType(say("form_not_json", got=URL_ENCODED)) from None
        raise


def is_csv(request: Request) -> bool:
    """Tell whether the body is announced as CSV."""
    return request.mimetype in CSV_TYPES


def read_csv(request: Request, *, max_bytes: int) -> tuple[bytes, str | None]:
    """Read a body that is announced as CSV; errors as of `read_body`.

    Returns
    -------
    bytes
    str or None
        The encoding that is announced, as Python calls it.
    """
    charset = _table_charset(request)
    _check_coding(request, charset="utf-8")
    return _read(request, max_bytes), charset


def _table_charset(request: Request) -> str | None:
    charset = request.mimetype_params.get("charset")
    if charset is None or charset.lower() in UTF_8:
        return charset and "utf-8"
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        name = ""
    if not TABLE_CHARSETS.fullmatch(name):
        raise WrongMediaType(say("table_charset", got=shorten(charset, MAX_QUOTED_LENGTH)))
    return name


def is_upload(request: Request) -> bool:
    """Tell whether the body is announced as a form that can hold files."""
    return request.mimetype == MULTIPART


def read_body(request: Request, *, max_bytes: int) -> bytes:
    """Read a body that is announced as JSON.

    Raises
    ------
    Problem
        If it is of another type, too large, or did not come whole.
    """
    _check_media(request)
    return _read(request, max_bytes)


def read_form_body(request: Request, *, max_bytes: int) -> bytes:
    """Read a body that is announced as the page's form; errors as of `read_body`."""
    if request.mimetype not in {"", URL_ENCODED}:
        raise WrongMediaType(say("not_the_form", got=shorten(request.mimetype, MAX_QUOTED_LENGTH)))
    _check_coding(request)
    raw = _read(request, max_bytes)
    # The look for the token of a session gets the form whole too.
    put_back(request.environ, raw)
    return raw


@dataclass(frozen=True)
class Upload:
    """A file of a form, and the other fields of it.

    Attributes
    ----------
    name : str
        As the browser calls the file; empty where none was chosen.
    raw : bytes
    fields : mapping of str to str
    """

    name: str
    raw: bytes
    fields: Mapping[str, str]


def bound_upload(request: Request, *, max_bytes: int) -> None:
    """Check type and announced length of a form with a file, before anybody reads any of it.

    Raises
    ------
    Problem
        If it is of another type or too large.
    """
    if request.mimetype != MULTIPART:
        raise WrongMediaType(say("not_an_upload", got=shorten(request.mimetype, MAX_QUOTED_LENGTH)))
    max_length = max_bytes + UPLOAD_ROOM
    request.max_content_length = request.max_form_memory_size = max_length
    if (request.content_length or 0) > max_length:
        raise TooLarge(say("too_large", most=max_bytes))


def read_upload(request: Request, field: str, *, max_bytes: int) -> Upload:
    """Read a form with a file in a field, at most so many bytes long.

    Raises
    ------
    Problem
        If it is too large, or did not come whole.
    """
    _check_coding(request)
    too_large = TooLarge(say("too_large", most=max_bytes))
    try:
        file = request.files.get(field)
        raw = b"" if file is None else file.read(max_bytes + 1)
        fields = request.form.to_dict()
        # Long ones are in temporary files.
        request.close()
    except RequestEntityTooLarge:
        raise too_large from None
    except Exception:  # noqa: BLE001  # each server raises its own kind while the body comes in
        raise BrokenBody(say("broken_off")) from None
    if max_bytes < len(raw):
        raise too_large
    return Upload((file.filename if file else None) or "", raw, fields)


def _check_media(request: Request) -> None:
    media = request.mimetype
    if media not in JSON_TYPES and not media.endswith("+json"):
        key = "form_not_json" if media == MULTIPART else "media_type"
        raise WrongMediaType(say(key, got=shorten(media, MAX_QUOTED_LENGTH)))
    _check_coding(request)


def _check_coding(request: Request, *, charset: str | None = None) -> None:
    charset = charset or request.mimetype_params.get("charset", "utf-8")
    if charset.lower() not in UTF_8:
        raise WrongMediaType(say("charset", got=shorten(charset, MAX_QUOTED_LENGTH)))
    coding = request.environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if coding not in {"identity", ""}:
        raise WrongMediaType(say("content_coding", got=shorten(coding, MAX_QUOTED_LENGTH)))


def _read(request: Request, max_bytes: int) -> bytes:
    announced = request.content_length
    if announced is not None and announced > max_bytes:
        raise TooLarge(say("too_large", most=max_bytes))
    try:
        if announced is not None:
            raw: bytes = request.environ["wsgi.input"].read(announced)
        else:
            # Werkzeug cuts a chunked body at its limit without a word: allow one byte more, and
            # count.
            request.max_content_length = max_bytes + 1
            raw = request.get_data()
    except RequestEntityTooLarge:
        raise TooLarge(say("too_large", most=max_bytes)) from None
    except Exception:  # noqa: BLE001  # each server raises its own kind while the body comes in
        raise BrokenBody(say("broken_off")) from None
    if len(raw) > max_bytes:
        raise TooLarge(say("too_large", most=max_bytes))
    if announced is not None and len(raw) != announced:
        raise BrokenBody(say("shorter_than_announced", got=len(raw), announced=announced))
    return raw


def read_origin(
    request: Request,
    body: bytes,
    *,
    key_id: str | None,
    own_key: str | None = None,
    scope: str = "",
) -> RequestOrigin:
    """Return what identifies a request in the log.

    Parameters
    ----------
    request : Request
    body : bytes
    key_id : str or None
        The API key that it shows.
    own_key : str, optional
        An idempotency key of a page's own, any text with a scope, as browsers send none.
    scope : str
        What the key is for, where it is not `/predict`: elsewhere it is another key.

    Raises
    ------
    WrongIdempotencyKey
        If its Idempotency-Key is not 1 to 255 visible ASCII characters.
    """
    sent_key = request.environ.get("HTTP_IDEMPOTENCY_KEY")
    if sent_key is not None and not re.fullmatch(
        f"[!-~]{{1,{MAX_KEY_LENGTH}}}", sent_key, re.ASCII
    ):
        raise WrongIdempotencyKey(say("idempotency_key", most=MAX_KEY_LENGTH))
    key = own_key or sent_key
    if key is not None and scope:
        key = hashlib.sha256(repr([scope, key]).encode()).hexdigest()
    if key is not None and key_id is None:
        # Clients without an API key share one name space: a key of theirs is one of their network.
        # No client can send the blank.
        key = f"{key} {_network_mark(request, key)}"
    return RequestOrigin(
        request_id=g.request_id,
        key_id=key_id,
        idempotency_key=key,
        body_hash=hashlib.sha256(body).hexdigest(),
    )


def _network_mark(request: Request, key: str) -> str:
    """Return what tells the networks apart that send the same key, without naming them."""
    digest = hashlib.sha256(f"{client_network(request)} {key}".encode()).hexdigest()
    return digest[:MARK_DIGITS]
