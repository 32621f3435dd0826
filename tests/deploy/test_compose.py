"""compose.yaml and what it mounts: hardened, without secrets, and of the files that are there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from answers import PROJECT
from compose_files import COMPOSE, DASHBOARD, DEPLOY, SERVICES, expressions
from guide import blocks
from metric_names import known_names, metric_families
from prometheus_server import find as find_prometheus
from skips import skip_or_fail

from creditscore.settings import DEFINITIONS
from tools.rehearse_image import is_sent

#: Those that end once they have done their work.
ONCE = {"train", "prepare"}
SECRETS = {
    "POSTGRES_PASSWORD": "a-password",
    "GRAFANA_PASSWORD": "another",
    "METRICS_KEY": "a-key-of-the-test",
}

each_service = pytest.mark.parametrize("name", SERVICES)


def compose(**variables: str) -> subprocess.CompletedProcess[str]:
    """Have docker-compose read the file; it needs no Docker for that."""
    program = shutil.which("docker-compose")
    if program is None:
        skip_or_fail("compose", "docker-compose is not installed (Debian's package of that name)")
    environment = {"PATH": os.environ["PATH"], **variables}
    command = [program, "-f", str(PROJECT / "compose.yaml"), "config"]
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")


def test_compose_takes_the_file() -> None:
    result = compose(**SECRETS)

    assert result.returncode == 0, result.stderr
    settings = yaml.safe_load(result.stdout)["services"]["creditscore"]["environment"]
    assert settings["CREDITSCORE_DATABASE_URL"].startswith("postgresql://creditscore:a-password@")
    assert settings["CREDITSCORE_API_KEYS"] == SECRETS["METRICS_KEY"]


@pytest.mark.parametrize("name", SECRETS)
def test_without_a_secret_nothing_starts(name: str) -> None:
    result = compose(**{secret: text for secret, text in SECRETS.items() if secret != name})

    assert result.returncode != 0
    assert "see docs/docker.md" in result.stderr


@each_service
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "pid", "ipc"} & set(service)
    # The project's own image says who it runs as; of others it is said here.
    assert service.get("user", "root") != "root" or "build" in service


def test_the_image_of_the_project_runs_as_nobody_special() -> None:
    text = (PROJECT / "Dockerfile").read_text(encoding="utf-8")

    for stage in text.split("\nFROM ")[2:]:
        name = stage.partition("\n")[0].partition(" AS ")[2]
        assert ("\nUSER creditscore\n" in stage) == (name in {"train", "serve"})
    (number,) = re.findall(r"useradd --system --uid (\d+)", text)
    groups = {group for service in SERVICES.values() for group in service.get("group_add", [])}
    assert groups == {number}


@each_service
def test_a_service_that_runs_on_is_asked_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")

    if name in ONCE:
        assert service["healthcheck"] == {"disable": True}
        assert service["restart"] == "no"
    else:
        assert "healthcheck" in service or "HEALTHCHECK" in dockerfile.partition("AS serve")[2]
        assert service["restart"] == "unless-stopped"


def test_only_https_is_open_to_other_machines() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert ports.pop("nginx") == ["${HTTPS_PORT:-443}:8443"]
    for published in ports.values():
        assert all(port.startswith("127.0.0.1:") for port in published)
    assert COMPOSE["networks"]["data"]["internal"] is True
    inside = {name for name, service in SERVICES.items() if "data" in service.get("networks", [])}
    assert inside == {"database", "creditscore"}


@each_service
def test_what_a_service_mounts_is_there_and_can_be_written_only_where_it_has_to(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _, target = volume.partition(":")
        if source.startswith("./"):
            assert (PROJECT / source).exists(), source
            assert target.endswith(":ro"), volume
        else:
            assert source in COMPOSE["volumes"]


def test_a_volume_of_the_service_belongs_to_its_user_from_the_start() -> None:
    serve = (PROJECT / "Dockerfile").read_text(encoding="utf-8").partition(" AS serve\n")[2]
    (folders,) = re.findall("install -d -o creditscore -g creditscore (.*)", serve)

    for name in ("prepare", "creditscore"):
        for volume in SERVICES[name]["volumes"]:
            folder = volume.removesuffix(":ro").partition(":/srv/creditscore/")[2]
            assert folder in folders.split(), volume


def test_its_settings_are_settings() -> None:
    variables = {setting.variable for setting in DEFINITIONS}

    assert set(SERVICES["creditscore"]["environment"]) <= variables


def test_no_secret_is_written_down() -> None:
    text = (PROJECT / "compose.yaml").read_text(encoding="utf-8")

    for line in re.findall(r".*(?:PASSWORD|KEYS?|postgresql://).*", text):
        assert re.search(r"\$\{\w+_(?:PASSWORD|KEY):\?", line), line
    ignored = subprocess.run(["git", "check-ignore", "-q", ".env"], cwd=PROJECT)
    assert ignored.returncode == 0


def test_what_the_image_needs_of_the_folder_is_sent_to_its_build() -> None:
    rules = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]

    script = SERVICES["prepare"]["command"][1]
    assert (PROJECT / script).is_file()
    assert is_sent(script, rules)
    assert not is_sent("deploy/grafana/dashboards/creditscore.json", rules)


def test_the_proxy_is_that_of_the_guide() -> None:
    # What differs is where things are.
    replacements = {
        "creditscore:8000": "127.0.0.1:8000",
        "listen 8443 ssl": "listen 443 ssl",
        "server_name localhost": "server_name credit.example",
        "/etc/nginx/tls/certificate.pem": "/etc/ssl/credit.example.pem",
        "/etc/nginx/tls/key.pem": "/etc/ssl/credit.example.key",
    }
    text = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    for ours, theirs in replacements.items():
        assert text.count(ours) == 1, ours
        text = text.replace(ours, theirs)
    ours = " ".join(text.split())

    main, server = (
        block.text
        for block in blocks(PROJECT / "docs" / "operations.md")
        if block.language == "nginx"
    )
    assert " ".join(main.split()) in ours
    assert " ".join(server.split()) in ours


# Prometheus and Grafana


def test_promtool_finds_no_fault_in_the_configuration() -> None:
    folder = DEPLOY / "prometheus"
    for command in (
        ["check", "config", "--syntax-only", str(folder / "prometheus.yml")],
        ["check", "rules", str(folder / "alerts.yml")],
    ):
        result = subprocess.run(
            [find_prometheus("promtool"), *command], capture_output=True, encoding="utf-8"
        )
        assert result.returncode == 0, result.stderr
        assert "SUCCESS" in result.stdout


def test_each_alert_fires_at_its_fault_and_at_no_other() -> None:
    files = sorted((PROJECT / "tests" / "deploy").glob("*_test.yml"))
    alerts = {
        rule["alert"]
        for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
        for rule in group["rules"]
    }
    rule_tests = " ".join(file.read_text(encoding="utf-8") for file in files)

    result = subprocess.run(
        [find_prometheus("promtool"), "test", "rules", *files],
        capture_output=True,
        encoding="utf-8",
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert alerts == {name for name in alerts if name in rule_tests}


def test_the_dashboard_asks_for_metrics_that_exist(model_dir: Path) -> None:
    metrics = known_names(metric_families(model_dir))

    assert len(expressions()) >= 12
    for expression in expressions():
        names = set(re.findall(r"creditscore_\w+", expression))
        assert names <= metrics, expression
        assert names or "ALERTS" in expression or "up{" in expression


def test_the_dashboard_is_found_by_grafana_and_finds_prometheus() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    (provider,) = yaml.safe_load((provisioning / "dashboards/creditscore.yml").read_text())[
        "providers"
    ]
    mounted = dict(
        volume.removesuffix(":ro").split(":") for volume in SERVICES["grafana"]["volumes"]
    )

    assert mounted["./deploy/grafana/dashboards"] == provider["options"]["path"]
    assert mounted["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert source["url"] == "http://prometheus:9090"
    for panel in DASHBOARD["panels"]:
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {source["uid"]}
    positions = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    assert len(set(positions)) == len(positions)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(positions)
