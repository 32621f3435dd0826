"""Ask a million times, a tenth of it nonsense, and look what the service keeps of it.

.venv/bin/python drills/soak.py --requests 1000000 [--seed N] [--fault leaks|unclosed]

After each twentieth of the requests all connections are closed, and each worker's resident memory,
open files and threads are noted. From the tenth time on, when everything that is made once has been
made, memory may grow by no more than 1 MB per 100,000 requests of the worker, and 4 MB for what the
allocator does of itself; files and threads by none. A leak grows all the time, where the memory of
a thread grows by megabytes when it first decides on a long array while others do, however late: so
what memory grows by is twice the smaller growth of the third and the fourth quarter. Connections to
the log's database are not counted among the files: each of a pool's is made when it is first
needed, however late, and a pool that has none left refuses requests. Every request has to get the
status that it deserves. Exits with 1 if that does not hold.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import harness
import psutil
from client_journal import count_logged
from clients import MAX_ARRAY as MAX_IN_ARRAY
from harness import WORKERS, Drill, Service
from load import load, request_of
from sqlalchemy.engine import URL, make_url

CONNECTIONS = 16

#: Requests that are sent in turn, and the share of them that are bad.
KINDS, BAD = 2000, 0.1

#: How often is noted what the workers have, from which time on it may not grow, and half the way.
NOTES, WARM, HALFWAY = 20, 10, 15

#: Bytes of memory that a worker may gain: anyway, and for each request.
ANYWAY, BYTES_PER_REQUEST = 4 * 2**20, 10

#: Threads of a worker that has needed all that it may have, and its first one. Each of them costs
#: memory when it starts, however late that is: so all are started before anything is noted, by so
#: many connections at once, as often as it takes.
ALL_THREADS, CROWD, TRIES = 17, 8 * CONNECTIONS, 20

#: Seconds until the server has let go of connections that were closed.
QUIET = 1.0

MEGABYTE = 2**20


@dataclass(frozen=True)
class Note:
    """What a worker has, at one time: bytes of memory, open files but the log's, threads."""

    memory: int
    files: int
    threads: int


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["leaks", "unclosed"], databases=["sqlite", "postgres"])
    parser.add_argument("--requests", type=int, default=1_000_000)
    return harness.run(ask_for_long, parser.parse_args(), in_memory=True)


