"""What `serving.py` puts under gunicorn: the service, and what it is compared with."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.record import RequestOrigin, Row
from creditscore.settings import Settings
from creditscore.web import create_app
from creditscore.web.app import App
from creditscore.web.asgi import Asgi
from creditscore.web.body_collector import BodyCollector
from creditscore.web.service import NAME

FIELDS = ("LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE")

#: Where the pickle of `naive` is.
PICKLE = "BENCHMARK_PICKLE"


def constant() -> Flask:
    """Answer every request with the same few bytes: Flask's floor, behind the same server."""
    app = App(__name__)
    app.asgi = Asgi(app, BodyCollector(2**20))

    @app.post("/predict")
    def predict() -> ResponseReturnValue:
        return jsonify(label="eligible", probability=0.75)

    return app


def naive() -> Flask:
    """Load a pickled forest and call it: no checks, no reasons, no log."""
    app = Flask(__name__)
    forest = pickle.loads(Path(os.environ[PICKLE]).read_bytes())

    @app.post("/predict")
    def predict() -> ResponseReturnValue:
        body = request.get_json()
        applicants = body if isinstance(body, list) else [body]
        rows = [[applicant[name] for name in FIELDS] for applicant in applicants]
        answers = [
            {"label": "eligible" if good >= 0.5 else "not_eligible", "probability": good}
            for good in forest.predict_proba(rows)[:, 0].tolist()
        ]
        return jsonify(answers if isinstance(body, list) else answers[0])

    return app


class Forgetful(DecisionLog):
    """Remembers the last request's rows, in memory: all of the service but its commit."""

    last: Any = None

    def log_rows(self, rows: Sequence[Row], origin: RequestOrigin) -> None:
        """Keep the rows, which were made as for the log, until the next ones come."""
        object.__setattr__(self, "last", rows)


def in_memory() -> Flask:
    """Give the service with a log that commits nothing."""
    app = create_app(Settings.from_env(os.environ))
    service = app.extensions[NAME]
    app.extensions[NAME] = replace(service, log=Forgetful(service.log.database, service.log.now))
    return app
