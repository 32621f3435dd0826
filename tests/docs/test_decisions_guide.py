"""The guide to the decision log is true: each of its commands does what it says, in its order."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import PROJECT
from guide import FLASK, Reader, blocks, reader_of, shell_lines
from skips import skip_or_fail

from creditscore.decision_log.outcome_batch import STATES
from creditscore.decision_log.replay import RESULTS
from creditscore.settings import Settings

GUIDE = PROJECT / "docs" / "decisions.md"
TRANSLATION = PROJECT / "docs" / "decisions.id.md"

#: The counts of no outcome at all.
NOTHING = dict.fromkeys(STATES, 0)


def runnable() -> list[str]:
    """Give the commands but those that need a server of PostgreSQL, or that install."""
    lines = [line for line in shell_lines(GUIDE) if line.startswith((FLASK, "curl ", "printf "))]
    return [re.sub(" +", " ", line) for line in lines]


@pytest.fixture(scope="module")
def reader(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Follow the guide from its beginning to its end."""
    with reader_of(model_dir, tmp_path_factory.mktemp("guide")) as reader:
        for line in runnable():
            if shutil.which(line.split()[0]) or line.startswith(FLASK):
                reader.follow(line)
        yield reader


def test_the_guide_has_a_command_for_everything() -> None:
    subcommands = set(re.findall(r"decisions (\w+)", " ".join(runnable())))

    assert subcommands == {"replay", "verify", "outcomes", "export", "purge", "backup"}
    assert len(runnable()) >= 14


def test_what_is_read_back_is_what_was_answered(reader: Reader) -> None:
    if shutil.which("curl") is None:
        skip_or_fail("curl", "curl is not installed: the guide's commands cannot be run")
    read_back = json.loads(reader.said("/decisions/DECISION_ID -H"))
    explained = json.loads(reader.said("/explanation"))
    listed = json.loads(reader.said("label=not_eligible"))

    assert read_back["decision_id"] == explained["decision_id"]
    assert read_back["decision_id"] in {entry["decision_id"] for entry in listed["decisions"]}
    assert json.loads(reader.said("/outcome -H"))["defaulted"] is False
    assert json.loads(reader.said("/outcomes -H"))["counts"] == {**NOTHING, "known": 1}
    assert reader.said("decisions outcomes").endswith("1 rows: 1 known\n")


def test_the_log_of_the_guide_replays_identical_and_verifies(reader: Reader) -> None:
    assert re.fullmatch(r"(\d+) replayed: \1 identical\n", reader.said("replay --all"))
    assert re.fullmatch(r"\d+ verified: 0 with faults\n", reader.said("verify"))


def test_the_exports_of_the_guide_are_there(reader: Reader) -> None:
    exported = (reader.folder / "decisions.jsonl").read_text(encoding="utf-8")

    assert exported.splitlines()[0] == reader.said("--output - |").strip()
    table = (reader.folder / "decisions.csv").read_text(encoding="utf-8")
    assert len(table.splitlines()) == len(exported.splitlines()) + 1


def test_the_backup_of_the_guide_verifies(reader: Reader) -> None:
    backup = reader.folder / "decisions-backup.sqlite"
    later = Reader(
        reader.server,
        reader.folder,
        {**reader.variables, "CREDITSCORE_DATABASE_URL": f"sqlite:///{backup}"},
    )

    line = next(line for line in runnable() if "decisions verify" in line)
    later.follow(line)

    assert later.said("verify") == reader.said("verify")


@pytest.mark.parametrize("guide", [GUIDE, TRANSLATION], ids=lambda guide: guide.name)
def test_the_verdicts_of_the_guide_are_all_there_are(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    verdicts = re.findall(r"^\| ([\w ]+) \|.*\| [01] \|$", text, re.MULTILINE)

    assert tuple(verdicts) == RESULTS


def test_the_move_to_postgres_is_three_commands() -> None:
    (move,) = (block.text for block in blocks(GUIDE) if "requirements-postgres" in block.text)
    install, export, start = move.strip().splitlines()

    assert (PROJECT / install.split()[-1]).is_file()
    assert start == "python3 manage.py run"
    name, _, url = export.removeprefix("export ").partition("=")
    assert Settings.from_env({name: url}).database_url == url
