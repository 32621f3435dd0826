"""Ask for ten times as much as the service can do, and look what it still does.

.venv/bin/python drills/overload.py --seconds 20 [--rounds 3] [--most-rounds 12] [--times 10]
                          [--cost 0.25] [--seed N] [--fault patient] [--behind nginx]

First as many decisions are asked for as come: that is its peak. Then ten times as many requests
fall due per second, as long as one of the connections is free for it; then the peak is measured
again, and so on. How many decisions are left depends on how many requests the load manages to send.
So the drill asks what one refusal costs: the decisions that are missing from the mean of the peaks
before and after, divided by the requests that were refused, may be a quarter of a decision at most.
Each decision has to come within three seconds; the other requests have to be refused with 429 or
503, within one and a half, and none may be left without an answer. Exits with 1 if that does not
hold. A machine that others share is not as fast in one moment as in the next: there are more rounds
than asked for while chance may have decided. The service runs on one half of the cores and the load
comes from the other: so it takes nothing from the service, and can always send many times as much.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from functools import partial
from math import isfinite
from statistics import mean, stdev

import harness
import psutil
from client_journal import count_logged
from harness import Drill
from load import Tally, load, request_of

#: Connections that reach the peak, and those that an overload may open.
FOR_PEAK, MAX_CONNECTIONS = 32, 1500

#: Decisions that are missing for each request that was refused.
COST = 0.25

#: Share that has to be sent of what was meant to be. A load whose processor is not busy for this
#: share of the time has a request on each connection: then so many have to be refused for each
#: decision.
MIN_SENT, BUSY, FOR_EACH = 0.4, 0.9, 2.0

#: Standard errors of the mean cost beyond which it is not by chance above or below what is wanted.
SURE = 2.0

#: Seconds that 99 of 100 decisions and refusals may take.
DECIDED, REFUSED = 3.0, 1.5

#: Seconds of each load in which nothing is counted.
WARM_UP = 2.0


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(
        __doc__, faults=["patient"], databases=["sqlite", "postgres"], proxies=["nginx"]
    )
    parser.add_argument("--seconds", type=float, default=20, help="of each load")
    parser.add_argument("--rounds", type=int, default=3, help="how often it is asked too much")
    parser.add_argument("--most-rounds", type=int, default=12, help="while chance may decide")
    parser.add_argument("--times", type=float, default=10, help="how many times the peak")
    parser.add_argument("--cost", type=float, default=COST, help="of a refusal, in decisions")
    return harness.run(ask_too_much, parser.parse_args())


def ask_too_much(drill: Drill) -> int:
    """Measure the peak, ask for more, and measure it again."""
    options, process = drill.options, psutil.Process()
    requests = [request_of(body) for body in drill.bodies()]
    random.Random(options.seed).shuffle(requests)
    shares: list[float] = []
    costs: list[float] = []
    for_service, for_load = halves(process.cpu_affinity())
    # What a process starts runs on its cores.
    process.cpu_affinity(for_service)
    with drill.service() as service:
        process.cpu_affinity(for_load)
        ask = partial(load, service.port, requests, warm_up=WARM_UP, seconds=options.seconds)
        peaks, loads, requested = [ask(connections=FOR_PEAK)], [], 0.0
        while len(costs) < options.rounds or (
            len(costs) < options.most_rounds and is_open(costs, options.cost)
        ):
            due = options.times * peaks[-1].rate()
            loads.append(ask(connections=MAX_CONNECTIONS, per_second=due))
            requested += due * loads[-1].seconds
            peaks.append(ask(connections=FOR_PEAK))
            peak = mean(tally.rate() for tally in peaks[-2:])
            shares.append(loads[-1].rate() / peak)
            costs.append(cost_of_refusal(peak, loads[-1]))
    logged = count_logged(drill.database_url)
    alone, during = Tally.together(peaks), Tally.together(loads)
    decided = alone.statuses[200] + during.statuses[200]
    refused = during.statuses[429] + during.statuses[503]
    sent_share = (during.statuses.total() + during.broken) / requested
    peaks_text = ", ".join(f"{tally.rate():.0f}" for tally in peaks)
    shares_text = ", ".join(f"{share:.0%}" for share in shares)
    costs_text = ", ".join(f"{cost:.2f}" for cost in costs)
    print(
        f"peaks of {peaks_text} decisions per second, shares of {shares_text}; "
        f"a refusal cost {costs_text} decisions"
    )
    fine = all(
        (
            mean(costs) <= options.cost,
            sent_share >= MIN_SENT
            or (during.busy < BUSY and refused >= FOR_EACH * during.statuses[200]),
            during.statuses.keys() <= {200, 429, 503},
            during.broken == alone.broken == 0,
            during.percentile(99, 200) <= DECIDED,
            during.percentile(99, 429, 503) <= REFUSED,
            logged >= decided,
        )
    )
    return drill.report(
        f"{options.database}, {sent_share * options.times:.1f} times the peak asked for by a load "
        f"busy for {during.busy:.0%} of the time: "
        f"{mean(shares):.0%} of its decisions, {mean(costs):.2f} of a decision for each refusal, "
        f"{describe_tally(during)}; {decided} answered in all and {logged} logged",
        fine=fine,
    )


def halves(cores: Sequence[int]) -> tuple[list[int], list[int]]:
    """Divide the cores between the service and the load; a single one they share."""
    half = len(cores) // 2
    return list(cores[half:]), list(cores[:half] or cores)


def cost_of_refusal(peak: float, load: Tally) -> float:
    """Give the decisions that are missing for each request that was refused.

    Parameters
    ----------
    peak : float
        Decisions per second without the load.
    load : Tally
        What became of the requests under it.

    Returns
    -------
    float
        Infinite if decisions are missing and none was refused; below 0 if more came than before.
    """
    refused = load.rate(429) + load.rate(503)
    missing = peak - load.rate()
    if not refused:
        return float("inf") if missing > 0 else 0.0
    return missing / refused


def is_open(costs: Sequence[float], limit: float) -> bool:
    """Tell whether, of so few costs, chance may have decided on which side their mean is."""
    if len(costs) < 2:
        return True
    if not all(map(isfinite, costs)):
        return False
    error: float = stdev(costs) / len(costs) ** 0.5
    return abs(mean(costs) - limit) <= SURE * error


def describe_tally(tally: Tally) -> str:
    """Say in words what became of the requests."""
    refused = tally.statuses[429] + tally.statuses[503]
    other_answers = tally.statuses.total() - tally.statuses[200] - refused
    return (
        f"p99 {tally.percentile(99, 200):.2f} s; {refused} refused, "
        f"p99 {tally.percentile(99, 429, 503) * 1000:.0f} ms; {other_answers} other answers, "
        f"{tally.broken} without an answer"
    )


if __name__ == "__main__":
    sys.exit(main())
