"""Let the disk fill up while clients ask, and look what they are told and what is lost.

.venv/bin/python drills/full_disk.py --steps 8 --database sqlite|postgres [--seed N] [--fault NAME]

No file that the log is written to may grow past a limit (`ulimit -f`), which another time leaves
room for another number of bytes, so that writes fail at every place in a transaction. Clients may
get decisions and 503, within five seconds, and nothing else. Once the limit is gone, decisions
have to come again within five seconds, by themselves. In the end every decision that was answered
must be in the log. Exits with 1 if that does not hold. Linux only.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import harness
import psutil
import psycopg
from clients import Clients
from database_servers import WAL_MEGABYTES
from harness import Drill, NoService, Service

#: Seconds that an answer may take, and the first decision after there is room again.
MAX_ANSWER_S = 5.0

#: Bytes that are left at most: for a few dozen decisions, and for a part of a journal.
ROOM, SMALL_ROOM = 65_536, 8_192

#: Refusals that show that the disk is full, and answers after which it should have been.
REFUSALS, ANSWERS = 20, 200

#: Bytes of PostgreSQL's table to begin with: more than any other of its files.
START_TABLE_BYTES = WAL_MEGABYTES * 2**20

#: Seconds that a drill waits for anything.
WAIT_TIMEOUT_S = 60.0


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["answers_anyway"], databases=["sqlite", "postgres"])
    parser.add_argument("--steps", type=int, default=8)
    return harness.run(fill_again_and_again, parser.parse_args(), own_server=True)


def fill_again_and_again(drill: Drill) -> int:
    """Fill the disk while clients ask."""
    draw = random.Random(drill.options.seed)
    returns = []
    with drill.service() as service, drill.clients(service) as clients:
        disk = Disk(drill, service)
        if drill.server is not None:
            wait_until(lambda: disk.log_bytes() > START_TABLE_BYTES, pause=0.5)
        for _ in range(drill.options.steps):
            disk.limit(draw_limit(draw, disk))
            fill(clients)
            disk.limit("unlimited")
            returns.append(until_decided(clients))
    figures = (
        f"{drill.options.database}, {len(returns)} times full, {clients.statuses[503]} refusals, "
        f"{clients.surprises()} odd answers, slowest answer {clients.slowest:.1f} s, "
        f"deciding again after {max(returns):.1f} s at most"
    )
    enough = clients.statuses[503] >= REFUSALS * len(returns)
    quick = max(clients.slowest, *returns) < MAX_ANSWER_S
    return drill.finish(clients, figures, fine=enough and quick and clients.surprises() == 0)


@dataclass(frozen=True)
class Disk:
    """A disk that can be full for those who write the log: the service, or PostgreSQL."""

    drill: Drill
    service: Service

    def log_bytes(self) -> int:
        """Give the size of the file that grows with every decision."""
        if self.drill.server is None:
            return (self.drill.folder / "log" / "decisions.sqlite").stat().st_size
        with psycopg.connect(self.drill.database_url) as connection:
            row = connection.execute("SELECT pg_relation_size('decisions')").fetchone()
        assert row is not None
        return int(row[0])

    def limit(self, max_bytes: int | str) -> None:
        """Let no file grow past a limit, from now on."""
        server = self.drill.server
        writers = self.service.processes() if server is None else server.processes()
        # As their owner: even root may need a privilege for what is somebody else's.
        account = None if server is None else server.account
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda process: _limit(process.pid, max_bytes, account), writers))


def _limit(process_id: int, max_bytes: int | str, account: str | None) -> None:
    command = ["prlimit", f"--pid={process_id}", f"--fsize={max_bytes}:"]
    ended = subprocess.run(command, stderr=subprocess.PIPE, encoding="utf-8", user=account)
    if ended.returncode != 0 and psutil.pid_exists(process_id):
        raise OSError(ended.stderr)


def draw_limit(draw: random.Random, disk: Disk) -> int:
    """Give a limit that stops the database after some more bytes, or some SQLite's journal."""
    if disk.drill.server is None and draw.random() < 1 / 3:
        return draw.randrange(SMALL_ROOM)
    return disk.log_bytes() + draw.randrange(ROOM)


def fill(clients: Clients) -> None:
    """Wait until clients have been refused some times, or should have been."""
    refused, answers = clients.statuses[503] + REFUSALS, clients.statuses.total() + ANSWERS
    wait_until(lambda: clients.statuses[503] >= refused or clients.statuses.total() >= answers)


def until_decided(clients: Clients) -> float:
    """Wait for the next decision, and give the seconds until it came; errors as of `wait_until`."""
    decided = clients.statuses[200]
    return wait_until(lambda: clients.statuses[200] > decided)


def wait_until(done: Callable[[], bool], *, pause: float = 0.01) -> float:
    """Wait, and give the seconds that it took.

    Parameters
    ----------
    done : callable
        Tells whether there is nothing left to wait for.
    pause : float
        Seconds between two looks.

    Raises
    ------
    NoService
        If it takes too long.
    """
    start = time.monotonic()
    while not done():
        if time.monotonic() > start + WAIT_TIMEOUT_S:
            raise NoService(f"the service did nothing of what it should in {WAIT_TIMEOUT_S:.0f} s")
        time.sleep(pause)
    return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(main())
