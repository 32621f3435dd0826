"""API keys over HTTP: made and revoked by the command, in force for every process at once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from click.testing import Result
from decided import NOON
from flask import Flask, Request
from service_settings import Build
from sqlalchemy import Engine, event
from waiting import wait_until
from werkzeug.test import EnvironBuilder

from creditscore.api_docs.examples import example_applicants
from creditscore.decision_log.database import Database
from creditscore.scorecard.model import Model
from creditscore.web.api_keys import digest_of, issue
from creditscore.web.authentication import Keys
from creditscore.web.sign_in import Sessions

SETTINGS_KEY = "a-key-of-the-settings"

SESSIONS = Sessions("a-secret-of-the-settings", Path())


@pytest.fixture
def app(build: Build) -> Flask:
    """Build a service with a log of its own."""
    return build()


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["keys", *arguments])


def status_of(app: Flask, model: Model, key: str | None = None) -> int:
    applicant = next(iter(example_applicants(model.schema).values()))
    headers = {} if key is None else {"X-API-Key": key}
    return app.test_client().post("/predict", json=applicant, headers=headers).status_code


def soon_is(status: int, app: Flask, model: Model, key: str | None = None) -> bool:
    """Ask until the answer has a status: keys are remembered for half a second."""
    return wait_until(lambda: status_of(app, model, key) == status)


def test_the_first_key_closes_an_open_service_and_opens_it_to_its_owner(
    app: Flask, model: Model
) -> None:
    assert status_of(app, model) == 200

    result = run(app, "new", "--name", "the branch office")

    key = result.stdout.strip()
    assert result.exit_code == 0
    assert re.fullmatch("credit_[A-Za-z0-9_-]{43}", key)
    assert "not be shown again" in result.stderr
    assert soon_is(401, app, model)
    assert status_of(app, model, key) == 200


def test_a_revoked_key_opens_nothing_and_leaves_the_service_closed(
    app: Flask, build: Build, model: Model
) -> None:
    # One that runs already, in another process.
    other_app = build()
    assert status_of(other_app, model) == 200
    key = run(app, "new", "--name", "one").stdout.strip()
    assert status_of(other_app, model, key) == 200

    revoked = run(app, "revoke", "one")

    assert revoked.exit_code == 0
    for service in (app, other_app):
        assert soon_is(401, service, model, key)
        assert soon_is(401, service, model)


def test_the_list_shows_no_key(app: Flask) -> None:
    keys = [run(app, "new", "--name", name).stdout.strip() for name in ("one", "another one")]
    run(app, "revoke", "one")

    listed = run(app, "list")

    headings, *lines = [re.split(" {2,}", line) for line in listed.stdout.splitlines()]
    assert headings == ["NAME", "ID", "CREATED (UTC)", "STATE"]
    assert [(line[0], line[3].partition(" ")[0]) for line in lines] == [
        ("one", "revoked"),
        ("another one", "active"),
    ]
    assert not any(key in listed.output for key in keys)
    assert not any(digest in listed.output for digest in ("sha", keys[0][:20]))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["new"], "--name"),
        (["new", "--name", "tab\there"], "1 to 64"),
        (["new", "--name", "x" * 65], "1 to 64"),
        (["revoke", "nobody"], "no API key named nobody"),
        (["revoke"], "NAME"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_and_fails(
    app: Flask, arguments: list[str], complaint: str
) -> None:
    result = run(app, *arguments)

    assert result.exit_code != 0
    assert complaint in result.stderr
    assert "Traceback" not in result.output


def test_keys_of_the_settings_keep_working_beside_those_of_the_database(
    build: Build, model: Model
) -> None:
    app = build(api_keys=(SETTINGS_KEY,))

    key = run(app, "new", "--name", "one").stdout.strip()

    assert [
        status_of(app, model, presented_key) for presented_key in (SETTINGS_KEY, key, None)
    ] == [200, 200, 401]


def test_each_key_has_an_id_that_tells_where_it_comes_from(
    build: Build, database: Database
) -> None:
    issued_key, secret = issue(database, "one", NOON)
    app, keys = build(), Keys([SETTINGS_KEY], database, sessions=SESSIONS)

    ids = []
    for key in (secret, SETTINGS_KEY, "another"):
        with app.test_request_context(headers={"X-API-Key": key}) as context:
            ids.append(keys.look_at(context.request).key_id)

    assert ids == [issued_key.key_id, f"env-{digest_of(SETTINGS_KEY).hex()[:8]}", None]


@pytest.fixture
def looks() -> Iterator[list[str]]:
    """Give the statements that read the keys, as they are sent, each of which takes a while."""
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "FROM api_keys" in statement:
            statements.append(statement)
            # Others come meanwhile.
            time.sleep(0.05)

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("key", ["", "unknown"])
def test_one_look_at_the_keys_serves_all_who_wait_for_it(
    database: Database, looks: list[str], key: str
) -> None:
    # More than the database has connections for: each with its own, some would get none.
    waiters = 24
    # All come at the same moment, however long each takes to get there.
    keys = Keys([SETTINGS_KEY], database, sessions=SESSIONS, clock=lambda: 100.0)
    together = Barrier(waiters)

    def look() -> str | None:
        request = Request(EnvironBuilder(headers=[("X-API-Key", key)]).get_environ())
        together.wait()
        return keys.look_at(request).key_id

    with ThreadPoolExecutor(waiters) as pool:
        ids = [future.result() for future in [pool.submit(look) for _ in range(waiters)]]

    assert ids == [None] * waiters
    assert len(looks) == 1


def test_a_key_of_the_settings_is_known_without_the_database(
    database: Database, looks: list[str]
) -> None:
    """Prometheus shows such a key: the metrics matter most while the database is away."""
    keys = Keys([SETTINGS_KEY], database, sessions=SESSIONS)

    assert keys.authenticate(SETTINGS_KEY).key_id is not None
    assert looks == []
    assert keys.authenticate("another").key_id is None
    assert looks
