"""The guide to operations is true: its backup comes back, its alerts ask for metrics that exist."""

from __future__ import annotations

import configparser
import contextlib
import importlib
import inspect
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import PROJECT
from guide import FLASK, Reader, blocks, shell_lines
from live_server import LiveServer, serving
from metric_names import known_names, metric_families
from skips import skip_or_fail

from creditscore.schema import Schema
from creditscore.web.threads import THREADS, Threads

GUIDE = PROJECT / "docs" / "operations.md"
TEXT = GUIDE.read_text(encoding="utf-8")
KEY = "a-key-of-the-test-for-operations"


# Install


def install_commands() -> list[str]:
    """Give the commands of the section that goes from an empty server to a service."""
    section = TEXT.partition("\n## Install\n")[2].partition("\n## ")[0]
    return [
        line
        for block in re.findall("```sh\n(.*?)```", section, re.DOTALL)
        for line in block.splitlines()
    ]


def unit() -> configparser.ConfigParser:
    """Read the unit of the guide."""
    (text,) = (block.text for block in blocks(GUIDE) if block.language == "ini")
    parser = configparser.ConfigParser(interpolation=None, delimiters=["="])
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_the_installation_makes_the_user_and_the_folder_of_the_unit() -> None:
    service, lines = unit()["Service"], install_commands()
    user, folder = service["User"], service["WorkingDirectory"]

    (useradd,) = (line for line in lines if "useradd" in line)
    (install,) = (line for line in lines if "install -d" in line)
    assert useradd.endswith(f" {user}")
    assert install == f"sudo install -d -o {user} -g {service['Group']} {folder}"
    assert f"sudo -u {user} git clone REPOSITORY_ADDRESS {folder}" in lines
    assert f"cd {folder}" in lines
    (unit_file,) = re.findall(r"`/etc/systemd/system/(\w+).service`", TEXT)
    assert f"sudo systemctl enable --now {unit_file}" in lines


def test_whatever_the_installation_does_in_the_folder_its_owner_does() -> None:
    user, lines = unit()["Service"]["User"], install_commands()

    ours = [line for line in lines if ".venv" in line or "git clone" in line]
    assert [line.partition(f"sudo -u {user} ")[0] for line in ours] == [""] * len(ours)
    done = ["git clone", "-m venv", "-r requirements.txt", "train.py", "keys new", "enable --now"]
    positions = [next(i for i, line in enumerate(lines) if words in line) for words in done]
    assert positions == sorted(positions)


def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        skip_or_fail("systemd", "systemd-analyze is not installed")
    (text,) = (block.text for block in blocks(GUIDE) if block.language == "ini")
    # Only this machine's own Python is missing in the guide.
    python = unit()["Service"]["ExecStart"].split()[0]
    path = tmp_path / "creditscore.service"
    path.write_text(text.replace(python, sys.executable), encoding="utf-8")

    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path], capture_output=True, encoding="utf-8"
    )

    assert "creditscore" not in result.stderr
    assert result.returncode == 0


