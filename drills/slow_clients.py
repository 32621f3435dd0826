"""Let thousands of slow clients hold their connections, and look whether others are still served.

.venv/bin/python drills/slow_clients.py --each 1000 [--seconds 20] [--seed N] [--fault threads]
                          [--behind nginx]

A crowd holds one of two services: so many connections that send nothing, so many that never end
their header, so many that send a body byte by byte. A client that is thrown out comes back at once.
Meanwhile another client asks both services in turn for decisions, twenty times a second each, so
that whatever else the machine does slows both. No request may fail, and the median of the crowded
service's times may be at most twice the other one's. Exits with 1 if that does not hold. Behind
nginx, which waits for the slow itself, the fault does no harm.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence

import harness
from clients import post
from harness import Drill
from load import Tally

PER_SECOND = 20

#: Seconds between two bytes of a slow client.
PAUSE = 2.0

#: Seconds for the crowd to gather.
GATHERING = 6.0

#: A median below it counts as this much, in seconds: a moment of the machine's own.
MOMENT = 0.01

OPENINGS = {
    "idle": b"",
    "half header": b"POST /predict HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "slow body": b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
}


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["threads"], proxies=["nginx"])
    parser.add_argument("--each", type=int, default=1000, help="slow clients of each kind")
    parser.add_argument("--seconds", type=float, default=20)
    return harness.run(crowd_out, parser.parse_args(), in_memory=True)


def crowd_out(drill: Drill) -> int:
    """Ask a service that a crowd holds, and one beside it that nobody does."""
    options: argparse.Namespace = drill.options
    with drill.service() as crowded_service, drill.service() as calm_service:
        (body, *_) = drill.bodies()
        ports = [crowded_service.port, calm_service.port]
        ask_in_turn(ports, body, seconds=2)
        with crowd(crowded_service.port, options.each, options.seed):
            time.sleep(GATHERING)
            crowded, calm = ask_in_turn(ports, body, seconds=options.seconds)
        after = ask_in_turn(ports, body, seconds=1)
    failed = sum(tally.failed for tally in (crowded, calm, *after))
    beside, without = crowded.percentile(50, 200), calm.percentile(50, 200)
    return drill.report(
        f"{options.each} slow clients of each of {len(OPENINGS)} "
        f"kinds: {crowded.statuses.total()} answers beside them, {failed} failed, median "
        f"{beside * 1000:.0f} ms and p95 {crowded.percentile(95, 200) * 1000:.0f} ms, of a service "
        f"without them {without * 1000:.0f} and {calm.percentile(95, 200) * 1000:.0f} ms",
        fine=not failed and beside <= 2 * max(without, MOMENT),
    )


def ask_in_turn(ports: Sequence[int], body: bytes, *, seconds: float) -> list[Tally]:
    """Ask services at a steady pace, each time over a new connection."""
    tallies = [Tally() for _ in ports]
    due = time.monotonic()
    ends = due + seconds
    while time.monotonic() < ends:
        for port, tally in zip(ports, tallies, strict=True):
            start = time.monotonic()
            try:
                status, _ = post(port, body, {})
            except OSError:
                tally.broken += 1
                continue
            tally.waits.setdefault(status, []).append(time.monotonic() - start)
        due = max(due + 1 / PER_SECOND, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
    return tallies


@contextlib.contextmanager
def crowd(port: int, per_opening: int, seed: int) -> Iterator[None]:
    """Run the slow clients in a process of their own."""
    process = multiprocessing.get_context("spawn").Process(
        target=run_crowd, args=(port, per_opening, seed), daemon=True
    )
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def run_crowd(port: int, per_opening: int, seed: int) -> None:
    """Hold the connections, until killed."""
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (min(hard_limit, len(OPENINGS) * per_opening + 100), hard_limit)
    )
    asyncio.run(_hold_all(port, per_opening, random.Random(seed)))


async def _hold_all(port: int, per_opening: int, draw: random.Random) -> None:
    waits = [draw.uniform(0, GATHERING / 2) for _ in range(per_opening)]
    await asyncio.gather(
        *(_hold(port, opening, wait) for opening in OPENINGS.values() for wait in waits)
    )


async def _hold(port: int, opening: bytes, wait: float) -> None:
    await asyncio.sleep(wait)
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await _trickle(reader, writer, opening)
            finally:
                writer.close()
        await asyncio.sleep(PAUSE / 4)


async def _trickle(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, opening: bytes
) -> None:
    """Send a little now and then, until the server has had enough."""
    writer.write(opening)
    while not reader.at_eof():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(1000), PAUSE)
        if opening:
            writer.write(b" ")
        await writer.drain()


if __name__ == "__main__":
    sys.exit(main())
