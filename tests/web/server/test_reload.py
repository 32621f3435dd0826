"""A new model: taken over without a pause, or refused while the old one goes on."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from live_server import LiveServer, serving
from logged import successor
from service_settings import settings_of

from creditscore.scorecard import artifact
from creditscore.scorecard.artifact import MODEL_FILE
from creditscore.scorecard.model import Model
from creditscore.web import create_app, reload_model


@pytest.fixture
def folder(model_dir: Path, tmp_path: Path) -> Path:
    """Give a folder of a model that a test may replace."""
    return Path(shutil.copytree(model_dir, tmp_path / "model"))


@pytest.fixture
def app(folder: Path) -> Flask:
    return create_app(settings_of(folder))


def damage(folder: Path) -> None:
    raw = bytearray((folder / MODEL_FILE).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / MODEL_FILE).write_bytes(raw)


def health_of(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/health")
    assert answer.status_code == 200
    model_health: dict[str, Any] = answer.get_json()["model"]
    return model_health


def test_a_new_model_decides_describes_and_is_archived(
    app: Flask, folder: Path, model: Model
) -> None:
    new = successor(model)
    artifact.save(new, folder)

    assert reload_model(app)

    client = app.test_client()
    assert health_of(app) == {"status": "ok", "versions": dict(new.versions)}
    assert client.get("/model").get_json()["policy"]["cutoff"] == new.policy.cutoff
    assert str(new.policy.cutoff) in client.get("/openapi.json").get_data(as_text=True)
    archived = {path.name for path in (folder / "archive").iterdir()}
    assert archived >= {*new.versions.values(), *model.versions.values()}


def test_a_damaged_model_changes_nothing_and_is_told_of(
    app: Flask, folder: Path, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    before = app.test_client().get("/openapi.json").get_data()
    artifact.save(successor(model), folder)
    damage(folder)

    assert not reload_model(app)

    model_health = health_of(app)
    assert model_health["versions"] == model.versions
    assert str(folder) not in json.dumps(model_health)
    assert model_health["refused"]
    assert app.test_client().get("/openapi.json").get_data() == before
    assert "is damaged" in caplog.text


def test_a_sound_model_after_a_damaged_one_is_taken_over(
    app: Flask, folder: Path, model: Model
) -> None:
    damage(folder)
    assert not reload_model(app)
    artifact.save(successor(model), folder)

    assert reload_model(app)
    assert "refused" not in health_of(app)


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[LiveServer]:
    with serving(folder, tmp_path) as running:
        yield running


def wait_until_settled(server: LiveServer, versions: dict[str, str], *, refused: bool) -> None:
    """Wait until every process says so."""
    deadline, agreed = time.monotonic() + 60, 0
    while agreed < 8:
        assert time.monotonic() < deadline, server.printed()
        model_health = json.loads(server.ask("GET", "/health").body)["model"]
        fine = model_health["versions"] == versions and ("refused" in model_health) == refused
        agreed = agreed + 1 if fine else 0
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run on Windows")
def test_hup_brings_in_a_new_model_and_keeps_the_old_one_from_a_damaged_one(
    server: LiveServer, folder: Path, model: Model
) -> None:
    new = successor(model)
    artifact.save(new, folder)
    server.signal(signal.SIGHUP)
    wait_until_settled(server, dict(new.versions), refused=False)

    damage(folder)
    server.signal(signal.SIGHUP)
    wait_until_settled(server, dict(new.versions), refused=True)