def test_systemd_calls_what_the_service_can_reach_little(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        skip_or_fail("systemd", "systemd-analyze is not installed")
    (text,) = (block.text for block in blocks(GUIDE) if block.language == "ini")
    path = tmp_path / "creditscore.service"
    path.write_text(text, encoding="utf-8")

    # On its scale from 0 to 100 a service without any of this has 96.
    result = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", path],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )

    assert result.returncode == 0, result.stdout[-200:]


# Back up and restore


def steps(first: str) -> list[str]:
    """Give the commands of the block that has this one in it."""
    (block,) = (candidate for candidate in blocks(GUIDE) if first in candidate.text)
    return block.text.splitlines()


def decide(server: LiveServer, schema: Schema, count: int) -> list[Any]:
    members = {name: schema.fields[name].example for name in schema.base_fields}
    answer = server.ask("POST", "/predict", json.dumps([members] * count).encode())
    assert answer.status == 200
    decisions: list[Any] = answer.json
    return decisions


@pytest.fixture
def host(model_dir: Path, tmp_path: Path) -> Reader:
    """Lay out a host's folder, as the guide's commands find it."""
    shutil.copytree(model_dir, tmp_path / "model")
    variables = {
        "CREDITSCORE_MODEL_DIR": str(tmp_path / "model"),
        "CREDITSCORE_DATABASE_URL": f"sqlite:///{tmp_path}/instance/decisions.sqlite",
        "CREDITSCORE_RUNTIME_DIR": str(tmp_path / "run"),
    }
    return Reader(None, tmp_path, variables)


@pytest.mark.skipif(os.name == "nt", reason="the commands are for Linux")
def test_what_was_backed_up_serves_again_after_all_was_lost(host: Reader, schema: Schema) -> None:
    folder, url = host.folder, host.variables["CREDITSCORE_DATABASE_URL"]

    def serve() -> contextlib.AbstractContextManager[LiveServer]:
        return serving(
            folder / "model",
            folder,
            CREDITSCORE_DATABASE_URL=url,
            CREDITSCORE_API_KEYS=KEY,
            CREDITSCORE_OPEN_PREDICT="on",
        )

    with serve() as server:
        decisions = decide(server, schema, 3)
        for line in steps("decisions backup"):
            host.follow(line)
        decide(server, schema, 2)
    (folder / "instance" / "decisions.sqlite").write_bytes(b"lost")
    (folder / "instance" / "decisions.sqlite-journal").write_bytes(b"left behind")
    shutil.rmtree(folder / "model")

    for line in steps("decisions verify"):
        host.follow(line)

    put_away = folder / "instance" / "before" / "decisions.sqlite-journal"
    assert put_away.read_bytes() == b"left behind"
    assert host.said("verify") == "3 verified: 0 with faults\n"
    assert host.said("replay --all") == "3 replayed: 3 identical\n"
    with serve() as server:
        for decision in decisions:
            path = f"/decisions/{decision['decision_id']}"
            answer = server.ask("GET", path, headers={"X-API-Key": KEY})
            assert answer.json["probability_of_default"] == decision["probability_of_default"]
        assert len(decide(server, schema, 1)) == 1
    private = [*(folder / "backups").iterdir(), folder / "instance" / "decisions.sqlite"]
    assert len(private) == 3
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


# Metrics and alerts


@pytest.fixture(scope="module")
def families(model_dir: Path) -> dict[str, Any]:
    return metric_families(model_dir)


def rules() -> Iterator[dict[str, Any]]:
    """Give the alerts of the guide."""
    yaml = importlib.import_module("yaml")
    for block in blocks(GUIDE):
        if block.language == "yaml":
            for group in yaml.safe_load(block.text).get("groups", []):
                yield from group["rules"]


def test_the_guide_has_the_alerts_of_the_file_that_prometheus_reads() -> None:
    file = (PROJECT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")

    assert file in [block.text for block in blocks(GUIDE) if block.language == "yaml"]


def test_each_alert_asks_for_metrics_that_exist(families: dict[str, Any]) -> None:
    metrics = known_names(families)
    alerts = list(rules())

    assert len(alerts) >= 6
    assert len({rule["alert"] for rule in alerts}) == len(alerts)
    for rule in alerts:
        names = set(re.findall(r"creditscore_\w+", rule["expr"]))
        assert names <= metrics, rule["alert"]
        assert names or "up{" in rule["expr"]
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_the_table_of_metrics_is_all_there_is(families: dict[str, Any]) -> None:
    listed = re.findall(r"^\| `(creditscore_\w+)` \|", TEXT, re.MULTILINE)

    assert listed
    counters = {f"{name}_total" for name, family in families.items() if family.type == "counter"}
    other_metrics = {name for name, family in families.items() if family.type != "counter"}
    assert sorted(listed) == sorted(counters | other_metrics)


# The examples


def test_the_unit_starts_the_server_as_manage_py_does() -> None:
    service = unit()["Service"]

    assert service["ExecStart"].endswith(" -m gunicorn -c gunicorn.conf.py app:app")
    assert int(service["TimeoutStopSec"]) > 30, "longer than gunicorn's graceful_timeout"
    assert {Path(path).name for path in service["ReadWritePaths"].split()} == {"instance", "model"}
    assert service["UMask"] == "0077"


def test_the_proxy_lets_the_largest_table_through_and_names_the_client() -> None:
    _, conf = (block.text for block in blocks(GUIDE) if block.language == "nginx")

    assert conf.count("{") == conf.count("}")
    (megabytes,) = re.findall("client_max_body_size ([0-9]+)m;", conf)
    assert int(megabytes) > 16
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in conf
    assert "proxy_request_buffering on;" in conf
    for line in conf.splitlines():
        code = line.partition("#")[0].strip()
        assert not code or code.endswith((";", "{", "}")), line


def test_the_proxy_passes_on_a_few_requests_more_than_the_service_takes() -> None:
    (connections,) = re.findall(r"max_conns=([0-9]+);", TEXT)
    waiting = inspect.signature(Threads).parameters["max_waiting"].default
    workers = int(runpy.run_path(str(PROJECT / "gunicorn.conf.py"))["workers"])
    capacity = workers * (THREADS + waiting)

    assert f"takes {THREADS + waiting} and refuses the others" in " ".join(TEXT.split())
    assert f"The few above {capacity} " in TEXT
    assert capacity < int(connections) < 1.1 * capacity


def test_the_figures_of_the_guide_stand_in_the_results_of_the_benchmarks() -> None:
    results = (PROJECT / "benchmarks" / "results.md").read_text(encoding="utf-8")
    section = TEXT.partition("## How much it can take")[2]
    quoted = re.findall(r"about ([0-9,]+) (?:decisions a second|MiB)|and ([0-9,]+) with", section)

    figures = [figure for groups in quoted for figure in groups if figure]
    assert len(figures) == 3
    for figure in figures:
        assert re.search(rf"\b{figure}\b", results), figure


def test_the_commands_of_the_guide_are_ours() -> None:
    for line in shell_lines(GUIDE):
        if FLASK in line:
            assert "--app app " in line
