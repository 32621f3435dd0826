"""Idempotency: a request that comes again gets its first answer, even if both arrive at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from creditscore.decision_log.tables import idempotency_keys, insert_if_new
from creditscore.decisions.record import to_milliseconds
from creditscore.errors import KeyReused


@dataclass(frozen=True)
class RequestOrigin:
    """The request that decisions belong to.

    Attributes
    ----------
    request_id : str
    key_id : str or None
        The API key that was presented; None for none.
    idempotency_key : str or None
        The key that was sent; a repetition of the request gets the first answer. Each API key has
        its own name space; in the one of requests without, a mark of the client's network follows.
    body_hash : str
        A hash of the body, to tell a repetition from another request.
    """

    request_id: str
    key_id: str | None = None
    idempotency_key: str | None = None
    body_hash: str = ""


def claim(
    connection: Connection, origin: RequestOrigin, *, decision_ids: Sequence[str], moment: datetime
) -> bool:
    """Claim a request's idempotency key for its decisions; return whether it was free."""
    row = {
        **_key_of(origin),
        "body_hash": origin.body_hash,
        "decision_ids": json.dumps(list(decision_ids)),
        "created_at": to_milliseconds(moment),
    }
    return insert_if_new(connection, idempotency_keys, row)


def first_answer(connection: Connection, origin: RequestOrigin) -> list[str] | None:
    """Return the ids of the decisions that a key's first request got; None if it is the first.

    Raises
    ------
    KeyReused
        If that was another request.
    """
    query = select(idempotency_keys).filter_by(**_key_of(origin))
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    if row.body_hash != origin.body_hash:
        raise KeyReused("the idempotency key came before, with another request")
    return list(json.loads(row.decision_ids))


def _key_of(origin: RequestOrigin) -> dict[str, str | None]:
    """Return the primary key of an idempotency key; nulls would never be equal."""
    return {"key_id": origin.key_id or "", "key": origin.idempotency_key}
