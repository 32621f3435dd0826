"""A real cluster: a scheduler and two workers, each a process, over TCP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from answers import PROJECT
from guide import PYTHON, shell_lines
from live_server import free_port
from table_files import people, write

from creditscore.cli import score
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.schema import Schema
from creditscore.tables.dask_cluster import Parts

GUIDE = PROJECT / "docs" / "scale.md"


def documented(kind: str) -> list[str]:
    """Return the guide's command for a process of a cluster, without Python and addresses."""
    (line,) = (line for line in shell_lines(GUIDE) if f"dask {kind}" in line)
    python, *words = line.split()
    assert python == PYTHON
    return [word for word in words if "://" not in word]


@dataclass
class Cluster:
    """A scheduler, and workers that can be started and killed."""

    folder: Path
    port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The scheduler's."""
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, kind: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a process of the cluster as the guide does, with further options."""
        # The guide's command alone has to find the project.
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        log = (self.folder / f"{kind}-{len(self.running)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, *documented(kind), *arguments],
                cwd=PROJECT,
                env={**variables, "PYTHONWARNINGS": "ignore"},
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        return process

    def add_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker of one thread, which is not started again."""
        return self.start(
            "worker", self.address, "--nworkers", "1", "--no-nanny", "--no-dashboard",
            "--local-directory", str(self.folder),
        )  # fmt: skip

    def stop(self) -> None:
        """Kill everything."""
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    with ExitStack() as stack:
        stack.callback(cluster.stop)
        cluster.start(
            "scheduler", "--host", "127.0.0.1", "--port", str(cluster.port), "--no-dashboard"
        )
        cluster.add_worker()
        cluster.add_worker()
        yield cluster


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, model_dir: Path) -> None:
    monkeypatch.setenv("CREDITSCORE_MODEL_DIR", str(model_dir))


def parts(schema: Schema, folder: Path, *, count: int, rows: int) -> Path:
    """Write a table in parts: behavioural applicants, whose decisions take their time."""
    folder.mkdir()
    table = people(schema, "behavioural", rows)
    for number in range(count):
        changed = [row | {"customer": f"{number}-{row['customer']}"} for row in table]
        pq.write_table(pa.Table.from_pylist(changed), folder / f"part-{number:03}.parquet")
    return folder


