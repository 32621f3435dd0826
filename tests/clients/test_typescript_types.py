"""The committed TypeScript types are those of the live document, and a program compiles."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from answers import PROJECT
from flask.testing import FlaskClient
from skips import skip_or_fail

FOLDER = PROJECT / "typescript"
TYPES = FOLDER / "api.d.ts"
EXAMPLE = FOLDER / "example.ts"


def run(
    program: str, *arguments: str | Path, cwd: Path = FOLDER
) -> subprocess.CompletedProcess[str]:
    """Run a program of the npm packages."""
    path = FOLDER / "node_modules" / ".bin" / program
    if not path.exists() or shutil.which("node") is None:
        skip_or_fail("typescript", f"{program} is missing (npm ci in typescript)")
    return subprocess.run(
        [path, *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
    )


def compile_strictly(source: Path) -> subprocess.CompletedProcess[str]:
    """Check a program's types, and write nothing."""
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"]
    return run("tsc", *options, "--lib", "es2022,dom", source)


def test_the_committed_types_are_those_of_the_live_document(
    client: FlaskClient, tmp_path: Path
) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(client.get("/openapi.json").data)

    result = run("openapi-typescript", document, "-o", tmp_path / "api.d.ts")

    assert result.returncode == 0, result.stdout
    assert (tmp_path / "api.d.ts").read_text() == TYPES.read_text(), (
        "stale: docs/clients.md says how to generate it again"
    )


def test_the_example_compiles_strictly() -> None:
    result = compile_strictly(EXAMPLE)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("decision.label", "decision.lable"), ("reason.text", "reason.text.impact")],
)
def test_a_wrong_member_does_not_compile(tmp_path: Path, right: str, wrong: str) -> None:
    text = EXAMPLE.read_text()
    assert right in text
    (tmp_path / "api.d.ts").write_text(TYPES.read_text())
    (tmp_path / "example.ts").write_text(text.replace(right, wrong))

    result = compile_strictly(tmp_path / "example.ts")

    assert result.returncode != 0
    assert "error TS2" in result.stdout
