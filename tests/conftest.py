"""What the tests share: a model trained as a user would, a client, and the real rows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from support import skip_or_fail

import train
from creditscore import artefact
from creditscore.artefact import Model
from creditscore.config import Settings
from creditscore.schema import Schema
from creditscore.schema_file import load_schema
from creditscore.web import create_app

PROJECT = Path(__file__).resolve().parent.parent

# The machines are shared: a slow example is no fault of the code.
settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")


@pytest.fixture(scope="session")
def schema() -> Schema:
    return load_schema(PROJECT / "data" / "schema.toml")


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train on the bundled rows, through the command's own door."""
    folder = tmp_path_factory.mktemp("model")
    assert train.main(["--model-dir", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def model(model_dir: Path) -> Model:
    return artefact.load(model_dir)


@pytest.fixture(scope="session")
def app(model_dir: Path) -> Flask:
    return create_app(Settings(model_dir=model_dir))


@pytest.fixture(scope="session")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def uci_csv() -> Path:
    """The real rows, cut to 14 features and the label."""
    return _real_rows("CREDITSCORE_UCI_CSV", "the 14-feature cut of the UCI rows")


@pytest.fixture(scope="session")
def uci_archive_csv() -> Path:
    """The real rows, as the UCI archive publishes them."""
    return _real_rows("CREDITSCORE_UCI_ARCHIVE_CSV", "the UCI archive's data.csv")


def _real_rows(variable: str, what: str) -> Path:
    path = os.environ.get(variable, "")
    if not path:
        skip_or_fail(
            "uci",
            f"{variable} is not set: point it to {what}, see data/README.md for where to get it",
        )
    if not Path(path).is_file():
        skip_or_fail("uci", f"{variable} names no file: {path}")
    return Path(path)
