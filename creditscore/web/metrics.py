"""What Prometheus is told: counts and times over all processes, and nothing of any applicant.

Each process counts in files of its own in a shared folder, and whichever is asked adds them up;
those of processes that have ended still count. All labels come from short lists: a route as it is
written in the code, a status, a scorecard; never a path, an address or a value of a request.

No request fails because it cannot be counted. The files have their full size before the first count
goes in: a file with holes would kill its process where the disk has no room for them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import threading
from collections.abc import Sequence
from functools import cache, partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from time import perf_counter
from typing import Any

from flask import Request, Response
from flask.ctx import _AppCtxGlobals

from creditscore.decision_log.log import ScoredRow
from creditscore.files import describe_access

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})

#: Edges of the histograms, in seconds and in points of the score.
LATENCY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SCORE_BUCKETS = (300, 400, 450, 500, 525, 550, 575, 600, 625, 650, 700, 800)

#: Bytes of each file of counts, several times what all labels take, and the kinds of files.
FILE_BYTES, FILES = 256 * 1024, ("counter", "histogram")


#: Of the threads that need the instruments first, one makes them.
_MAKING = threading.Lock()


def instruments() -> Instruments:
    """Give the instruments of this process, made when it first needs them: each has its own files.

    Raises
    ------
    OSError
        If there is no room for the files; the next call tries again.
    """
    with _MAKING:
        return _make()


@cache
def _make() -> Instruments:
    if os.environ.get(VARIABLE):
        _reserve(Path(os.environ[VARIABLE]))
    return Instruments()


class Instruments:
    """What is counted and timed."""

    def __init__(self) -> None:
        # Only now: the library looks at the environment when it is loaded.
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self.requests = counter(
            "creditscore_requests", "Requests that were answered", ["route", "method", "status"]
        )
        self.latency = histogram(
            "creditscore_request_seconds",
            "Seconds from a whole request to its answer",
            ["route"],
            buckets=LATENCY_BUCKETS_S,
        )
        self.decisions = counter(
            "creditscore_decisions", "Decisions that were logged", ["scorecard", "label"]
        )
        self.scores = histogram(
            "creditscore_score",
            "Scores of the decisions that were logged",
            ["scorecard"],
            buckets=SCORE_BUCKETS,
        )
        self.errors = counter("creditscore_errors", "Problems that were answered", ["kind"])
        self.writes = histogram(
            "creditscore_log_write_seconds",
            "Seconds of a transaction that logs decisions, its commit included",
            buckets=LATENCY_BUCKETS_S,
        )
        self.requests_shed = counter(
            "creditscore_requests_shed",
            "Requests that were too slow, or too many, to be looked at",
            ["status"],
        )


def _reserve(folder: Path) -> None:
    """Take the disk space of the counts of this process."""
    for kind in FILES:
        path = folder / f"{kind}_{os.getpid()}.db"
        if path.exists():
            continue
        part = path.with_suffix(".part")
        try:
            part.write_bytes(bytes(FILE_BYTES))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def prepare(folder: Path) -> None:
    """Let the processes count together in a folder; each for itself where there is none.

    Before the library is loaded: it decides then which way it goes.
    """
    if "prometheus_client" in sys.modules:
        return
    os.environ.pop(VARIABLE, None)
    counts_folder = folder / "metrics"
    try:
        counts_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(counts_folder, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        logging.getLogger(__name__).warning(
            "each process counts for itself, as %s cannot be used: %s",
            counts_folder,
            describe_access(counts_folder) or error.strerror,
        )
        return
    os.environ[VARIABLE] = str(counts_folder)


def forget_the_dead() -> None:
    """Remove the counts of an earlier run; called once, when a server starts."""
    for file in Path(os.environ.get(VARIABLE) or os.devnull).glob("*.db"):
        match = re.search("_([0-9]+)[.]db$", file.name)
        if match and int(match[1]) != os.getpid() and not _lives(int(match[1])):
            with contextlib.suppress(OSError):
                file.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def count(request: Request, answer: Response, values: _AppCtxGlobals) -> None:
    """Count a request that was answered, since `values.began`; labels are from short lists."""
    rule = request.url_rule
    route = rule.rule if rule is not None else "other"
    method = request.method if request.method in METHODS else "other"
    with contextlib.suppress(OSError):
        meters = instruments()
        meters.requests.labels(route, method, str(answer.status_code)).inc()
        meters.latency.labels(route).observe(perf_counter() - values.began)


def logged(rows: Sequence[ScoredRow], seconds: float) -> None:
    """Count decisions that were logged in one transaction."""
    with contextlib.suppress(OSError):
        meters = instruments()
        meters.writes.observe(seconds)
        for (scorecard, label), group in groupby(sorted(rows), itemgetter(0, 1)):
            scores = [score for _, _, score in group]
            meters.decisions.labels(scorecard, label).inc(len(scores))
            histogram = meters.scores.labels(scorecard)
            for score in scores:
                histogram.observe(score)


def failed(kind: str) -> None:
    """Count a problem by its kind."""
    with contextlib.suppress(OSError):
        instruments().errors.labels(kind).inc()


def request_shed(status: int) -> None:
    """Count a request that the server itself refused."""
    with contextlib.suppress(OSError):
        instruments().requests_shed.labels(str(status)).inc()


def as_text(about: Any) -> tuple[bytes, str]:
    """Write what all processes have counted, and what a collector tells of this moment.

    Returns
    -------
    bytes, str
        The text, and its content type.
    """
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    with contextlib.suppress(OSError):
        own_registry = instruments().registry
        registry = registry if os.environ.get(VARIABLE) else own_registry
    if os.environ.get(VARIABLE):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    text: bytes = generate_latest(registry) + generate_latest(about)
    return text, CONTENT_TYPE_LATEST
