"""API keys of the database: shown once, kept as hashes, in force for every process at once."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from decided import NOON
from sqlalchemy import select

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import api_keys
from creditscore.errors import KeyRefused
from creditscore.web.api_keys import PREFIX, digest_of, issue, read_keys, revoke

LATER = NOON + timedelta(days=1)


def test_a_key_is_kept_as_its_hash_only(database: Database) -> None:
    key, secret = issue(database, "the branch office", NOON)

    with database.reading() as connection:
        (row,) = connection.execute(select(api_keys)).all()
    assert row.digest == hashlib.sha256(secret.encode()).hexdigest() == key.digest.hex()
    assert secret not in str(row)
    assert read_keys(database) == [key]
    assert digest_of(secret) == key.digest


def test_a_key_cannot_be_guessed(database: Database) -> None:
    pairs = [issue(database, f"number {number}", NOON) for number in range(20)]

    secrets = {secret for _, secret in pairs}
    assert len(secrets) == len({key.key_id for key, _ in pairs}) == 20
    # 32 bytes in base64 are 43 characters.
    assert {len(secret.removeprefix(PREFIX)) for secret in secrets} == {43}


@pytest.mark.parametrize("by", ["name", "key_id"])
def test_a_key_is_revoked_once_by_its_name_or_id(database: Database, by: str) -> None:
    first_key, _ = issue(database, "one", NOON)
    second_key, _ = issue(database, "another", LATER)

    revoked = revoke(database, getattr(first_key, by), LATER)

    assert revoked.key_id == first_key.key_id
    assert [key.revoked_at for key in read_keys(database)] == [LATER, None]
    assert read_keys(database)[1] == second_key
    with pytest.raises(KeyRefused, match="was revoked before, at 2026-11-23 12:30:05 UTC"):
        revoke(database, "one", LATER)


def test_a_name_is_used_once_though_its_key_was_revoked(database: Database) -> None:
    issue(database, "one", NOON)
    revoke(database, "one", NOON)

    with pytest.raises(KeyRefused, match="named one already"):
        issue(database, "one", LATER)

    assert len(read_keys(database)) == 1