def score_on(cluster: Cluster, source: str, target: Path) -> subprocess.Popen[str]:
    """Start score.py in a process of its own: it is the client that a person runs."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "score.py", "--dask", cluster.address, source, target],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], status: int = 0) -> str:
    _, output = process.communicate(timeout=300)
    assert process.returncode == status, output
    return output


@pytest.mark.slow
def test_a_cluster_gives_what_one_process_gives_though_a_worker_is_killed(
    cluster: Cluster, schema: Schema, tmp_path: Path
) -> None:
    folder, target = parts(schema, tmp_path / "in", count=16, rows=600), tmp_path / "out"
    process = score_on(cluster, f"{folder}/*.parquet", target)
    while not list(target.glob("part-*.parquet")):
        assert process.poll() is None
        time.sleep(0.01)

    cluster.running[1].send_signal(signal.SIGKILL)
    output = finish(process)

    assert "9,600 rows scored" in output
    assert sorted(path.name for path in target.iterdir()) == [
        "_score.json",
        *(f"part-{number:03}.parquet" for number in range(16)),
    ]
    for path in folder.iterdir():
        assert score.main([str(path), str(tmp_path / "alone.parquet")]) == 0
        assert (target / path.name).read_bytes() == (tmp_path / "alone.parquet").read_bytes()


@pytest.mark.slow
def test_finished_parts_are_left_alone_missing_ones_made_and_another_models_refused(
    cluster: Cluster, schema: Schema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, target = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in range(3):
        write(folder / f"{number}.csv", people(schema, "application", 50, seed=number))
    finish(score_on(cluster, f"{folder}/*.csv", target))
    contents = {path.name: path.read_bytes() for path in target.iterdir()}
    times = {path.name: path.stat().st_mtime_ns for path in target.iterdir()}
    (target / "1.csv").unlink()

    output = finish(score_on(cluster, f"{folder}/*.csv", target))

    assert "50 rows scored" in output
    assert {path.name: path.read_bytes() for path in target.iterdir()} == contents
    unchanged = [p.name for p in target.iterdir() if p.stat().st_mtime_ns == times[p.name]]
    assert sorted(unchanged) == ["0.csv", "2.csv", "_score.json"]
    monkeypatch.setenv("CREDITSCORE_CUTOFF", "0.5")
    output = finish(score_on(cluster, f"{folder}/*.csv", target), status=1)
    assert "holds decisions of another model, cut-off or choice of columns" in output


@pytest.mark.slow
def test_bad_rows_are_rejected_beside_their_part_and_a_part_that_is_no_table_is_named(
    cluster: Cluster, schema: Schema, tmp_path: Path
) -> None:
    folder, target = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    rows = people(schema, "application", 4)
    write(folder / "a.csv", [rows[0], rows[1] | {"AGE": 3}])
    write(folder / "b.csv", rows[2:])

    assert "3 rows scored, 1 rejected" in finish(score_on(cluster, f"{folder}/*.csv", target))

    names = ["_score.json", "a.csv", "a.csv.rejects.csv", "b.csv"]
    assert sorted(path.name for path in target.iterdir()) == names
    (folder / "c.csv").write_text("x,y\n1,2\n")
    output = finish(score_on(cluster, f"{folder}/*.csv", target), status=1)
    assert 'c.csv, line 1: the header has no column "LIMIT_BAL"' in output
    assert "Traceback" not in output
    assert sorted(path.name for path in target.iterdir()) == names


def test_what_cannot_be_done_is_said_in_one_line(
    schema: Schema, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = f"tcp://127.0.0.1:{free_port()}"
    write(tmp_path / "a.csv", people(schema, "application", 1))

    for pattern, message in (("none*.csv", "there is no such file"), ("a.csv", "name another")):
        target = tmp_path if message == "name another" else tmp_path / "out"
        assert score.main(["--dask", nowhere, str(tmp_path / pattern), str(target)]) == 1
        assert message in capsys.readouterr().err


def test_a_workbook_gets_its_decisions_as_csv(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.csv"):
        (tmp_path / name).touch()

    parts = Parts.find(f"{tmp_path}/*.*", tmp_path / "out", DecisionColumns(logged=False))

    assert [job.target.name for job in parts.jobs()] == ["a.xlsx.csv", "b.csv"]


@pytest.mark.slow
def test_no_scheduler_at_the_address_is_said_in_one_line(schema: Schema, tmp_path: Path) -> None:
    write(tmp_path / "a.csv", people(schema, "application", 1))
    unreachable_cluster = Cluster(tmp_path)

    output = finish(
        score_on(unreachable_cluster, str(tmp_path / "a.csv"), tmp_path / "out"), status=1
    )

    assert "no scheduler answers at" in output
    assert "Traceback" not in output


@pytest.mark.slow
def test_forests_fitted_on_a_cluster_are_the_same_model(cluster: Cluster, tmp_path: Path) -> None:
    with (PROJECT / "data" / "credit.csv").open() as rows:
        (tmp_path / "some.csv").write_text("".join(islice(rows, 4001)))

    def train(name: str, *more: str) -> dict[str, Any]:
        options = [
            "--no-plots",
            "--quick",
            "--data",
            f"{tmp_path}/some.csv",
            "--model-dir",
            f"{tmp_path}/{name}",
        ]
        process = subprocess.run(
            [sys.executable, "-W", "ignore", "train.py", *options, *more],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        manifest: dict[str, Any] = json.loads((tmp_path / name / "manifest.json").read_text())
        return manifest

    local_model, steps_before = train("here"), steps(cluster)
    cluster_model = train("there", "--dask", cluster.address)

    assert cluster_model["scorecards"] == local_model["scorecards"]
    assert steps(cluster) > steps_before + 2 * 100


def steps(cluster: Cluster) -> int:
    """Ask the scheduler how many steps all its tasks have made."""
    code = (
        "from distributed import Client; "
        f"client = Client({cluster.address!r}); "
        "print(client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    return int(done.stdout)
