"""A model card of release 0.1.0 is served with the keys of today."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pages import BROWSER
from service_settings import settings_of

from creditscore.evaluation.card_keys import RENAMED, with_current_keys
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.web import create_app


@pytest.fixture(scope="module")
def old(card: Any) -> Any:
    """The card as release 0.1.0 wrote it."""
    document = json.loads(json.dumps(card))
    for path, old, new in reversed(RENAMED):
        put_back(document, path.split("."), old, new)
    return document


def put_back(content: Any, path: list[str], old: str, new: str) -> None:
    if path:
        values = content.values() if isinstance(content, dict) else content or []
        for value in values if path[0] == "*" else [content[path[0]]]:
            put_back(value, path[1:], old, new)
    elif content and new in content:
        content[old] = content.pop(new)


def test_old_keys_become_the_current_ones(card: Any, old: Any) -> None:
    before = json.dumps(old)
    for _, name, _ in RENAMED:
        assert f'"{name}": ' in before

    assert with_current_keys(old) == card
    assert json.dumps(old) == before


def test_current_keys_stay(card: Any) -> None:
    assert with_current_keys(card) == card


def test_the_service_serves_a_model_with_an_old_card(
    model: Model, card: Any, old: Any, tmp_path: Path
) -> None:
    artifact.save(replace(model, card=old), tmp_path)
    client: FlaskClient = create_app(settings_of(tmp_path)).test_client()

    assert client.get("/model").get_json() == card
    assert client.get("/model", headers=BROWSER).status_code == 200
