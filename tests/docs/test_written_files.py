"""What a guide has its reader write is personal data, which git must not take by accident."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from answers import PROJECT
from guide import blocks, commands

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "data/*.md", "benchmarks/*.md")
    for path in PROJECT.glob(pattern)
)
#: A file or folder of the project: no address, and neither below / nor below ~.
FILE_NAME = re.compile(
    r"(?:^|[\s@'\"=>]|sqlite:///)((?:[\w*-][\w.*-]*/)*(?:[\w*-][\w.*-]*)?)(?=$|[\s'\"])"
)
SCORED = re.compile(r"score\.py .*?([\w.-]+\.csv) +([\w.-]+\.csv)")
MADE_FOLDER = re.compile(r"mkdir (?:-p )?([\w.-]+)")
DATA = {".csv", ".dump", ".gz", ".json", ".jsonl", ".parquet", ".sqlite", ".toml"}


pytestmark = pytest.mark.skipif(
    not (PROJECT / ".git").exists(), reason="this is no checkout of git"
)


def git(*arguments: str) -> list[str]:
    """Run git in the project, and return the lines that it prints."""
    result = subprocess.run(
        ["git", *arguments], cwd=PROJECT, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert result.returncode in {0, 1}
    return result.stdout.splitlines()


def files_of(command: str) -> set[str]:
    """Return the project's files of data that a command reads or writes, and the folders."""
    names = {name.replace("*", "x") for name in FILE_NAME.findall(command)}
    files = {name for name in names if name.endswith("/") or Path(name).suffix in DATA}
    files |= {f"{target}.rejects.csv" for _, target in SCORED.findall(command)}
    return files | {f"{name}/" for name in MADE_FOLDER.findall(command)}


def files() -> set[str]:
    """Return those of all commands in the documents."""
    texts = [text for path in DOCUMENTS for block in blocks(path) for text in commands(block)]
    return {name for text in texts for name in files_of(text)}


def test_the_commands_of_the_guides_name_the_files_that_are_known_to_be_in_them() -> None:
    assert files() >= {
        "answer.json", "applicant.json", "applicants.csv", "backups/",
        "backups/decisions-2026-11-23.sqlite", "decisions-backup.sqlite", "decisions.csv",
        "decisions.csv.rejects.csv", "decisions.dump", "decisions.jsonl", "in/x.parquet",
        "mine/", "mine/decisions.sqlite", "mine/instalments.csv", "out/",
    }  # fmt: skip


def test_a_file_that_a_guide_has_its_reader_write_is_ignored_and_so_is_one_of_another_name() -> (
    None
):
    ours = set(git("ls-files"))
    names = sorted(files() - {name for name in files() if name in ours})
    names += ["customers 2026.xlsx", "big.parquet", "mine.rejects.csv", "x/log.sqlite-journal"]

    assert git("check-ignore", "--no-index", *names) == names


def test_no_file_of_the_project_is_ignored() -> None:
    assert git("ls-files", "--cached", "--ignored", "--exclude-standard") == []
    assert Path("postman_collection.json") in map(Path, git("ls-files"))
