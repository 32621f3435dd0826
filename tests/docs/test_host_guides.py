"""The guides for hosts: what they start starts, and what they name is there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from answers import PROJECT, decision_of
from compose_files import COMPOSE, SERVICES
from guide import blocks, commands
from live_server import free_port, serving

from creditscore.settings import DEFINITIONS
from creditscore.web.threads import THREADS

DOCS = PROJECT / "docs"
HOSTS = ("linux", "windows", "container-host", "docker", "pythonanywhere")


@pytest.mark.parametrize("host", HOSTS)
def test_a_guide_says_how_to_update_and_how_to_get_the_data_out(host: str) -> None:
    text = (DOCS / f"{host}.md").read_text(encoding="utf-8")
    titles = re.findall("^## (.*)$", text, re.MULTILINE)

    assert titles.index("Update") < titles.index("Get the data out")


# Windows


def waitress_options() -> list[str]:
    """Give what the guide starts waitress with, by hand."""
    lines = [
        line
        for block in blocks(DOCS / "windows.md")
        for line in block.text.splitlines()
        if block.language == "powershell"
    ]
    (command,) = (line for line in lines if line.startswith(r".venv\Scripts\waitress-serve "))
    # The task does the same.
    assert sum(command.partition(" ")[2] in line for line in lines) == 2
    return command.split()[1:]


def test_waitress_decides_with_the_options_of_the_guide_for_windows(
    model_dir: Path, tmp_path: Path, example_json: bytes
) -> None:
    port = free_port()
    options = [option.replace(":8000", f":{port}") for option in waitress_options()]
    assert f"--threads={THREADS}" in options

    command = [sys.executable, "-m", "waitress", *options]
    with serving(model_dir, tmp_path, command=command, port=port) as server:
        decision_of(server.ask("POST", "/predict", example_json))


# Docker and container hosts


def docker_lines(guide: str) -> list[list[str]]:
    """Give the commands of docker in a guide, in words."""
    lines: list[list[str]] = []
    for line in (line for block in blocks(DOCS / guide) for line in commands(block)):
        words = shlex.split(line)
        while "|" in words:
            words = words[words.index("|") + 1 :]
        if words[0] == "docker":
            lines.append(words)
    return lines


@pytest.mark.parametrize("guide", ["docker.md", "container-host.md"])
def test_what_docker_is_told_to_build_and_run_is_there(guide: str) -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    lines = docker_lines(guide)

    assert len(lines) >= 5
    for words in lines:
        if "-f" in words and words[1] == "build":
            assert (PROJECT / words[words.index("-f") + 1]).is_file()
        if "--target" in words:
            assert f" AS {words[words.index('--target') + 1]}\n" in dockerfile
        if words[1] == "compose" and words[2] in {"exec", "run", "restart", "kill"}:
            assert set(words[3:]) & set(SERVICES), words


def test_the_secrets_that_the_guide_makes_are_those_that_compose_asks_for(tmp_path: Path) -> None:
    (line,) = (
        line for block in blocks(DOCS / "docker.md") for line in commands(block) if "> .env" in line
    )
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")

    subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True)

    text = (tmp_path / ".env").read_text(encoding="utf-8")
    secrets = dict(entry.split("=") for entry in text.splitlines())
    names = re.findall(r"\$\{(\w+):\?", (PROJECT / "compose.yaml").read_text(encoding="utf-8"))
    assert set(secrets) == set(names)
    # The service takes them: a key has at least 16 characters, a password stands in an address.
    assert all(re.fullmatch("[0-9a-f]{48}", secret) for secret in secrets.values())
    assert len(set(secrets.values())) == len(secrets)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert set(COMPOSE) == {"x-hardened", "x-once", "services", "networks", "volumes"}


def test_the_settings_of_the_guide_for_container_hosts_are_settings() -> None:
    text = (DOCS / "container-host.md").read_text(encoding="utf-8")
    variables = re.findall(r"^\| `(CREDITSCORE_\w+)` \|", text, re.MULTILINE)

    assert len(variables) == 3
    assert set(variables) <= {setting.variable for setting in DEFINITIONS}
