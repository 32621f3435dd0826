"""`train.py --draft-schema` writes a file once, and says what to look at and what to do next."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from answers import PROJECT
from drafted import OUTCOMES, ROWS, cycle, write_table

from creditscore.schema.reader import load_schema


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROJECT / "train.py"), *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def messy(folder: Path) -> Path:
    income = [
        "" if row % 50 == 1 else f"{1500 + row * 37 % 900 - 700 * (row % 4 == 3)},5"
        for row in range(ROWS)
    ]
    columns = {"no": [f"A-{row}" for row in range(ROWS)], "income": income,
               "work": cycle("permanent", "own shop", "NA"), "Usia": cycle("20", "31", "45", "62"),
               "status": OUTCOMES, "default": cycle("x", "y")}  # fmt: skip
    return write_table(folder / "my loans.csv", columns, separator=";")


def test_the_draft_is_trained_on_by_the_command_that_it_names(tmp_path: Path) -> None:
    messy(tmp_path)

    drafted = run(tmp_path, "--draft-schema", "my loans.csv", "loans.toml", "--outcome", "status")

    assert (drafted.returncode, drafted.stderr) == (0, "")
    outcome, look, then = drafted.stdout.splitlines()
    assert outcome == "The outcome is taken to be 'status', bad where it is 'bad': 100 of 400 rows."
    assert look == (
        "5 fields, 1 column ignored ('no'). Look for LOOK in loans.toml: 3 guesses and findings."
    )
    words = shlex.split(then.removeprefix("Then train: "))
    trained = run(tmp_path, *words[2:], "--no-plots", "--quick")
    assert trained.returncode == 0, trained.stderr
    # By the table's name: two tables of a folder have two models.
    assert (tmp_path / "my loans-model" / "manifest.json").is_file()


def test_without_a_file_the_draft_is_printed(tmp_path: Path) -> None:
    messy(tmp_path)

    drafted = run(tmp_path, "--draft-schema", "my loans.csv", "--outcome=status")

    (tmp_path / "printed.toml").write_text(drafted.stdout, encoding="utf-8")
    assert "income" in load_schema(tmp_path / "printed.toml").fields
    assert len(drafted.stderr.splitlines()) == 3


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    messy(tmp_path)
    target = tmp_path / "loans.toml"
    target.write_text("mine", encoding="utf-8")

    drafted = run(tmp_path, "--draft-schema", "my loans.csv", "loans.toml")

    assert drafted.returncode == 1
    assert drafted.stderr == (
        "train.py: loans.toml: is there already, and would be lost: name another file\n"
    )
    assert target.read_text(encoding="utf-8") == "mine"


def test_options_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    three = run(tmp_path, "--draft-schema", "a", "b", "c")
    alone = run(tmp_path, "--outcome", "bad")
    decimal = run(tmp_path, "--decimal", ",")

    assert (three.returncode, alone.returncode, decimal.returncode) == (2, 2, 2)
    assert "--draft-schema takes a table and the schema file to write" in three.stderr
    assert "--outcome goes with --draft-schema" in alone.stderr
    assert "--decimal goes with --draft-schema" in decimal.stderr


def test_a_ratio_that_can_be_two_numbers_is_drafted_once_its_decimal_sign_is_said(
    tmp_path: Path,
) -> None:
    ratios = [f"{1 + row % 7}.{100 + row % 800}" for row in range(ROWS)]
    incomes = [*["12.000.000"] * 3, *(f"{row}000000" for row in range(3, ROWS))]
    columns = {"income": incomes, "ratio": ratios, "default": OUTCOMES}
    write_table(tmp_path / "t.csv", columns, separator=";")

    first = run(tmp_path, "--draft-schema", "t.csv")
    second = run(tmp_path, "--draft-schema", "t.csv", "t.toml", "--decimal", ".")

    text = " ".join(first.stdout.replace("\n    # ", " ").split())
    assert (
        "no cell here settles which: draft again with --decimal . or --decimal , to use it" in text
    )
    assert second.returncode == 0, second.stderr
    schema = load_schema(tmp_path / "t.toml")
    assert schema.file.decimal == "."
    assert schema.fields["ratio"].example == 4.292
    assert "decimal comma" not in (tmp_path / "t.toml").read_text(encoding="utf-8")
