"""Answers from temporary files, sent piece by piece."""

from __future__ import annotations

import os
from itertools import chain
from typing import BinaryIO

from flask import Response
from werkzeug.wsgi import FileWrapper

from creditscore.web.request_body import CSV_TYPE

#: The type of a table with a header.
TABLE = f"{CSV_TYPE}; charset=utf-8; header=present"


def file_answer(
    file: BinaryIO, content_type: str, *, begin: bytes = b"", end: bytes = b""
) -> Response:
    """Return an answer of a whole file between two pieces; it closes the file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    answer = Response(chain([begin], FileWrapper(file), [end]), content_type=content_type)
    answer.call_on_close(file.close)
    answer.content_length = len(begin) + size + len(end)
    return answer
