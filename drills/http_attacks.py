"""Attack the HTTP server as somebody did who broke an earlier one, and look whether it holds.

.venv/bin/python drills/http_attacks.py [--seed N] [--fault boundless]

Four attacks, each of which once succeeded: a request hidden behind a length of many digits; bodies
in one-byte chunks, whose cost must grow with their length and not with its square; clients that ask
for a large file and read nothing; and bodies that fill the memory, after many others came and went.
Exits with 1 if one of them succeeds.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import sys
import time

import harness
from clients import post
from harness import WORKERS, Drill

#: Digits of a length that gunicorn's parser takes, whatever others make of it.
DIGITS = (1, 18, 19, 20, 40)

#: One-byte chunks of a short body and of one four times as long, and the most that may take as
#: many times as long: proportional cost makes it 4, a quadratic one 16.
CHUNKS, TIMES, MAX_TIMES = 32_768, 4, 8.0

#: Clients that read nothing, and a file larger than the system takes from a server for them.
READERS, LARGE_FILE = 60, "/static/swagger-ui/swagger-ui-bundle.js"

#: Bytes of a body that is nearly sent, how many such there are, bodies that come and go before, and
#: the bytes that a process may hold of such long ones.
BODY_BYTES, HOLDERS, BEFORE, MAX_BYTES = 15 * 2**20, 24, 40, 96 * 2**20

#: Seconds to wait for what should not come.
MOMENT = 1.0


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["boundless"])
    return harness.run(attack, parser.parse_args(), in_memory=True)


def attack(drill: Drill) -> int:
    """Attack in all ways."""
    with drill.service() as service:
        (body, *_) = drill.bodies()
        hidden = sum(404 in smuggle(service.port, digits) for digits in DIGITS)
        times = growth(service.port)
        beside = ask_beside_readers(service.port, body)
        for _ in range(BEFORE):
            come_and_go(service.port)
        held_bodies = fill(service.port, BODY_BYTES, HOLDERS)
    failed = len(beside) - beside.count(200)
    max_held = WORKERS * MAX_BYTES // BODY_BYTES
    return drill.report(
        f"{hidden} hidden requests answered; "
        f"{TIMES} times as many chunks took {times:.1f} times as long; {failed} of {len(beside)} "
        f"requests failed beside {READERS} clients that read nothing; "
        f"{held_bodies} bodies of {BODY_BYTES // 2**20} MiB held, {max_held} at most",
        fine=not hidden and times <= MAX_TIMES and not failed and held_bodies <= max_held,
    )


def smuggle(port: int, digits: int, opened: socket.socket | None = None) -> list[int]:
    """Send a body that looks like a request, announced with so many digits; give all statuses."""
    hidden = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    length = str(len(hidden)).zfill(digits).encode()
    with opened or _connect(port) as connection:
        head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %s\r\n\r\n" % length
        connection.sendall(head)
        time.sleep(0.1)
        with contextlib.suppress(OSError):
            connection.sendall(hidden)
        return [int(status) for status in re.findall(rb"HTTP/1[.]1 ([0-9]+) ", _read(connection))]


def growth(port: int) -> float:
    """Tell how many times as long a body takes that has `TIMES` as many chunks."""
    short = min(_send_chunks(port, CHUNKS) for _ in range(3))
    long = min(_send_chunks(port, TIMES * CHUNKS) for _ in range(2))
    return long / short


def _send_chunks(port: int, count: int) -> float:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with _connect(port) as connection:
        began = time.monotonic()
        connection.sendall(head + b"1\r\n1\r\n" * count + b"0\r\n\r\n")
        connection.recv(1)
        return time.monotonic() - began


def ask_beside_readers(port: int, body: bytes) -> list[int]:
    """Ask for decisions beside clients that want a large file and read nothing; give statuses."""
    statuses = []
    with contextlib.ExitStack() as stack:
        for _ in range(READERS):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
            reader.connect(("127.0.0.1", port))
            reader.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % LARGE_FILE.encode())
        time.sleep(MOMENT)
        for _ in range(10):
            try:
                statuses.append(post(port, body, {})[0])
            except OSError:
                statuses.append(0)
    return statuses


def come_and_go(port: int) -> None:
    """Send a body that nobody reads, and end the connection after its answer."""
    lines = b"Content-Length: %d\r\nConnection: close" % BODY_BYTES
    with _connect(port) as connection:
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n" % lines)
        with contextlib.suppress(OSError):
            connection.sendall(bytes(BODY_BYTES))
        _read(connection)


def fill(port: int, size: int, count: int) -> int:
    """Send bodies but for their last byte, one beside the other; tell how many are waited for."""
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size
    with contextlib.ExitStack() as stack:
        holders = [stack.enter_context(_connect(port)) for _ in range(count)]
        for holder in holders:
            with contextlib.suppress(OSError):
                holder.sendall(head + bytes(size - 1))
        time.sleep(MOMENT)
        answered, _, _ = select.select(holders, (), (), 0)
        return len(holders) - len(answered)


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def _read(connection: socket.socket) -> bytes:
    """Read whatever comes, until nothing does for a moment."""
    received = b""
    connection.settimeout(MOMENT)
    with contextlib.suppress(OSError):
        while piece := connection.recv(65536):
            received += piece
    return received


if __name__ == "__main__":
    sys.exit(main())