def ask_for_long(drill: Drill) -> int:
    """Ask, and note now and then what the workers have."""
    options = drill.options
    requests, deserved = invent(drill, random.Random(options.seed))
    statuses: Counter[int] = Counter()
    broken, start = 0, time.monotonic()
    notes: dict[int, list[Note]] = {}
    with drill.service() as service:
        start_all_threads(service, requests)
        max_requests = options.requests // NOTES
        for number in range(NOTES):
            # Each time from where the last one ended.
            first = number * max_requests % len(requests)
            turned = requests[first:] + requests[:first]
            tally = load(service.port, turned, connections=CONNECTIONS, max_requests=max_requests)
            statuses += tally.statuses
            broken += tally.broken
            time.sleep(QUIET)
            for process, note in take_notes(service).items():
                notes.setdefault(process, []).append(note)
            print(f"{number + 1} of {NOTES}: {list(take_notes(service).values())}", flush=True)
        minutes = (time.monotonic() - start) / 60
    logged = count_logged(drill.database_url)
    requests_sent = statuses.total() + broken
    grown = [memory_growth(series) / MEGABYTE for series in notes.values()]
    files = [series[-1].files - series[WARM - 1].files for series in notes.values()]
    threads = [series[-1].threads - series[WARM - 1].threads for series in notes.values()]
    allowed = (ANYWAY + BYTES_PER_REQUEST * requests_sent / WORKERS) / MEGABYTE
    odd = wrong(statuses, deserved, requests_sent // len(requests))
    print(f"{dict(statuses)} of {dict(deserved)} in turn")
    fine = all(
        (
            len(notes) == WORKERS,
            all(len(series) == NOTES for series in notes.values()),
            max(grown) <= allowed,
            max(files) <= 0,
            max(threads) <= 0,
            broken == odd == 0,
            logged > 0,
        )
    )
    return drill.report(
        f"{options.database}, {requests_sent} requests in {minutes:.0f} min, {logged} decisions "
        f"logged, {odd} odd answers, {broken} broken: "
        f"memory grown by {', '.join(f'{mb:.1f}' for mb in grown)} MB of {allowed:.1f}, "
        f"files by {', '.join(map(str, files))}, threads by {', '.join(map(str, threads))}",
        fine=fine,
    )


def invent(drill: Drill, draw: random.Random) -> tuple[list[bytes], Counter[int]]:
    """Give the requests, and how many of them deserve which status."""
    applicants = drill.applicants()
    good = [json.dumps(applicant).encode() for applicant in applicants]
    exchanges: list[tuple[bytes, int]] = []
    for number in range(KINDS):
        body = draw.choice(good)
        if number < BAD * KINDS:
            exchanges.append(draw.choice(BAD_KINDS)(body))
        elif draw.random() < 0.02:
            several = draw.choices(applicants, k=draw.randint(1, MAX_IN_ARRAY))
            exchanges.append((request_of(json.dumps(several).encode()), 200))
        elif draw.random() < 0.1:
            exchanges.append((request_of(body, path=b"/what-if"), 200))
        else:
            exchanges.append((request_of(body), 200))
    draw.shuffle(exchanges)
    return [request for request, _ in exchanges], Counter(status for _, status in exchanges)


#: What somebody gets wrong, and what that is answered with.
BAD_KINDS = (
    lambda body: (request_of(body[:-2]), 400),
    lambda body: (request_of(b"\xff" + body), 400),
    lambda body: (request_of(b"[" * 5000), 400),
    lambda body: (request_of(b'{"LIMIT_BAL": NaN}'), 400),
    lambda body: (request_of(body.replace(b'"AGE"', b'"AGES"')), 422),
    lambda body: (request_of(b"[]"), 422),
    lambda body: (request_of(b"x" * 1000, b"Content-Type: text/csv"), 422),
    lambda body: (request_of(body, b"Content-Type: text/xml"), 415),
    lambda body: (request_of(body, b"Content-Encoding: gzip"), 415),
    lambda body: (request_of(body, b"Idempotency-Key: " + b"k" * 300), 400),
    lambda body: (request_of(body, b"Origin: https://elsewhere.example"), 403),
    lambda body: (request_of(body, path=b"/nowhere"), 404),
    lambda body: (request_of(body, path=b"/health"), 405),
    lambda body: (b"GET /decisions?limit=x HTTP/1.1\r\nHost: localhost\r\n\r\n", 401),
)


def wrong(statuses: Counter[int], deserved: Counter[int], rounds: int) -> int:
    """Count the answers of a status that too many or too few requests got."""
    # The last round is not a whole one.
    expected = {status: (rounds * n, (rounds + 1) * n) for status, n in deserved.items()}
    off = 0
    for status in expected.keys() | statuses.keys():
        minimum, maximum = expected.get(status, (0, 0))
        off += max(0, minimum - statuses[status], statuses[status] - maximum)
    return off


def start_all_threads(service: Service, requests: Sequence[bytes]) -> None:
    """Ask with so many connections that each worker starts all threads that it may have."""
    for _ in range(TRIES):
        load(service.port, requests, connections=CROWD, max_requests=10 * CROWD)
        if all(worker.num_threads() == ALL_THREADS for worker in service.workers()):
            return
    raise RuntimeError(f"a worker has not started its {ALL_THREADS} threads")


def memory_growth(series: Sequence[Note]) -> int:
    """Give the bytes that a worker's memory steadily grew by since it was warm."""
    warm, halfway, last = (series[number - 1].memory for number in (WARM, HALFWAY, NOTES))
    return 2 * min(halfway - warm, last - halfway)


def take_notes(service: Service) -> dict[int, Note]:
    """Note what each worker has."""
    database = make_url(service.database_url)
    return {
        worker.pid: Note(
            worker.memory_info().rss,
            worker.num_fds() - count_connections(worker, database),
            worker.num_threads(),
        )
        for worker in service.workers()
    }


def count_connections(worker: psutil.Process, database: URL) -> int:
    """Count a worker's connections to a database: open SQLite files, or sockets of PostgreSQL."""
    if database.host is None:
        return sum(file.path == database.database for file in worker.open_files())
    sockets = worker.net_connections("tcp")
    return sum(bool(socket.raddr) and socket.raddr.port == database.port for socket in sockets)


if __name__ == "__main__":
    sys.exit(main())
