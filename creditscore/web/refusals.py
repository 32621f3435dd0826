"""What the server itself refuses, before the application sees it: problems, like all others."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from http import HTTPStatus

LATER = "There is more to do than can be done soon; ask again a little later."

#: Where nothing better is known.
MALFORMED = "The request is not valid HTTP."

_CONNECTION = re.compile(rb"\r\nconnection[ \t]*:", re.IGNORECASE)


def keeps_open(head: bytes) -> bool:
    """Tell whether a client surely wants to go on with its connection: it says nothing of it."""
    return b" HTTP/1.1\r\n" in head and not _CONNECTION.search(head)


def refusal(status: int, detail: str, *, keep: bool = False) -> bytes:
    """Write an answer (RFC 9457), never in the words of the request.

    Parameters
    ----------
    keep : bool
        Whether the connection stays open.
    """
    before, after = _frame(status, detail, keep)
    # Not a secret: to ask the system for one would give other threads the turn.
    return before + b"%016x" % random.getrandbits(64) + after


@cache
def _frame(status: int, detail: str, keep: bool) -> tuple[bytes, bytes]:
    """Give what stands before and behind the request's id."""
    known = HTTPStatus(status)
    problem = {"type": "about:blank", "title": known.phrase, "status": status, "detail": detail}
    body = json.dumps(problem)
    lines = [
        f"HTTP/1.1 {status} {known.phrase}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        f"Connection: {'keep-alive' if keep else 'close'}",
        *(["Retry-After: 1"] if known is HTTPStatus.SERVICE_UNAVAILABLE else []),
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        "X-Request-ID: ",
    ]
    return "\r\n".join(lines).encode("ascii"), f"\r\n\r\n{body}".encode()
