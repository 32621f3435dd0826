"""Idempotency: a request that comes again gets its first answer, even if both arrive at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from creditscore.decision_log.tables import idempotency_keys, insert_if_new
from creditscore.decisions.record import RequestOrigin, to_milliseconds
from creditscore.errors import KeyReused


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
