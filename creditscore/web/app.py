"""The web service: the only part that knows Flask."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from time import perf_counter
from typing import Any

import click
from flask import Flask, Request, Response
from flask.json.provider import DefaultJSONProvider
from flask.sessions import NullSession, SessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

from creditscore.api_docs.examples import example_decisions
from creditscore.api_docs.openapi import build_openapi
from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.migrations import migrate
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import new_decision_ids
from creditscore.errors import ArtifactError, StartupError
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, LEGAL_SENTENCE
from creditscore.i18n.date_format import write_day, write_moment
from creditscore.i18n.number_format import minus_signs
from creditscore.json_codec import dumps_bytes
from creditscore.scorecard import artifact, model_archive
from creditscore.scorecard.model import Model
from creditscore.settings import Settings
from creditscore.web import api, cli, headers, metrics, origins, pages, problems, rate_limiting
from creditscore.web.asgi import Asgi
from creditscore.web.authentication import Keys
from creditscore.web.body_collector import BodyCollector
from creditscore.web.json_logging import format_lines
from creditscore.web.rate_limiting import Limits
from creditscore.web.request_body import UPLOAD_ROOM
from creditscore.web.service import NAME, Service, current_request, store
from creditscore.web.sign_in import Sessions

#: The clock.
now = partial(datetime.now, UTC)


class NoSession(SessionInterface):
    """Keeps no sessions: nothing here needs one."""

    session = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """Return the session that cannot be written to."""
        return self.session


class App(Flask):
    """A Flask without sessions that speaks ASGI too, for gunicorn, and WSGI for all others."""

    asgi: Asgi
    session_interface = NoSession()

    def __call__(self, *arguments: Any) -> Any:
        """Answer a request: of WSGI with two arguments, of ASGI with three."""
        return (self.asgi if len(arguments) == 3 else super().__call__)(*arguments)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, without a look at each call whether it is a coroutine: none is."""
        return func


class OrjsonProvider(DefaultJSONProvider):
    """Writes objects in the order of the contract, several times as fast as Flask's own."""

    sort_keys = False

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return an answer that holds a value, or an object of the keyword arguments."""
        value = self._prepare_response_obj(args, kwargs)
        return Response(dumps_bytes(value), mimetype=self.mimetype)


#: What the public learns of a new model that is not sound; the log names the file and the fault.
REFUSED = "the new model is damaged, and the one before it keeps deciding"


def create_app(settings: Settings, model: Model | None = None) -> App:
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
    model = model or artifact.load(settings.model_dir)
    database = Database(settings.database_url, journal=settings.sqlite_journal)
    # It closes its connections: gunicorn's workers, which fork from here, open their own.
    migrate(database)
    sessions = Sessions(settings.secret_key, (database.path or settings.runtime_dir / "_").parent)
    keys = Keys(settings.api_keys, database, sessions=sessions)
    app = App(__name__)
    app.json = OrjsonProvider(app)
    app.url_map.merge_slashes = False
    app.jinja_env.filters |= {"moment": write_moment, "day": write_day, "minus": minus_signs}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=0, x_host=0)
        app.wsgi_app = proxied  # type: ignore[method-assign]
    max_upload = settings.max_csv_bytes + UPLOAD_ROOM
    max_body_bytes = max(settings.max_json_bytes, max_upload, pages.MAX_FORM_BYTES)
    app.asgi = Asgi(app, BodyCollector(max_body_bytes))
    # For code that reads a form by Flask's own means, also on a server that has no such limit.
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    svc = Service(
        settings=settings,
        keys=keys,
        **_deciding(model, settings),
        log=DecisionLog(database, now=now, on_committed=metrics.logged),
        limits=Limits(settings, keys),
    )
    app.extensions[NAME] = svc
    metrics.prepare(settings.runtime_dir)
    _register_hooks(app)
    problems.register(app, pages.show_refusal)
    api.register(app)
    pages.register(app)
    cli.register(app)
    _announce(app, model)
    _archive(app, model, settings)
    return app


def _register_hooks(app: App) -> None:
    """Do what all requests have in common in one hook each, as each look-up in Flask costs."""

    @app.before_request
    def begin() -> Response | None:
        request, values, svc = current_request(), store(), app.extensions[NAME]
        values.began = perf_counter()
        headers.begin(request, values)
        svc.limits.admit(request, values)
        if svc.settings.hosts or svc.loopback:
            origins.check_host(request, svc)
        if request.method != "OPTIONS":
            return None
        return origins.answer_preflight(app, request, svc.settings.cors_origins)

    @app.after_request
    def finish(answer: Response) -> Response:
        request, values = current_request(), store()
        rate_limiting.finish(answer, values)
        headers.finish(answer, values)
        if trusted := app.extensions[NAME].settings.cors_origins:
            origins.finish(answer, request, trusted)
        metrics.count(request, answer, values)
        return answer


def reload_model(app: Flask) -> bool:
    """Take over the model that is in the folder now, or keep the one that is there.

    Called in the process that the others fork from, before it makes new ones: those that are at
    work go on with what they have.

    Returns
    -------
    bool
        Whether it was taken over. If it is not sound, `GET /health` says why.
    """
    svc: Service = app.extensions[NAME]
    try:
        model = artifact.load(svc.settings.model_dir)
        changes = _deciding(model, svc.settings)
    except StartupError as error:
        app.logger.error("the new model is refused, the old one keeps deciding: %s", error)
        app.extensions[NAME] = replace(svc, refused=REFUSED)
        return False
    app.extensions[NAME] = replace(svc, **changes, refused="")
    _announce(app, model)
    _archive(app, model, svc.settings)
    return True


def _deciding(model: Model, settings: Settings) -> dict[str, Any]:
    """Make those parts of a service that follow from its model."""
    policy = model.policy.with_cutoff(settings.cutoff)
    assessor = Assessor(model=model, policy=policy, now=now, new_ids=new_decision_ids)
    examples = example_decisions(assessor)
    documents = {
        key_needed: build_openapi(model.schema, settings, examples, key_needed=key_needed)
        for key_needed in (False, True)
    }
    return {"assessor": assessor, "openapi": documents}


def _announce(app: Flask, model: Model) -> None:
    """Say at start what is served, and what law says of it."""
    format_lines(app.logger)
    app.logger.setLevel(logging.INFO)
    if click.get_current_context(silent=True) is not None:
        # A `flask` command serves nothing.
        return
    app.logger.info("serving %s", ", ".join(model.versions.values()))
    if protected := model.protected_predictors():
        law = LEGAL_SENTENCE[DEFAULT_LANGUAGE]
        app.logger.warning("decisions depend on %s. %s", ", ".join(protected), law)


def _archive(app: Flask, model: Model, settings: Settings) -> None:
    """Keep what will decide, so that its decisions can be replayed once it is replaced."""
    try:
        model_archive.archive_model(model, settings.model_dir)
    except ArtifactError as error:
        # Who serves need not be allowed to write there; train.py archives what it replaces.
        app.logger.warning("the model is not in the archive: %s", error)
