"""The web service: the only part that knows Flask."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from flask import Flask

from creditscore import archive, artefact
from creditscore.artefact import Model
from creditscore.assessment import Assessor
from creditscore.card_words import LEGAL_SENTENCE
from creditscore.config import Settings
from creditscore.database import Database
from creditscore.decision_id import new_decision_id
from creditscore.decision_log import DecisionLog
from creditscore.describe import example_decisions
from creditscore.errors import ArtefactError
from creditscore.migrations import migrate
from creditscore.openapi import describe_service
from creditscore.texts import FALLBACK_LANGUAGE
from creditscore.web import (
    api,
    commands,
    export_commands,
    headers,
    key_commands,
    log_api,
    log_commands,
    monitoring_api,
    pages,
    problems,
    purge_commands,
)
from creditscore.web.access import Keys
from creditscore.web.json_provider import FastJson
from creditscore.web.service import NAME, Service


def create_app(settings: Settings, model: Model | None = None) -> Flask:
    """Build the web application.

    Parameters
    ----------
    settings : Settings
    model : Model, optional
        Already loaded; else the one in the settings' folder is.

    Raises
    ------
    StartupError
        If there is no sound model, or no database for the log.
    """
    model = model or artefact.load(settings.model_dir)
    assessor = Assessor(
        model=model,
        policy=model.policy.with_cutoff(settings.cutoff),
        now=_now,
        new_id=new_decision_id,
    )
    database = Database(settings.database_url, journal=settings.sqlite_journal)
    # It closes its connections: gunicorn's workers, which fork from here, open their own.
    migrate(database)
    examples = example_decisions(assessor)
    app = Flask(__name__)
    app.json = FastJson(app)
    app.url_map.merge_slashes = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions[NAME] = Service(
        settings=settings,
        keys=Keys(settings.api_keys, database),
        assessor=assessor,
        log=DecisionLog(database, now=_now),
        openapi=describe_service(
            model.schema,
            settings,
            {name: made.to_dict(FALLBACK_LANGUAGE) for name, made in examples.items()},
        ),
    )
    headers.register(app)
    problems.register(app)
    app.register_blueprint(api.bp)
    app.register_blueprint(log_api.bp)
    app.register_blueprint(monitoring_api.bp)
    app.register_blueprint(pages.bp)
    app.cli.add_command(commands.describe)
    app.cli.add_command(key_commands.keys)
    # Export and purge have put themselves into this group.
    for group in (log_commands, export_commands, purge_commands):
        app.cli.add_command(group.decisions)
    _announce(app, model)
    _archive(app, model, settings)
    return app


def _now() -> datetime:
    return datetime.now(UTC)


def _announce(app: Flask, model: Model) -> None:
    """Say at start what is served, and what law says of it."""
    if not app.logger.handlers:
        logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s")
    app.logger.setLevel(logging.INFO)
    app.logger.info("serving %s", ", ".join(model.versions.values()))
    if protected := model.protected_predictors():
        law = LEGAL_SENTENCE[FALLBACK_LANGUAGE]
        app.logger.warning("decisions depend on %s. %s", ", ".join(protected), law)


def _archive(app: Flask, model: Model, settings: Settings) -> None:
    """Keep what will decide, so that its decisions can be replayed once it is replaced."""
    try:
        archive.keep(model, settings.model_dir)
    except ArtefactError as error:
        # Who serves need not be allowed to write there; train.py archives what it replaces.
        app.logger.warning("the model is not in the archive: %s", error)
