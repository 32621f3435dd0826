"""Clients that ask for decisions without a pause, and remember every answer."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

COUNT = 8

#: Most applicants in an array.
MAX_ARRAY = 20

#: Shares of the requests that are an array, that carry an idempotency key, and of those with a
#: key that are sent once more after they were answered.
ARRAYS, KEYED, REPEATED = 0.3, 0.5, 0.25

#: Seconds to wait for one answer, and to go on trying for the answer to a request with a key.
PATIENCE, PERSEVERANCE = 10.0, 20.0

#: Seconds before a failed client asks again.
PAUSE = 0.05

Answer = list[dict[str, Any]]


@dataclass
class JournaledRequest:
    """A request for decisions, and what was answered each time that it was sent.

    Attributes
    ----------
    request_id : str
        Its own, the same each time that it is sent: its rows in the log are known by it.
    body : bytes
        One applicant, or an array of them.
    size : int
        How many applicants.
    key : str or None
        The idempotency key.
    answers : list
        The decisions of each answer with status 200.
    """

    request_id: str
    body: bytes
    size: int
    key: str | None
    answers: list[Answer] = field(default_factory=list)


class Clients:
    """Threads that ask until they are told to stop.

    `broken` counts the connections that gave no answer, `last_break` says how the last one ended,
    `slowest` is the most seconds that a client waited for an answer or for its connection to break,
    `max_silence` the most between two answers with a decision, no matter who got them.

    Parameters
    ----------
    port : int
        Where the service listens on loopback.
    applicants : sequence of dict
        Whom to ask about.
    seed : int
        Decides what each client asks, though not when.
    """

    def __init__(self, port: int, applicants: Sequence[dict[str, Any]], *, seed: int) -> None:
        self.requests: list[JournaledRequest] = []
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0
        self.max_silence = 0.0
        self.broken = 0
        self.last_break = ""
        self._decided = 0.0
        self._port, self._applicants, self._seed = port, applicants, seed
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(COUNT)]

    def __enter__(self) -> Clients:
        """Begin to ask."""
        self._decided = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ask nothing new, and wait for what is under way."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def surprises(self) -> int:
        """Count the answers that are neither a decision nor the refusal of an unlogged one."""
        return sum(count for status, count in self.statuses.items() if status not in {200, 503})

    def _run(self, number: int) -> None:
        draw = random.Random(f"{self._seed} {number}")
        count = 0
        while not self._ending.is_set():
            count += 1
            request = self._invent(draw, f"drill-{self._seed}-{number}-{count}")
            self.requests.append(request)
            self._send(request, repeat=draw.random() < REPEATED)

    def _invent(self, draw: random.Random, request_id: str) -> JournaledRequest:
        size = draw.randint(1, MAX_ARRAY) if draw.random() < ARRAYS else 0
        applicants = [draw.choice(self._applicants) for _ in range(size or 1)]
        body = json.dumps(applicants if size else applicants[0]).encode()
        key = f"key-{request_id}" if draw.random() < KEYED else None
        return JournaledRequest(request_id, body, len(applicants), key)

    def _send(self, request: JournaledRequest, *, repeat: bool) -> None:
        """Send a request; with a key until it is answered, and once more if so drawn."""
        answered = self._ask(request)
        if request.key is None:
            return
        deadline = time.monotonic() + PERSEVERANCE
        while not answered and time.monotonic() < deadline:
            answered = self._ask(request)
        if repeat:
            self._ask(request)

    def _ask(self, request: JournaledRequest) -> bool:
        """Send a request once, and tell whether decisions came."""
        headers = {"X-Request-ID": request.request_id}
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        start = time.monotonic()
        try:
            status, body = post(self._port, request.body, headers)
        except (OSError, http.client.HTTPException) as error:
            # The connection broke: nobody knows what became of the request.
            status, body = 0, b""
            self.broken += 1
            self.last_break = f"{type(error).__name__}: {error}"
        self._count(status, start)
        if status == 200:
            answer = json.loads(body)
            request.answers.append(answer if isinstance(answer, list) else [answer])
            return True
        if status not in {0, 503}:
            print(f"{request.request_id} got {status}: {body[:500]!r}")
        time.sleep(PAUSE)
        return False

    def _count(self, status: int, start: float) -> None:
        with self._lock:
            now = time.monotonic()
            self.slowest = max(self.slowest, now - start)
            if status:
                self.statuses[status] += 1
            if status == 200:
                self.max_silence = max(self.max_silence, now - self._decided)
                self._decided = now


def post(port: int, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Ask for decisions once, and give the status and the body of the answer.

    Raises
    ------
    OSError, http.client.HTTPException
        If no whole answer came.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("POST", "/predict", body, headers)
        response = connection.getresponse()
        return response.status, response.read()
