"""Let thousands of slow clients hold their connections, and look whether others are still served.

.venv/bin/python drills/slow_clients.py --each 1000 [--seconds 20] [--seed N] [--fault threads]
                          [--behind nginx]

One client asks for a decision twenty times a second, first alone and then beside a crowd: so many
connections that send nothing, so many that never end their header, so many that send a body byte by
byte. A client that is thrown out comes back at once. No request of the one client may fail, and its
p99 may at most double. Exits with 1 if that does not hold. Behind nginx, which waits for the slow
itself, the fault does no harm.
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
from statistics import quantiles

import harness
from clients import post
from harness import Drill

PER_SECOND = 20

#: Seconds between two bytes of a slow client.
PAUSE = 2.0

#: Seconds for the crowd to gather.
GATHERING = 6.0

#: An undisturbed p99 below it counts as this much, in seconds: a moment of the machine's own.
MOMENT = 0.025

OPENINGS = {
    "idle": b"",
    "half header": b"POST /predict HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "slow body": b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["threads"], proxies=["nginx"])
    parser.add_argument("--each", type=int, default=1000, help="slow clients of each kind")
    parser.add_argument("--seconds", type=float, default=20)
    return harness.run(crowd_out, parser.parse_args(arguments), in_memory=True)


def crowd_out(drill: Drill) -> int:
    """Ask alone, then beside the crowd."""
    options: argparse.Namespace = drill.options
    with drill.service() as service:
        (body, *_) = drill.bodies()
        ask(service.port, body, seconds=2)
        alone = ask(service.port, body, seconds=options.seconds)
        with crowd(service.port, options.each, options.seed):
            time.sleep(GATHERING)
            beside = ask(service.port, body, seconds=options.seconds)
        ask(service.port, body, seconds=1)
    failed = beside.count(None) + alone.count(None)
    before, during = percentile(alone), percentile(beside)
    fine = not failed and during <= 2 * max(before, MOMENT)
    print(
        f"{'holds' if fine else 'FAILS'}, seed {options.seed}, {options.each} slow clients of each "
        f"of {len(OPENINGS)} kinds: {len(beside)} requests beside them, {failed} failed, "
        f"p99 {before * 1000:.0f} ms alone and {during * 1000:.0f} ms beside them"
    )
    return 0 if fine else 1


def ask(port: int, body: bytes, *, seconds: float) -> list[float | None]:
    """Ask at a steady pace, and give how long each answer took; None for a failure."""
    durations: list[float | None] = []
    ends = time.monotonic() + seconds
    due = time.monotonic()
    while (start := time.monotonic()) < ends:
        try:
            status, _ = post(port, body, {})
        except OSError:
            status = 0
        durations.append(time.monotonic() - start if status == 200 else None)
        due = max(due + 1 / PER_SECOND, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
    return durations


def percentile(durations: Sequence[float | None]) -> float:
    """Give the 99th percentile; a failure takes for ever."""
    seconds = [float("inf") if duration is None else duration for duration in durations]
    return quantiles(seconds, n=100, method="inclusive")[98] if len(seconds) > 1 else float("inf")


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
