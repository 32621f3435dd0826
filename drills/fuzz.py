"""Send what nobody would, and hold each answer against a slow reader that is plainly right.

.venv/bin/python drills/fuzz.py --requests 100000 --readings 1000000 [--seed N] [--fault lenient]

In this process, the reader of JSON reads mutated and invented texts and has to find in each what
the reference reader finds. Over HTTP, three quarters of the requests have such a body: each has to
get 400 if the reference reader refuses it, else a decision or 422, as the contract says. The others
are good requests of which some bytes, wherever they stand, are changed, lost or doubled: these may
get any answer, or a closed connection, but none that blames the server. No answer may take longer
than a second. Exits with 1 if one of that does not hold.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing
import random
import socket
import sys
import threading
import time
from collections import Counter
from http import HTTPStatus
from typing import Any

import harness
from answers import Answer
from bad_bodies import bad_bodies, check_answer, mutated
from harness import PROJECT, Drill
from load import request_of
from reference_json import Refused, both, reference

from creditscore.schema import Schema
from creditscore.schema.reader import load_schema
from creditscore.web import json_parser

CLIENTS, READERS = 8, 2

#: Share of the requests whose very bytes are mutated, framing and all.
FRAMED = 0.25

#: Seconds that an answer may take, and a reading.
MAX_ANSWER_S = 1.0

#: Statuses of the server itself for what it does not know: no fault of its own.
UNKNOWN = {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED}

#: What a head may hold beside what it has to.
LINES = (
    b"Content-Type: application/json",
    b"Accept-Language: id",
    b"Connection: keep-alive",
    b"Expect: 100-continue",
    b"X-Request-ID: drill-1",
    b"Accept: application/json, */*;q=0.1",
)


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["lenient"])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--readings", type=int, default=1_000_000)
    return harness.run(send_everything, parser.parse_args(), in_memory=True)


def send_everything(drill: Drill) -> int:
    """Read, ask, and tell what was found."""
    options = drill.options
    with multiprocessing.get_context("spawn").Pool(READERS) as pool:
        share = options.readings // READERS
        work = [(f"{options.seed} {n}", share, options.fault == "lenient") for n in range(READERS)]
        reader_faults = pool.starmap(read_all, work)
    with drill.service() as service:
        schema = load_schema(PROJECT / "data" / "schema.toml")
        share = options.requests // CLIENTS
        clients = [
            Client(service.port, schema, f"{options.seed} {n}", share) for n in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        well = service.answers()
    statuses: Counter[int] = Counter()
    for client in clients:
        statuses += client.statuses
    faults = [
        fault
        for batch in (*reader_faults, *(client.faults for client in clients))
        for fault in batch
    ]
    slowest = max(client.slowest for client in clients)
    for fault in faults[:20]:
        print(fault)
    refused = statuses[400] + statuses[422]
    other_answers = statuses.total() - statuses[200] - refused - statuses[0]
    return drill.report(
        f"{options.readings} readings and {statuses.total()} requests ({statuses[200]} decided, "
        f"{refused} refused as invalid, {statuses[0]} closed, {other_answers} others): "
        f"{len(faults)} faults, slowest answer {slowest * 1000:.0f} ms",
        fine=well and not faults and slowest <= MAX_ANSWER_S,
    )


def read_all(seed: str, count: int, lenient: bool) -> list[str]:
    """Read texts with both readers, and give those that they do not agree on."""
    if lenient:
        json_parser.parse = lambda raw: json.loads(raw)
    faults = []
    schema = load_schema(PROJECT / "data" / "schema.toml")
    for body in bad_bodies(schema, random.Random(seed), count):
        start = time.monotonic()
        try:
            result, expected = both(body)
        except (ValueError, RecursionError) as error:
            result, expected = repr(error), "no other error"
        if result != expected or time.monotonic() - start > MAX_ANSWER_S:
            faults.append(f"{body!r} was read as {result}, not {expected}")
    return faults


class Client(threading.Thread):
    """Sends its share of the requests, one after the other."""

    def __init__(self, port: int, schema: Schema, seed: str, count: int) -> None:
        super().__init__()
        self.statuses: Counter[int] = Counter()
        self.faults: list[str] = []
        self.slowest = 0.0
        self._port, self._schema, self._count = port, schema, count
        self._draw, self._seed = random.Random(f"framed {seed}"), seed
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def run(self) -> None:
        """Send them."""
        bodies = bad_bodies(self._schema, random.Random(f"sent {self._seed}"), self._count)
        for body in bodies:
            framed = self._draw.random() < FRAMED
            start = time.monotonic()
            try:
                self._send_framed() if framed else self._send(body)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is to be told
                self.faults.append(f"{body!r}: {type(error).__name__}: {error}")
                self._connection.close()
            self.slowest = max(self.slowest, time.monotonic() - start)
        self._connection.close()

    def _send(self, body: bytes) -> None:
        """Send a body as a library does, and hold the answer against the reference reader."""
        self._connection.request("POST", "/predict", body)
        response = self._connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, headers, response.read())
        self.statuses[answer.status] += 1
        check_answer(answer, body)
        try:
            reference(body)
            readable = True
        except Refused:
            readable = False
        if readable == (answer.status == HTTPStatus.BAD_REQUEST):
            self.faults.append(f"{body!r} got {answer.status}")

    def _send_framed(self) -> None:
        """Send a good request with some bytes changed, and look at whatever comes."""
        applicant: dict[str, Any] = {
            name: self._schema.fields[name].example for name in self._schema.base_fields
        }
        lines = self._draw.sample(LINES, self._draw.randint(0, 3))
        raw = mutated(request_of(json.dumps(applicant).encode(), *lines), self._draw)
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(raw)
                # Else the server would wait for what a lost byte has announced.
                connection.shutdown(socket.SHUT_WR)
            received = b""
            with contextlib.suppress(ConnectionError):
                while piece := connection.recv(65536):
                    received += piece
        first = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        status = int(first[9:12]) if first else 0
        self.statuses[status] += 1
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in UNKNOWN:
            self.faults.append(f"{raw!r} got {status}")


if __name__ == "__main__":
    sys.exit(main())
