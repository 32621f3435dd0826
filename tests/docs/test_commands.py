"""Commands are printed as they work after `manage.py run`, in a shell without the environment."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from answers import PROJECT
from guide import FENCED, FLASK, PYTHON, shell_lines
from service_settings import log_in
from skips import skip_or_fail

GUIDES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "data/*.md", "model/README.md", "benchmarks/README.md")
    for path in PROJECT.glob(pattern)
    if path.name != "CHANGELOG.md"
)
TEXTS = sorted(
    {
        path
        for pattern in ("*.py", "*.toml", "data/*", "*/*.py", "creditscore/**/*.*")
        for path in PROJECT.glob(pattern)
        if path.suffix in {".py", ".toml", ".html", ".js", ".json"}
        and path.parent.name != "swagger-ui"
    }
)
#: Programs of the environment, and the system's own Python, each as the first word of a command.
BARE = re.compile(r"(?:python[0-9.]*|flask|dask|pip[0-9.]*|gunicorn|pytest|ruff|mypy)$")
#: What the system's Python is for: it has only its own library.
WITHOUT_PACKAGES = re.compile(r"python3(?:\.\d+)? (?:manage\.py|-m (?:json\.tool|venv)|-c) ?")
INLINE = re.compile("`([^`\n]+)`")
#: In code a command stands in a text: after a quotation mark, a colon, or at the line's beginning.
IN_CODE = re.compile(
    r"(?:^|[\"'`:(] ?)((?:python3?|flask|dask|pip) (?:-|\w+/\w+\.py|\w+\.py|install|keys|decisions)"
    r"[^\n]*)|(?<![/\w.])(flask --app)",
    re.MULTILINE,
)


def programs(line: str) -> list[str]:
    """Return the commands of a line, each from its program on."""
    line = re.sub("#.*|'[^']*'|\"[^\"]*\"", "", line)
    parts = (part.strip() for part in re.split(r"&&|\|\|?|;", line))
    return [re.sub(r"^(?:sudo(?: -u \w+)? )?(?:\w+=\S+ )*", "", part) for part in parts]


def is_bare(command: str) -> bool:
    """Tell whether a command needs an activated environment."""
    first = command.partition(" ")[0]
    return bool(BARE.match(first)) and not WITHOUT_PACKAGES.match(f"{command} ")


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("python train.py", True),
        ("sudo -u me python3 train.py", True),
        ("A=1 flask --app app keys list", True),
        ("cat x | python -m json.tool", True),
        ("cat x | python3 -m json.tool", False),
        (".venv/bin/python train.py", False),
        ("python3 manage.py run", False),
    ],
)
def test_a_command_is_bare_if_its_program_is_the_environments(line: str, *, bare: bool) -> None:
    assert any(map(is_bare, programs(line))) is bare


def of_document(path: Path) -> list[str]:
    """Give the commands of a document: those of its blocks, and those in its sentences."""
    fenced = [command for line in shell_lines(path) for command in programs(line)]
    inline = INLINE.findall(FENCED.sub("", path.read_text(encoding="utf-8")))
    return [*fenced, *(command for command in inline if " " in command)]


def of_code(path: Path) -> list[str]:
    matches = IN_CODE.finditer(path.read_text(encoding="utf-8"))
    return [match[1] or match[2] for match in matches]


@pytest.mark.parametrize(("paths", "commands"), [(GUIDES, of_document), (TEXTS, of_code)])
def test_no_command_in_a_document_or_in_the_code_needs_an_activated_environment(
    paths: list[Path], commands: Callable[[Path], list[str]]
) -> None:
    bare_commands = {
        str(path.relative_to(PROJECT)): bare
        for path in paths
        if (bare := [command for command in commands(path) if is_bare(command)])
    }

    assert len(paths) > 20
    assert bare_commands == {}


# They run


def heads() -> list[str]:
    """Return the beginnings of the guides' commands, up to their own arguments."""
    beginnings = set()
    for path in [*PROJECT.glob("README*.md"), *PROJECT.glob("docs/*.md")]:
        for line in shell_lines(path):
            for command in programs(line):
                words = command.split()
                if words[:1] == [FLASK]:
                    beginnings.add(" ".join(words[:5]))
                elif words[:3] == [PYTHON, "-m", "dask"]:
                    beginnings.add(" ".join(words[:4]))
                elif words[:2] == [PYTHON, "-m"]:
                    beginnings.add(" ".join(words[:3]))
                elif words[:1] == [PYTHON] and (PROJECT / words[1]).is_file():
                    beginnings.add(" ".join(words[:2]))
    return sorted(beginnings)


def test_the_beginnings_of_commands_are_found() -> None:
    assert {
        f"{PYTHON} train.py", f"{PYTHON} score.py", f"{PYTHON} -m pip", f"{PYTHON} -m dask worker",
        f"{FLASK} --app app keys new", f"{FLASK} --app app decisions export",
    } <= set(heads())  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="the commands are for a POSIX shell")
@pytest.mark.slow
@pytest.mark.parametrize("head", heads())
def test_a_command_runs_in_the_projects_folder_without_the_environment_activated(
    head: str, model_dir: Path, tmp_path: Path
) -> None:
    if not (PROJECT / head.split()[0]).exists():
        skip_or_fail("venv", "the project has no .venv: python3 manage.py test makes it")
    variables = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "CREDITSCORE_MODEL_DIR": str(model_dir),
        "CREDITSCORE_DATABASE_URL": log_in(tmp_path),
        "CREDITSCORE_RUNTIME_DIR": str(tmp_path / "run"),
    }

    result = subprocess.run(
        ["sh", "-c", f"{head} --help"],
        cwd=PROJECT,
        env=variables,
        capture_output=True,
        encoding="utf-8",
    )

    assert result.returncode == 0, result.stderr
    assert "usage" in result.stdout.lower()
