"""What `serving.py` measured: as a table, and beside its goals."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean, median


@dataclass
class Figures:
    """What was measured of one service, a number for each round.

    Attributes
    ----------
    rates : mapping of int to list of float
        Requests per second with so many connections.
    latencies : list of float
        Median seconds of an answer, one connection.
    arrays : list of float
        Seconds for an array.
    starts, memory : list of float
        Seconds from the start of the command to the first answer; resident MiB of a worker.
    """

    rates: dict[int, list[float]] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    arrays: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def rate(self, count: int) -> float:
        """Return the mean requests per second with so many connections.

        No median: of connections that are made at the same moment, one process may get all or half,
        and a median of such rounds is one or the other.
        """
        return fmean(self.rates[count])


def report(figures: dict[str, Figures]) -> None:
    """Print mean rates and median times, and ratios to the naive design and to Flask's floor."""
    print(f"{'':12}{'1 conn.':>9}{'8':>8}{'32':>8}{'p50 ms':>8}{'1,000 ms':>10}"
          f"{'start s':>9}{'MiB':>7}")  # fmt: skip
    for name, service in figures.items():
        rates = "".join(f"{service.rate(count):8.0f}" for count in (1, 8, 32))
        array = f"{median(service.arrays) * 1000:10.0f}" if service.arrays else f"{'-':>10}"
        print(
            f"{name:12} {rates}{median(service.latencies) * 1000:8.2f}{array}"
            f"{median(service.starts):9.2f}{median(service.memory):7.0f}"
        )
    for base in ("naive", "constant"):
        if base not in figures:
            continue
        print(f"\nthroughput over that of {base}: connections 1, 8, 32")
        for name, service in figures.items():
            ratios = (service.rate(count) / figures[base].rate(count) for count in (1, 8, 32))
            print(f"{name:12} {' '.join(f'{ratio:7.2f}' for ratio in ratios)}")


def judge(figures: dict[str, Figures]) -> bool:
    """Print each goal, and whether it was met; only what was measured."""

    def ratio_to_naive(name: str, figure: str) -> float:
        value = median(getattr(figures[name], figure))
        return float(value / median(getattr(figures["naive"], figure)))

    goals = [
        ("log in memory, 8 connections, over naive", 10, ("memory", "naive"), 8),
        ("log in memory, 8 connections, over a constant", 0.35, ("memory", "constant"), 8),
        ("SQLite, 32 connections, over naive", 5, ("sqlite", "naive"), 32),
        ("PostgreSQL, 32 connections, over naive", 4, ("postgresql", "naive"), 32),
    ]
    results = [
        (words, figures[name].rate(count) / figures[base].rate(count), goal, True)
        for words, goal, (name, base), count in goals
        if {name, base} <= figures.keys()
    ]
    limits = [
        ("p50 of one connection, SQLite, of naive's", "latencies", 0.3),
        ("an array of 1,000, SQLite, of naive's", "arrays", 4.0),
        ("start to first answer, of naive's", "starts", 0.5),
        ("resident memory of a worker, of naive's", "memory", 0.6),
    ]
    if {"sqlite", "naive"} <= figures.keys():
        results += [
            (words, ratio_to_naive("sqlite", figure), goal, False) for words, figure, goal in limits
        ]
    met = True
    print()
    for words, value, goal, at_least in results:
        is_met = value >= goal if at_least else value <= goal
        bound = "at least" if at_least else "at most"
        print(f"{words}: {value:.2f}, {bound} {goal} asked: {'met' if is_met else 'not met'}")
        met = met and is_met
    return met
