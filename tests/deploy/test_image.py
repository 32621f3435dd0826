"""What the image runs, run here: it listens where its host says, and is checked there."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import PROJECT
from live_server import free_port
from service_settings import log_in
from waiting import wait_until

DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8").partition(" AS serve\n")[2]

pytestmark = pytest.mark.skipif(
    not (PROJECT / ".venv" / "bin" / "python").exists(), reason="the image has .venv, as Linux has"
)


def command_of(instruction: str) -> list[str]:
    """Give the command of CMD, or of HEALTHCHECK."""
    (words,) = re.findall(rf"^{instruction}(?: .*?CMD)? (\[.*\])$", DOCKERFILE, re.MULTILINE)
    command: list[str] = json.loads(words)
    return command


@pytest.fixture
def environment(model_dir: Path, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PORT": str(free_port()),
        "WEB_CONCURRENCY": "1",
        "CREDITSCORE_MODEL_DIR": str(model_dir),
        "CREDITSCORE_DATABASE_URL": log_in(tmp_path),
        "CREDITSCORE_RUNTIME_DIR": str(tmp_path / "run"),
        "CREDITSCORE_API_KEYS": "a-key-of-the-test-for-images",
    }


def is_well(environment: dict[str, str]) -> bool:
    check = command_of("HEALTHCHECK")
    result = subprocess.run(check, cwd=PROJECT, env=environment, capture_output=True)
    return result.returncode == 0


@pytest.fixture
def service(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command_of("CMD"), cwd=PROJECT, env=environment)
    yield process
    process.terminate()
    process.wait(timeout=60)


def test_the_service_is_well_on_the_port_that_its_host_chooses(
    environment: dict[str, str], service: subprocess.Popen[bytes]
) -> None:
    assert not is_well({**environment, "PORT": str(free_port())})

    assert wait_until(lambda: service.poll() is not None or is_well(environment))

    assert service.poll() is None
    # No shell stands between it and the signal that stops it.
    service.terminate()
    assert service.wait(timeout=60) == 0


def test_a_model_goes_into_an_image_of_ones_own_where_the_service_looks_for_it() -> None:
    text = (PROJECT / "deploy" / "with-model.Dockerfile").read_text(encoding="utf-8")
    (folder,) = re.findall(r"^COPY --chown=creditscore:creditscore \. (\w+)/$", text, re.MULTILINE)
    (workdir,) = re.findall("^WORKDIR (.*)$", DOCKERFILE, re.MULTILINE)

    assert f"ENV CREDITSCORE_MODEL_DIR={workdir}/{folder}\n" in text
    # What is copied into a volume may be lost.
    (volumes,) = re.findall("^VOLUME (.*)$", DOCKERFILE, re.MULTILINE)
    assert f"{workdir}/{folder}" not in json.loads(volumes)
