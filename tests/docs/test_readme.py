"""The documentation is true: its commands work, its answers are real, its links lead somewhere."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import PROJECT, check_decision, lasting
from guide import LINK, anchors, blocks, shell_lines
from live_server import LiveServer, free_port, serving
from skips import skip_or_fail

DOCUMENTS = sorted(
    path
    for path in [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("data/*.md")]
    if path.is_file()
)
README, API = PROJECT / "README.md", PROJECT / "docs" / "api.md"
PORT = 8000
# A file or folder in backticks, such as `data/schema.toml` or `docs/`.
MENTIONED = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|md|toml|csv|txt|in|json)|(?:[\w.-]+/)+)`")
# A file that a command of the document itself writes.
OUTPUT_FILE = re.compile(r"(?:>|(?<= -o )|(?<= --output ))([\w./-]+)")
# What the reader is to put a file of their own for.
PLACEHOLDER = re.compile("[A-Z_]+[.][a-z]+")


def calls(page: Path) -> list[tuple[str, str | None]]:
    """Give a page's curl commands, each with the JSON block that follows it as its answer."""
    lines: list[tuple[str, str | None]] = []
    for block in blocks(page):
        if block.language == "sh":
            lines += [(line, None) for line in block.text.replace("\\\n", " ").splitlines()]
        elif block.language == "json" and lines:
            lines[-1] = (lines[-1][0], block.text)
    curl_calls = [(line, answer) for line, answer in lines if line.startswith("curl ")]
    return [(line, answer) for line, answer in curl_calls if "text/csv" not in line]


@pytest.fixture(scope="module")
def server(full_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Serve where the README says, or next to it where that port is taken."""
    port = PORT
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            port = free_port()
    with serving(full_model_dir, tmp_path_factory.mktemp("readme"), port=port) as running:
        yield running


def run(line: str, server: LiveServer) -> str:
    """Run a command of the README to the letter."""
    if shutil.which("curl") is None:
        skip_or_fail("curl", "curl is not installed: the README's commands cannot be run")
    if server.port != PORT:
        sys.stderr.write(f"port {PORT} is taken: run with port {server.port} instead\n")
        line = line.replace(f":{PORT}", f":{server.port}")
    result = subprocess.run(
        ["sh", "-c", line], stdout=subprocess.PIPE, encoding="utf-8", check=True, timeout=120
    )
    return result.stdout


def test_the_readme_asks_the_service_once_and_shows_the_main_parts_of_the_answer(
    server: LiveServer,
) -> None:
    ((line, excerpt),) = calls(README)
    assert excerpt is not None
    main, answer = json.loads(excerpt), json.loads(run(line, server))

    assert len(excerpt.splitlines()) < len(json.dumps(answer, indent=2).splitlines())
    check_decision(answer)
    for name, value in main.items():
        if name == "reasons":
            for stated, reason in zip(value, answer["reasons"], strict=True):
                assert stated == {
                    "text": reason["text"],
                    "impact": pytest.approx(reason["impact"], abs=0.0005),
                }
        else:
            assert answer[name] == pytest.approx(value, abs=0.0005), name


@pytest.mark.parametrize(("line", "expected"), calls(API))
def test_every_curl_command_is_answered_as_the_reference_shows(
    server: LiveServer, line: str, expected: str | None
) -> None:
    answer = json.loads(run(line, server))

    if expected is None:
        # All faults at once.
        assert len(answer["errors"]) > 1
    else:
        check_decision(answer)
        assert answer.keys() == json.loads(expected).keys()
        assert lasting(answer) == lasting(json.loads(expected))


def test_the_reference_shows_an_answer_and_a_refusal() -> None:
    assert [answer is None for _, answer in calls(API)] == [True, False]


def test_a_table_gets_the_same_answer_from_the_service_as_from_a_file(
    server: LiveServer, full_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (text,) = [block.text for block in blocks(API) if "text/csv" in block.text]
    (tmp_path / "data").symlink_to(PROJECT / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREDITSCORE_MODEL_DIR", str(full_model_dir))
    interpreter = f"{shlex.quote(sys.executable)} {shlex.quote(str(PROJECT / 'score.py'))}"
    head, curl, score = text.splitlines()

    run(head, server)
    answered = list(csv.DictReader(io.StringIO(run(curl, server))))
    run(score.replace(".venv/bin/python score.py", interpreter), server)

    with (tmp_path / "decisions.csv").open(newline="") as file:
        scored = list(csv.DictReader(file))
    assert len(answered) == 3
    assert len(scored) == 30_000
    assert not (tmp_path / "decisions.csv.rejects.csv").exists()
    for over_http, from_file in zip(answered, scored, strict=False):
        assert {name: over_http[name] for name in from_file} == from_file


def test_every_option_of_a_command_exists() -> None:
    for line in itertools.chain(*map(shell_lines, DOCUMENTS)):
        words = shlex.split(line, comments=True)
        for index, script in enumerate(Path(word).name for word in words):
            options = {word.partition("=")[0] for word in words[index:] if word.startswith("--")}
            if script in {"train.py", "app.py", "score.py"} and options:
                assert options <= options_of(script), line
            # `manage.py test` and `lock` hand their options to pytest and uv.
            if script == "manage.py" and "run" in words and options:
                assert options <= options_of(script, "run"), line


@functools.cache
def options_of(script: str, *arguments: str) -> set[str]:
    """Ask a script for its options."""
    result = subprocess.run(
        [sys.executable, PROJECT / script, *arguments, "--help"],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    return set(re.findall("--[a-z-]+", result.stdout))


def leads_somewhere(path: Path, target: str) -> bool:
    """Return whether a link of a document leads to a file, and to its heading if it names one."""
    if "://" in target or target.startswith("mailto:"):
        return True
    name, _, heading = target.partition("#")
    linked = path.parent / name if name else path
    return linked.exists() and (not heading or heading in anchors(linked))


def test_every_link_to_a_file_leads_somewhere() -> None:
    lost = [
        f"{path.name} links to {target}"
        for path in DOCUMENTS
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not leads_somewhere(path, target)
    ]

    assert lost == []


def is_known(path: Path, name: str) -> bool:
    """Return whether a file that a document mentions exists, or is made at run time."""
    output_files = {name for line in shell_lines(path) for name in OUTPUT_FILE.findall(line)}
    if PLACEHOLDER.fullmatch(Path(name).name) or name in output_files:
        return True
    if any((folder / name).exists() for folder in (PROJECT, path.parent)):
        return True
    # Modules are mentioned without their folder where the text is about that folder.
    return any(PROJECT.glob(f"creditscore/**/{name.rstrip('/')}")) or is_made(name)


def test_every_file_that_is_mentioned_exists_or_is_made_at_run_time() -> None:
    unknown = [
        f"{path.name} mentions {name}"
        for path in DOCUMENTS
        for name in set(MENTIONED.findall(path.read_text(encoding="utf-8")))
        if not is_known(path, name)
    ]

    assert unknown == []


@functools.cache
def is_made(name: str) -> bool:
    """Tell whether git is told to ignore a file: it is made at run time."""
    result = subprocess.run(
        ["git", "check-ignore", "--quiet", name], cwd=PROJECT, stderr=subprocess.DEVNULL
    )
    return result.returncode == 0 or name in {
        "model.pkl", "manifest.json", "model_card.json", "model_card.md", "plots/",
        # A lender writes it beside a schema file.
        "governance.toml",
    }  # fmt: skip
