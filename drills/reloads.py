"""Bring in a new model again and again while clients ask, every tenth one damaged.

.venv/bin/python drills/reloads.py --reloads 100 [--seed N] [--fault abrupt] [--behind nginx]

Two models take turns in the folder of the service, which is told so by SIGHUP. No request may fail,
neither of clients that connect for each nor of those that keep their connections, and each answer
must be, to the last bit, what the model of its version gives; a damaged model must never decide:
the one before it goes on, and `/health` says why. Exits with 1 if that does not hold.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import harness
from damaged_models import flip_bit
from harness import Drill, Service
from load import Tally, load, request_of
from logged import successor

from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import new_decision_ids
from creditscore.scorecard import artifact
from creditscore.scorecard.artifact import MODEL_FILE
from creditscore.scorecard.model import Model

#: What an answer tells besides its own id and time, and depends on the model.
COMPARED = ("probability_of_default", "label", "cutoff", "score", "model_version")

#: Seconds that a reload may take, whatever else the machine does.
RELOAD_TIMEOUT_S = 60.0

DAMAGED_EVERY = 10

#: Connections that are kept, requests on them per second, and seconds after which others follow.
CONNECTIONS, PACE, PART = 8, 100.0, 10.0


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["abrupt"], proxies=["nginx"])
    parser.add_argument("--reloads", type=int, default=100)
    return harness.run(reload_again_and_again, parser.parse_args(), in_memory=True)


def reload_again_and_again(drill: Drill) -> int:
    """Reload while clients ask."""
    draw = random.Random(drill.options.seed)
    folder = drill.folder / "model"
    shutil.copytree(drill.options.model_dir, folder)
    first = artifact.load(folder)
    models = [first, successor(first)]
    drill.options.model_dir = folder
    wrong_health, refused = 0, 0
    with (
        drill.service() as service,
        keeping_connections(service.port, drill.bodies()) as tallies,
        drill.clients(service) as clients,
    ):
        serving = first
        for number in range(1, drill.options.reloads + 1):
            damaged = number % DAMAGED_EVERY == 0
            arriving = models[number % 2]
            save_model(arriving, folder, draw if damaged else None)
            renew(service, drill.options.fault)
            serving = serving if damaged else arriving
            refused += damaged
            wrong_health += not wait_for_model(service, serving, refused=damaged)
    print(
        f"answers by status {dict(clients.statuses)}, {clients.broken} broken {clients.last_break}"
    )
    answers_of_models = {json.dumps(pair) for pair in expected(models, clients.requests)}
    answers = Counter(json.dumps(pair) for pair in answered(clients.requests))
    altered = sum(count for pair, count in answers.items() if pair not in answers_of_models)
    failed = sum(count for status, count in clients.statuses.items() if status != 200)
    failed += clients.broken
    tally = Tally.together(tallies)
    print(f"on kept connections {dict(tally.statuses)}, {tally.broken} broken")
    failed += tally.failed
    figures = (
        f"{drill.options.reloads} reloads, {refused} of a damaged model, {failed} failed requests, "
        f"{altered} answers of no model, {wrong_health} wrong words on health"
    )
    return drill.finish(clients, figures, fine=not (failed or altered or wrong_health))


@contextlib.contextmanager
def keeping_connections(port: int, bodies: Sequence[bytes]) -> Iterator[list[Tally]]:
    """Ask over connections that are kept, without logging, until the block ends."""
    requests = [request_of(body, path=b"/what-if") for body in bodies]
    tallies: list[Tally] = []
    ending = threading.Event()

    def ask() -> None:
        while not ending.is_set():
            how = {"connections": CONNECTIONS, "per_second": PACE, "seconds": PART}
            tallies.append(load(port, requests, **how))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield tallies
    finally:
        ending.set()
        thread.join()


def save_model(model: Model, folder: Path, draw: random.Random | None) -> None:
    """Put a model in place, as training does; damaged if there is somebody to draw how."""
    artifact.save(model, folder)
    if draw is not None:
        path = folder / MODEL_FILE
        path.write_bytes(flip_bit(path.read_bytes(), draw))


def renew(service: Service, fault: str | None) -> None:
    """Tell the service that there is a new model."""
    service.master().send_signal(signal.SIGHUP)
    if fault == "abrupt":
        # As by a host that knows no way but to begin again.
        service.kill(service.workers())


def wait_for_model(service: Service, model: Model, *, refused: bool) -> bool:
    """Wait until only the model that should decide does, and `/health` says what became of it."""
    deadline = time.monotonic() + RELOAD_TIMEOUT_S
    agreed = 0
    while agreed < 6:
        if time.monotonic() > deadline:
            return False
        health = service.health().get("model", {})
        fine = health.get("versions") == model.versions and ("refused" in health) == refused
        agreed = agreed + 1 if fine else 0
        if not fine:
            time.sleep(0.1)
    return True


def expected(models: Sequence[Model], requests: Sequence[Any]) -> Iterator[list[Any]]:
    """Tell what each model gives for whatever was asked."""
    bodies = {body for request in requests for body in map(json.dumps, applicants_of(request))}
    for model in models:
        assessor = Assessor(model, model.policy, lambda: datetime.now(UTC), new_decision_ids)
        for body in bodies:
            decision = assessor.assess(model.schema.parse(json.loads(body)))
            yield compared_values(json.loads(body), decision.to_dict("en"))


def answered(requests: Sequence[Any]) -> Iterator[list[Any]]:
    """Tell what was answered."""
    for request in requests:
        for answer in request.answers:
            for applicant, decision in zip(applicants_of(request), answer, strict=True):
                yield compared_values(applicant, decision)


def applicants_of(request: Any) -> list[dict[str, Any]]:
    """Give the applicants that a request was about."""
    body = json.loads(request.body)
    return body if isinstance(body, list) else [body]


def compared_values(applicant: dict[str, Any], decision: dict[str, Any]) -> list[Any]:
    """Pair an applicant with what depends on the model."""
    return [applicant, *(decision[name] for name in COMPARED)]


if __name__ == "__main__":
    sys.exit(main())
