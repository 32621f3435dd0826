"""What the tests share: models trained as a user would, a client, databases, the real rows."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from database_servers import running_postgres, schema_of_its_own
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from jinja2 import FileSystemBytecodeCache
from live_server import LiveServer, serving
from service_settings import settings_of
from skips import skip_or_fail
from trained_models import trained_model

from creditscore.api_docs.examples import example_applicants
from creditscore.decision_log.database import Database
from creditscore.decision_log.migrations import migrate
from creditscore.i18n.catalogue import LANGUAGES
from creditscore.schema import Schema
from creditscore.schema.reader import load_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.web import create_app
from creditscore.web.service import NAME

PROJECT = Path(__file__).resolve().parent.parent

# The machines are shared: a slow example is no fault of the code.
settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")

#: The files that take longest, in this order. They come first: whichever process gets one of them
#: last would be alone with it in the end.
LONGEST = ("test_pipeline", "test_manage", "test_hosting", "test_readme", "test_score")


def pytest_configure() -> None:
    """Let OpenMP compute in one thread: the processes of the tests share the cores already.

    And let no service under test read the settings file of this checkout, and each template be
    compiled once for all of them.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["FLASK_SKIP_DOTENV"] = "1"
    folder = PROJECT / ".pytest_cache" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    cache = FileSystemBytecodeCache(str(folder))
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": cache}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(LONGEST)))


@pytest.fixture(scope="session")
def schema() -> Schema:
    return load_schema(PROJECT / "data" / "schema.toml")


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of both scorecards with its card, from a tenth of the bundled rows.

    Each process of the tests has its own copy; logs and the like stand beside it.
    """
    return copy_of_model("small", tmp_path_factory)


@pytest.fixture(scope="session")
def full_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of all bundled rows, for tests about its figures, or its size."""
    return copy_of_model("full", tmp_path_factory)


def copy_of_model(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy a trained model, or the one at hand that stands for all, to where a test may write."""
    at_hand = os.environ.get("CREDITSCORE_TESTS_MODEL", "")
    source = Path(at_hand) if at_hand else trained_model(kind)
    return shutil.copytree(source, tmp_path_factory.mktemp(kind) / "model")


@pytest.fixture(scope="session")
def model(model_dir: Path) -> Model:
    return artifact.load(model_dir)


@pytest.fixture(scope="session")
def card(model_dir: Path) -> Any:
    """The model card of that model, as it is on disk."""
    return json.loads((model_dir / "model_card.json").read_bytes())


@pytest.fixture(scope="session")
def app(model_dir: Path) -> Iterator[Flask]:
    yield from closing_log(create_app(settings_of(model_dir)))


@pytest.fixture(scope="session")
def full_model(full_model_dir: Path) -> Model:
    return artifact.load(full_model_dir)


@pytest.fixture(scope="session")
def full_app(full_model_dir: Path) -> Iterator[Flask]:
    yield from closing_log(create_app(settings_of(full_model_dir)))


def closing_log(app: Flask) -> Iterator[Flask]:
    """Lend a service, and close the connections of its log."""
    yield app
    app.extensions[NAME].log.database.close()


@pytest.fixture(scope="session")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def server(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A service as manage.py starts it, for tests that need no settings of their own."""
    with serving(model_dir, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """A language of the texts: the test runs once for each."""
    language: str = request.param
    return language


@pytest.fixture
def example(schema: Schema) -> dict[str, Any]:
    """An applicant of the smallest scorecard, made of the fields' examples."""
    return {name: schema.fields[name].example for name in schema.base_fields}


@pytest.fixture
def example_json(example: dict[str, Any]) -> bytes:
    """The same as a client sends it."""
    return json.dumps(example).encode()


@pytest.fixture(params=["base_fields", "fields"])
def applicant(request: pytest.FixtureRequest, schema: Schema) -> dict[str, Any]:
    """An applicant of the smallest scorecard, and one of the largest."""
    names = getattr(schema, request.param)
    return {name: schema.fields[name].example for name in names}


@pytest.fixture
def applicants(schema: Schema) -> list[dict[str, Any]]:
    """An applicant for each scorecard."""
    return [dict(applicant) for applicant in example_applicants(schema).values()]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL, for the length of the tests."""
    server_url = os.environ.get("TEST_DATABASE_URL", "")
    if server_url:
        yield server_url
    else:
        with running_postgres() as server:
            yield server.url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of an SQLite file that nobody has made yet, in a folder that is not there."""
    return f"sqlite:///{tmp_path}/instance/decisions.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database: the test runs once for each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
    else:
        with schema_of_its_own(request.getfixturevalue("postgres_url")) as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with the tables of the log, of each kind."""
    database = Database(database_url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def build(model_dir: Path, model: Model, database_url: str) -> Iterator[Callable[..., Flask]]:
    """Build services, with some settings, on one log of each kind: as many as a test wants."""
    built: list[Flask] = []

    def build(served: Model = model, **changes: Any) -> Flask:
        settings = settings_of(model_dir, database_url=database_url)
        built.append(create_app(replace(settings, **changes), served))
        return built[-1]

    yield build
    for app in built:
        app.extensions[NAME].log.database.close()


@pytest.fixture(scope="session")
def uci_csv() -> Path:
    """The real rows, cut to 14 features and the label."""
    return _real_rows("CREDITSCORE_UCI_CSV", "the 14-feature cut of the UCI rows")


@pytest.fixture(scope="session")
def uci_archive_csv() -> Path:
    """The real rows, as the UCI archive publishes them."""
    return _real_rows("CREDITSCORE_UCI_ARCHIVE_CSV", "the UCI archive's data.csv")


def _real_rows(variable: str, content: str) -> Path:
    path = os.environ.get(variable, "")
    if not path:
        skip_or_fail(
            "uci",
            f"{variable} is not set: point it to {content}, see data/README.md for where to get it",
        )
    if not Path(path).is_file():
        skip_or_fail("uci", f"{variable} names no file: {path}")
    return Path(path)
