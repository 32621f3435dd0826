"""Where a request comes from, as the log keeps it."""

from __future__ import annotations

import hashlib
import re

from flask import Request, g

from creditscore.decision_log.idempotency import RequestOrigin
from creditscore.i18n.catalogue import say
from creditscore.web.problems import WrongIdempotencyKey

MOST_CHARACTERS = 255


def read_origin(request: Request, body: bytes, *, key_id: str | None) -> RequestOrigin:
    """Tell what sets a request apart from others.

    Raises
    ------
    WrongIdempotencyKey
        If its key is none.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(f"[!-~]{{1,{MOST_CHARACTERS}}}", key, re.ASCII):
        raise WrongIdempotencyKey(say("idempotency_key", most=MOST_CHARACTERS))
    return RequestOrigin(
        request_id=g.request_id,
        key_id=key_id,
        idempotency_key=key,
        body_hash=hashlib.sha256(body).hexdigest(),
    )
