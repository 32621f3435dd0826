"""The guide to curl is true: its commands work in its order, and answer what it shows."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from answers import DECISION, PROJECT, check_decision, lasting
from flask.testing import FlaskClient
from guide import FLASK, Reader, blocks, commands, reader_of
from skips import skip_or_fail

GUIDE = PROJECT / "docs" / "curl.md"
TEXT = GUIDE.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Step:
    """A command of the guide, and what it shows as its answer, if it shows any."""

    command: str
    answer: str | None = None


def steps() -> list[Step]:
    """Give the commands in their order, but the one that starts the service."""
    guide_steps: list[Step] = []
    for block in blocks(GUIDE):
        if block.language == "sh":
            guide_steps += map(Step, commands(block))
        else:
            guide_steps[-1] = Step(guide_steps[-1].command, block.text)
    return [step for step in guide_steps if "manage.py" not in step.command]


@pytest.fixture(scope="module")
def reader(full_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Follow the guide from its beginning to its end."""
    if shutil.which("curl") is None:
        skip_or_fail("curl", "curl is not installed: the guide's commands cannot be run")
    with reader_of(full_model_dir, tmp_path_factory.mktemp("curl")) as reader:
        for step in steps():
            reader.follow(step.command)
        yield reader


def said_json(reader: Reader, words: str) -> Any:
    return json.loads(reader.said(words))


def test_the_guide_shows_answers_and_uses_no_other_program() -> None:
    run_commands = [step.command for step in steps()]

    assert sum(step.answer is not None for step in steps()) >= 5
    assert all(command.startswith(("curl ", "echo ", FLASK)) for command in run_commands)


@pytest.mark.parametrize("step", [step for step in steps() if step.answer], ids=str)
def test_every_answer_that_is_shown_is_the_one_that_comes(reader: Reader, step: Step) -> None:
    assert step.answer is not None
    output = reader.printed[step.command]

    if step.answer.startswith("{"):
        assert lasting(json.loads(output)) == lasting(json.loads(step.answer))
        assert json.loads(output).keys() == json.loads(step.answer).keys()
    else:
        assert output.strip() == step.answer.strip()


def test_every_field_of_a_decision_is_explained_and_no_other() -> None:
    _, _, rest = TEXT.partition("## What the answer means")
    section, _, _ = rest.partition("\n## ")

    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(DECISION)


def test_every_status_that_curl_can_meet_is_explained_and_no_other(client: FlaskClient) -> None:
    description: Any = client.get("/openapi.json").json
    described = {
        status
        for operations in description["paths"].values()
        for operation in operations.values()
        for status in operation["responses"]
    }
    # Only a browser is told 403, for a page of another site, and 303, where it signs in; 405 can
    # come from any route.
    met = described - {"200", "303", "403", "default"} | {"405"}

    assert re.findall(r"^\| (\d{3}) \|", TEXT, re.MULTILINE) == sorted(met)


def test_each_command_is_answered_as_the_guide_says(reader: Reader) -> None:
    tried, decisions = said_json(reader, "/what-if"), said_json(reader, "/predict -d '[")

    assert tried["what_if"] is True
    assert "decision_id" not in tried
    for decision in decisions:
        check_decision(decision)
    assert [decision["label"] for decision in decisions] == ["not_eligible", "eligible"]
    assert "Jenis kelamin" in said_json(reader, "Accept-Language: id")["reasons"][1]["text"]
    assert said_json(reader, "/outcome -H")["defaulted"] is False
    assert said_json(reader, "/monitoring").get("status") is None


def test_files_are_answered_as_what_stands_in_them(reader: Reader) -> None:
    with (reader.folder / "decisions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    assert [row["customer"] for row in rows] == ["A-17", "A-18"]
    assert float(rows[0]["probability"]) == said_json(reader, "predict -d @")["probability"]
    assert [row["label"] for row in rows] == ["not_eligible", "eligible"]


def test_a_decision_is_read_back_with_what_was_asked(reader: Reader) -> None:
    read_back = said_json(reader, "/decisions/DECISION_ID -H")
    explained = said_json(reader, "/explanation")
    listed = said_json(reader, "/decisions?label")

    assert read_back["inputs"]["AGE"] == 26
    assert explained["decision_id"] == read_back["decision_id"]
    assert {"impacts", "recourse"} <= explained.keys()
    assert len(explained["impacts"]) == len(read_back["inputs"])
    assert listed["decisions"][0]["decision_id"] == read_back["decision_id"]
