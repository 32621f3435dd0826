"""The guide to one's own data is true: its files are saved, its commands run, its answers come."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answers import PROJECT, lasting
from guide import PYTHON, Block, Reader, blocks, commands
from live_server import serving
from skips import skip_or_fail

from creditscore.schema.reader import read_schema
from creditscore.settings import Settings

GUIDE = PROJECT / "docs" / "own-data.md"
TEXT = GUIDE.read_text(encoding="utf-8")
EXPORT = re.compile(r"export (\w+)=(\S+)")
# What the guide says that training says, in the first column of its table.
MESSAGES = re.findall(r"^ *\| `(.+)` \| ", TEXT, re.MULTILINE)


def files() -> dict[str, str]:
    """Give the files that the guide has its reader save; each names itself in its first line."""
    return {
        block.text.partition("\n")[0].removeprefix("# "): block.text
        for block in blocks(GUIDE)
        if block.text.startswith("# mine/")
    }


def commands_with(words: str) -> list[str]:
    return [line for block in blocks(GUIDE) for line in commands(block) if words in line]


def shown_after(words: str) -> str:
    """Give the block that follows the one with these words."""
    all_blocks = blocks(GUIDE)
    (index,) = (n for n, block in enumerate(all_blocks) if is_command(block, words))
    return all_blocks[index + 1].text


def is_command(block: Block, words: str) -> bool:
    return block.language == "sh" and words in block.text


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Follow the guide until the model is there."""
    reader = Reader(None, tmp_path_factory.mktemp("own"), {})
    reader.follow(*commands_with("mkdir"))
    for name, text in files().items():
        (reader.folder / name).write_text(text, encoding="utf-8")
    for words in ("make_rows", "head ", "--draft-schema", "grep ", "--model-dir"):
        reader.follow(*commands_with(words))
    return reader


@pytest.fixture(scope="module")
def reader(trained: Reader) -> Iterator[Reader]:
    """Serve with the settings that the guide exports, and follow it to its end."""
    if shutil.which("curl") is None:
        skip_or_fail("curl", "curl is not installed: the guide's commands cannot be run")
    exported = dict(EXPORT.findall(TEXT))
    settings = Settings.from_env(exported)
    assert settings.model_dir == Path(exported["CREDITSCORE_MODEL_DIR"])
    # The service runs in the project's folder; the reader's own stands for that.
    url = exported["CREDITSCORE_DATABASE_URL"].replace("///", f"///{trained.folder}/")
    model_dir = trained.folder / settings.model_dir
    with serving(model_dir, trained.folder, CREDITSCORE_DATABASE_URL=url) as server:
        reader = replace(trained, server=server)
        for line in commands_with("curl "):
            reader.follow(line)
        yield reader


def test_no_command_of_the_guide_is_left_out() -> None:
    run = ["mkdir", "make_rows", "head ", "train.py", "grep ", "curl ", "export ", "manage.py run"]

    for block in blocks(GUIDE):
        for line in commands(block):
            assert any(words in line for words in run), line


def test_the_decision_comes_with_the_tenth_command() -> None:
    typed = [line for block in blocks(GUIDE) for line in commands(block)]

    assert "/predict" in typed[9]


@pytest.mark.slow
def test_the_table_the_draft_and_what_training_tells_are_as_the_guide_shows(
    trained: Reader,
) -> None:
    assert trained.said("head ") == shown_after("head ")
    drafted = re.sub(
        r"train: \S+ \S+train\.py", f"train: {PYTHON} train.py", trained.said("--draft")
    )
    assert drafted == shown_after("--draft-schema")
    assert trained.said("grep ") == shown_after("grep ")
    assert trained.said("--model-dir").startswith(shown_after("--model-dir"))
    assert (trained.folder / "mine" / "instalments-model" / "model_card.md").is_file()


@pytest.mark.slow
def test_the_guides_own_words_fit_into_the_draft(trained: Reader) -> None:
    draft = trained.folder / "mine" / "instalments.toml"
    document = tomllib.loads(draft.read_text(encoding="utf-8"))
    (words,) = (tomllib.loads(block.text) for block in blocks(GUIDE) if block.language == "toml")

    document["label"] |= words["label"]
    for name, keys in words["fields"].items():
        document["fields"][name] |= keys

    assert read_schema(document, "guide").fields["months"].risk == "rises"


@pytest.mark.slow
def test_the_answers_are_those_that_are_shown_and_logged_where_the_guide_says(
    reader: Reader,
) -> None:
    answer, expected = json.loads(reader.said('"contract"')), json.loads(shown_after('"contract"'))

    assert answer.keys() == expected.keys()
    assert lasting(answer) == lasting(expected)
    assert json.loads(reader.said('"student"')) == json.loads(shown_after('"student"'))
    assert (reader.folder / "mine" / "decisions.sqlite").is_file()


def test_git_leaves_the_readers_folder_alone() -> None:
    for name in [*files(), "mine/instalments.csv", "mine/instalments.toml"]:
        ignored = subprocess.run(["git", "check-ignore", "--quiet", name], cwd=PROJECT)
        assert ignored.returncode == 0, name


Change = Callable[[str], str]


def on_line_17(pattern: str, word: str) -> Change:
    def change(table: str) -> str:
        lines = table.splitlines()
        lines[16] = re.sub(pattern, word, lines[16])
        return "\n".join(lines)

    return change


MISTAKES: list[tuple[str, Change]] = [
    ("csv", lambda table: "\n".join(f"{line};phone" for line in table.splitlines())),
    ("csv", lambda table: table.replace("age", "agee", 1)),
    ("csv", on_line_17(r";\d+(;-?\d+;\d+;\d;\w+)$", r";x\1")),
    ("csv", on_line_17("(?i)permanent|contract|own business", "freelance")),
    ("csv", lambda table: table.replace(";unpaid\n", ";paid\n")),
    ("csv", lambda table: "\n".join(table.splitlines()[:100])),
    ("toml", lambda schema: schema.replace('"coded"', '"code"')),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("message", "mistake"), list(zip(MESSAGES, MISTAKES, strict=True)), ids=MESSAGES
)
def test_what_training_refuses_is_told_in_the_words_of_the_guide(
    trained: Reader, tmp_path: Path, message: str, mistake: tuple[str, Change]
) -> None:
    kind, change = mistake
    paths: dict[str, Any] = {
        suffix: trained.folder / "mine" / f"instalments.{suffix}" for suffix in ("csv", "toml")
    }
    wrong = tmp_path / f"wrong.{kind}"
    wrong.write_text(change(paths[kind].read_text(encoding="utf-8")), encoding="utf-8")
    paths[kind] = wrong

    options = ["--data", paths["csv"], "--schema", paths["toml"], "--model-dir", tmp_path / "model"]
    result = subprocess.run(
        [sys.executable, PROJECT / "train.py", *options],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )

    assert result.returncode == 1
    assert message in result.stderr
    assert not (tmp_path / "model").exists()
