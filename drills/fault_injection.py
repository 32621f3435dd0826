"""Planted faults: services that lose decisions, so that a drill shows it would notice."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from sqlalchemy import Engine, event

from creditscore.decision_log.log import DecisionLog, Recorded
from creditscore.decisions.record import RequestOrigin, Row
from creditscore.errors import DatabaseUnavailable
from creditscore.settings import Settings
from creditscore.web import create_app, json_parser
from creditscore.web.asgi import Asgi
from creditscore.web.body_collector import BodyCollector
from creditscore.web.service import NAME
from creditscore.web.threads import Threads

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Seconds that a decision waits in the queue of `AnswersFirst`.
QUEUE_DELAY_S = 0.05

#: Bytes of the longest body that the service reads.
LARGE = 16 * 1024 * 1024

#: Bytes that a leaking service keeps of each request.
LEAKED_BYTES = 2000

#: After how many requests a service that closes nothing opens one more file.
REQUESTS_PER_FILE = 100


class AnswersFirst(DecisionLog):
    """Answers, and lets a thread write: the queue that makes a service look fast."""

    def log_rows(self, rows: Sequence[Row], origin: RequestOrigin) -> Recorded | None:
        """Log the rows soon."""

        def write() -> None:
            time.sleep(QUEUE_DELAY_S)
            DecisionLog.log_rows(self, rows, origin)

        threading.Thread(target=write).start()
        return None


class AnswersAnyway(DecisionLog):
    """Answers although the database failed: a decision is worth more than a row, it thinks."""

    def log_rows(self, rows: Sequence[Row], origin: RequestOrigin) -> Recorded | None:
        """Log the rows if that can be."""
        try:
            return super().log_rows(rows, origin)
        except DatabaseUnavailable:
            return None


class ForgetsKeys(DecisionLog):
    """Takes a request that comes again for a new one."""

    def log_rows(self, rows: Sequence[Row], origin: RequestOrigin) -> Recorded | None:
        """Log the rows once more."""
        return super().log_rows(rows, replace(origin, idempotency_key=None))


LOGS: dict[str, type[DecisionLog]] = {
    "answers_first": AnswersFirst,
    "answers_anyway": AnswersAnyway,
    "forgets_keys": ForgetsKeys,
}

#: What SQLite is told on each connection: never to wait for the disk, or to keep its journal as
#: it does if nobody asks.
PRAGMAS = {"unsynced": "PRAGMA synchronous = OFF", "usual_journal": "PRAGMA journal_mode = DELETE"}


def leak(
    answer: WSGIApplication,
    leaked: list[bytes],
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Answer any request, and forget to forget."""
    leaked.append(bytes(LEAKED_BYTES))
    return answer(environ, start_response)


def open_and_forget(
    answer: WSGIApplication,
    counter: Iterator[int],
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Answer any request, and open a file now and then that nobody closes."""
    if next(counter) % REQUESTS_PER_FILE == 0:
        os.open(os.devnull, os.O_RDONLY)
    return answer(environ, start_response)


def forget_a_member(answer: Response) -> Response:
    """Leave out what the description promises."""
    if (request.method, request.path) == ("GET", "/health") and answer.status_code == 200:
        health = json.loads(answer.get_data())
        del health["database"]
        answer.set_data(json.dumps(health))
    return answer


def create_faulty_app(name: str) -> Flask:
    """Build the service with one fault."""
    if name in PRAGMAS:
        # After our own settings.
        event.listen(Engine, "connect", lambda opened, _: opened.execute(PRAGMAS[name]))
    app = create_app(Settings.from_env(os.environ))
    if name == "patient":
        app.asgi = Asgi(app, BodyCollector(LARGE), Threads(max_waiting=10**6, max_wait_seconds=1e6))
    if name == "boundless":
        app.asgi = Asgi(app, BodyCollector(LARGE, max_total_bytes=10**12))
    if name == "lenient":
        # As everybody reads JSON.
        json_parser.parse = lambda raw: json.loads(raw)
    if name == "untrue":
        app.after_request(forget_a_member)
    if name == "leaks":
        app.wsgi_app = partial(leak, app.wsgi_app, [])  # type: ignore[method-assign]
    if name == "unclosed":
        answer = partial(open_and_forget, app.wsgi_app, count())
        app.wsgi_app = answer  # type: ignore[method-assign]
    if name in LOGS:
        service = app.extensions[NAME]
        app.extensions[NAME] = replace(
            service, log=LOGS[name](service.log.database, service.log.now)
        )
    return app
