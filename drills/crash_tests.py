"""Kill the service again and again while clients ask, and look whether a decision is lost.

.venv/bin/python drills/crash_tests.py --kills 20 --database sqlite|postgres
    [--seed N] [--fault NAME]

Eight clients ask for decisions, alone and in arrays, some with an idempotency key and then until
they are answered. Meanwhile `kill -9` hits a random worker, the master, or all of them; a dead
master is started again. In the end every decision that was answered must be in the log, once, as
it was answered; arrays must be there whole or not at all; and a repeated request must have got its
first answer. Exits with 1 if that does not hold.
"""

from __future__ import annotations

import random
import sys
import time

import harness
from harness import Drill, Service

#: Shares of the kills that hit a worker, and the master alone; the rest hit all.
WORKER, MASTER = 0.5, 0.3

#: Seconds between two kills, at least and at most.
PAUSE_S = (0.2, 1.0)


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(
        __doc__, faults=["answers_first", "forgets_keys"], databases=["sqlite", "postgres"]
    )
    parser.add_argument("--kills", type=int, default=20)
    return harness.run(kill_again_and_again, parser.parse_args())


def kill_again_and_again(drill: Drill) -> int:
    """Kill while clients ask."""
    draw = random.Random(drill.options.seed)
    with drill.service() as service, drill.clients(service) as clients:
        for _ in range(drill.options.kills):
            time.sleep(draw.uniform(*PAUSE_S))
            kill_one(service, draw)
            service.start()
    figures = (
        f"{drill.options.database}, {drill.options.kills} kills, answering again after "
        f"{clients.max_silence:.1f} s at most, {clients.surprises()} odd answers"
    )
    return drill.finish(clients, figures, fine=clients.surprises() == 0)


def kill_one(service: Service, draw: random.Random) -> None:
    """Kill a worker, the master or all."""
    chance = draw.random()
    worker = draw.choice(service.workers())
    if chance < WORKER:
        service.kill([worker])
    elif chance < WORKER + MASTER:
        service.kill([service.master()])
    else:
        service.kill_all()


if __name__ == "__main__":
    sys.exit(main())
