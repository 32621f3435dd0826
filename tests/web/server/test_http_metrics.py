"""What Prometheus reads: right over all workers, bounded, and silent about applicants."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from answers import PROJECT, Answer, problem_of
from live_server import LiveServer, serving
from prometheus_client.parser import text_string_to_metric_families
from waiting import wait_until

from creditscore.web import metrics

KEY = "a-key-of-the-test-for-metrics"
MARKER = "31415926"

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("metrics")


@pytest.fixture(scope="module")
def server(model_dir: Path, folder: Path) -> Iterator[LiveServer]:
    with serving(
        model_dir,
        folder,
        CREDITSCORE_API_KEYS=KEY,
        CREDITSCORE_OPEN_PREDICT="on",
    ) as running:
        yield running


def scrape(server: LiveServer) -> Answer:
    return server.ask("GET", "/metrics", headers={"X-API-Key": KEY})


def figures(server: LiveServer) -> Figures:
    text = scrape(server).body.decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(samples: Figures, name: str, **labels: str) -> float:
    return sum(
        value
        for (sample_name, labels_of), value in samples.items()
        if sample_name == name and labels.items() <= dict(labels_of).items()
    )


def decide(server: LiveServer, body: Any, content_type: str = "application/json") -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return server.ask("POST", "/predict", raw, {"Content-Type": content_type})


def test_only_a_key_opens_it(server: LiveServer) -> None:
    problem_of(server.ask("GET", "/metrics"), 401)


def test_all_workers_are_added_up_and_a_dead_one_still_counts(
    server: LiveServer, example: dict[str, Any]
) -> None:
    singles, arrays = 24, 3
    before = figures(server)
    for _ in range(singles):
        assert decide(server, example).status == 200
    for _ in range(arrays):
        assert decide(server, [example] * 5).status == 200
    table = ",".join(example) + "\n" + (",".join(map(str, example.values())) + "\n") * 7
    assert decide(server, table.encode(), "text/csv").status == 200

    def added(name: str, **labels: str) -> float:
        return total(figures(server), name, **labels) - total(before, name, **labels)

    expected = singles + 5 * arrays + 7
    assert added("creditscore_decisions_total") == expected
    master = psutil.Process(server.pid)
    workers = set(master.children())
    next(iter(workers)).kill()
    assert wait_until(lambda: len(set(master.children()) & workers) < len(workers))

    assert added("creditscore_decisions_total") == expected
    assert added("creditscore_score_count") == expected
    labels = {"route": "/predict", "method": "POST", "status": "200"}
    assert added("creditscore_requests_total", **labels) == singles + arrays + 1
    assert added("creditscore_request_seconds_count", route="/predict") == singles + arrays + 1
    assert 0 < added("creditscore_log_write_seconds_count") <= singles + arrays + 1


def test_the_scores_of_an_array_are_counted_one_by_one(
    server: LiveServer, example: dict[str, Any]
) -> None:
    score_names = "creditscore_score_bucket", "creditscore_score_sum"
    before = figures(server)
    array = [example | {"LIMIT_BAL": 10_000 * (1 + index % 80)} for index in range(200)]

    scores = [decision["score"] for decision in decide(server, array).json]

    after = figures(server)
    added = {
        sample: after[sample] - before.get(sample, 0)
        for sample in after
        if sample[0] in score_names
    }
    assert len({*scores}) > 5
    assert added.pop(("creditscore_score_sum", (("scorecard", "application"),))) == sum(scores)
    assert len(added) == len(metrics.SCORE_BUCKETS) + 1
    for (_, labels), count in added.items():
        edge = float(dict(labels)["le"])
        assert count == sum(score <= edge for score in scores), edge


def test_errors_are_counted_by_kind(server: LiveServer, example: dict[str, Any]) -> None:
    decide(server, b"{")
    decide(server, {**example, "AGE": 1})
    decide(server, {**example, "AGE": "x", "SEX": 9})
    before = total(figures(server), "creditscore_requests_total", route="other", status="404")
    server.ask("GET", "/nowhere")

    after = figures(server)
    kinds = {dict(labels)["kind"] for name, labels in after if name == "creditscore_errors_total"}

    assert {"out_of_range", "not_found"} <= kinds
    not_found = {"route": "other", "status": "404"}
    assert total(after, "creditscore_requests_total", **not_found) == before + 1


def test_the_model_is_named(server: LiveServer) -> None:
    versions = json.loads(server.ask("GET", "/health").body)["model"]["versions"]

    after = figures(server)

    for scorecard, version in versions.items():
        labels = {"scorecard": scorecard, "version": version}
        assert total(after, "creditscore_model_info", **labels) == 1
    assert total(after, "creditscore_model_reload_failed") == 0


def test_nothing_that_is_sent_gets_into_a_label(
    server: LiveServer, example: dict[str, Any]
) -> None:
    decide(server, {**example, "LIMIT_BAL": int(MARKER)})
    decide(server, {**example, MARKER: 1})
    for path in (f"/{MARKER}", f"/decisions/{MARKER}", f"/model?{MARKER}={MARKER}"):
        server.ask("GET", path, headers={"X-Request-ID": MARKER, "X-API-Key": MARKER})
    server.send(f"{MARKER} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    text = scrape(server).body.decode()

    # A figure may hold the digits by chance; a label may not.
    assert not [label for label in re.findall(r"{[^}]*}", text) if MARKER in label]


def test_a_new_start_counts_anew(model_dir: Path, tmp_path: Path, example: dict[str, Any]) -> None:
    for _ in range(2):
        with serving(
            model_dir, tmp_path, CREDITSCORE_API_KEYS=KEY, CREDITSCORE_OPEN_PREDICT="on"
        ) as running:
            assert decide(running, example).status == 200
            assert total(figures(running), "creditscore_decisions_total") == 1
            # As Ctrl-C does, which stops it cleanly.
            running.signal(signal.SIGINT)
            assert running.status() == 0
            assert "Traceback" not in running.printed()


NO_ROOM = """
import resource, sys
from pathlib import Path
from creditscore.web import metrics

metrics.prepare(Path(sys.argv[1]))
from prometheus_client import CollectorRegistry
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
metrics.failed("uncounted")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
metrics.failed("counted")
print(metrics.as_text(CollectorRegistry())[0].decode())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of all files needs Linux")
def test_nothing_fails_because_there_is_no_room_to_count_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", NO_ROOM, str(tmp_path)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)

    assert ended.stderr == ""
    assert 'creditscore_errors_total{kind="counted"} 1.0' in ended.stdout
    assert '{kind="uncounted"}' not in ended.stdout


def test_the_files_of_counts_have_their_disk_space_before_they_are_used(
    server: LiveServer, folder: Path
) -> None:
    files = list(folder.glob("run/metrics/*.db"))

    assert len(files) >= 2
    for file in files:
        assert file.stat().st_blocks * 512 >= file.stat().st_size == metrics.FILE_BYTES


def test_threads_that_count_first_at_the_same_moment_share_their_instruments() -> None:
    code = """
import sys
import threading
from creditscore.web import metrics

def count():
    start.wait()
    try:
        metrics.instruments().requests.labels("/", "GET", "200").inc()
    except Exception as error:
        print(error)

sys.setswitchinterval(1e-6)
start = threading.Barrier(16)
threads = [threading.Thread(target=count) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(metrics.instruments().registry.get_sample_value(
    "creditscore_requests_total", {"route": "/", "method": "GET", "status": "200"}
))
"""

    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, encoding="utf-8"
    )

    assert (ended.stdout, ended.stderr) == ("16.0\n", "")
