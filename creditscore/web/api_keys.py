"""API keys in the database: shown once, kept as hashes, revoked at once for every worker."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import api_keys
from creditscore.decisions.record import to_milliseconds, to_time
from creditscore.errors import KeyRefused

#: Random bytes of a key: too many to guess, so one fast hash keeps it as well as a slow one.
KEY_BYTES = 32

#: Shows what a text is, if one is found where it should not be.
PREFIX = "credit_"


@dataclass(frozen=True)
class ApiKey:
    """What is known of a key; not the key itself.

    Attributes
    ----------
    key_id : str
        Stands in the log beside what was asked with it.
    name : str
        Whom or what it is for.
    digest : bytes
        SHA-256 of it.
    created_at : datetime
    revoked_at : datetime or None
        None while it is accepted.
    """

    key_id: str
    name: str
    digest: bytes
    created_at: datetime
    revoked_at: datetime | None = None


def digest_of(key: str) -> bytes:
    """Give the hash that a key is kept as."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def issue(database: Database, name: str, now: datetime) -> tuple[ApiKey, str]:
    """Make a key; give also the key itself, which cannot be read later.

    Raises
    ------
    KeyRefused
        If there is one of that name: names are never used again, as they stand in reports.
    """
    secret = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    key = ApiKey(f"key-{secrets.token_hex(4)}", name, digest_of(secret), now)
    with database.writing() as connection:
        if connection.execute(select(api_keys).filter_by(name=name)).first() is not None:
            raise KeyRefused(f"there is, or was, an API key named {name} already")
        row = {
            "id": key.key_id,
            "name": name,
            "digest": key.digest.hex(),
            "created_at": to_milliseconds(now),
        }
        connection.execute(insert(api_keys), [row])
    return key, secret


def revoke(database: Database, name: str, now: datetime) -> ApiKey:
    """Accept a key no longer, from now on.

    Raises
    ------
    KeyRefused
        If there is none of that name or id, or it was revoked before.
    """
    key = next((key for key in read_keys(database) if name in {key.name, key.key_id}), None)
    if key is None:
        raise KeyRefused(f"there is no API key named {name}")
    if key.revoked_at is not None:
        raise KeyRefused(f"the API key {name} was revoked before, at {key.revoked_at:%F %T} UTC")
    with database.writing() as connection:
        change = update(api_keys).where(api_keys.c.id == key.key_id)
        connection.execute(change.values(revoked_at=to_milliseconds(now)))
    return key


def read_keys(database: Database) -> list[ApiKey]:
    """Read all keys, the revoked ones too, oldest first."""
    query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
    with database.reading() as connection:
        rows = connection.execute(query).all()
    return [
        ApiKey(
            key_id=row.id,
            name=row.name,
            digest=bytes.fromhex(row.digest),
            created_at=to_time(row.created_at),
            revoked_at=None if row.revoked_at is None else to_time(row.revoked_at),
        )
        for row in rows
    ]
