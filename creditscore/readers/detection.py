"""Find out the kind of a file and the encoding of a text by their first bytes."""

from __future__ import annotations

import codecs

from creditscore.errors import NotATable
from creditscore.i18n.catalogue import say
from creditscore.readers.file_format import (
    BYTE_ORDER_MARKS,
    CSV,
    EXCEL,
    LEGACY_ENCODING,
    PARQUET,
)
from creditscore.readers.header_search import MAJORITY

#: How encodings are called whose texts have zeros: at every comma and line end at least.
WITH_ZEROS = ("utf-16", "utf-32")

#: How files begin that are no tables here, and the message that names each.
OTHER_FILES = {b"PK\x03\x04": "file_zip", b"\x1f\x8b": "file_gzip"}


def file_kind(head: bytes) -> str:
    """Return the kind of a file by its first bytes: CSV where it is none of the others.

    Raises
    ------
    NotATable
        If it is an archive.
    """
    if head.startswith(b"PAR1"):
        return PARQUET
    # Old workbooks are compound files; new ones are ZIP archives with a folder of that name.
    is_archive = head.startswith(b"PK\x03\x04")
    if head.startswith(b"\xd0\xcf\x11\xe0") or (is_archive and b"xl/" in head):
        return EXCEL
    for beginning, message in OTHER_FILES.items():
        if head.startswith(beginning):
            raise NotATable("not_csv", say("another_file", kind=say(message)), 1)
    return CSV


def check_is_csv(head: bytes) -> None:
    """Check that a file is CSV by its first bytes.

    Excel workbooks and Parquet are read from files, but not from a pipe or a request.
    """
    kind = file_kind(head)
    if kind != CSV:
        workbook = "file_xlsx" if head.startswith(b"PK") else "file_xls"
        message = "file_parquet" if kind == PARQUET else workbook
        raise NotATable("not_csv", say("another_file", kind=say(message)), 1)


def detect_encoding(head: bytes, *, stated: str | None = None) -> str:
    """Find out the encoding of a text from its beginning.

    A byte order mark settles it. UTF-16 shows by its zeros; it is stated, or in Latin letters.

    Raises
    ------
    NotATable
        If it is no text.
    """
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    if b"\0" not in head:
        return encoding_without_zeros(head, stated=stated)
    if stated is not None and stated.startswith(WITH_ZEROS):
        return stated
    sample = head[:200]
    # Every other byte of a text in Latin letters is 0: behind the letter, or before it.
    for encoding, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        half = sample[offset::2]
        zeros = half.count(0)
        if len(sample) > 1 and zeros >= MAJORITY * len(half) and zeros == sample.count(0):
            return encoding
    raise NotATable("not_csv", say("another_file", kind=say("file_binary")), 1)


def encoding_without_zeros(raw: bytes, *, stated: str | None = None) -> str:
    """Find out the encoding of some of a text, which may be cut within a character.

    What is UTF-8 beyond plain ASCII is that, whatever is stated: hardly any text of another
    encoding is, and one table of applicants is saved otherwise than the next. All else is what is
    stated, or Windows-1252.
    """
    if stated is not None and stated.startswith(WITH_ZEROS):
        stated = None
    try:
        is_utf_8 = not codecs.getincrementaldecoder("utf-8")().decode(raw).isascii()
    except UnicodeDecodeError:
        is_utf_8 = False
    if is_utf_8:
        return "utf-8"
    return stated or ("utf-8" if raw.isascii() else LEGACY_ENCODING)


def decode_beginning(head: bytes) -> str:
    """Return the text at the beginning of UTF-8, without a byte order mark."""
    return codecs.getincrementaldecoder("utf-8")("replace").decode(head).removeprefix("\ufeff")
