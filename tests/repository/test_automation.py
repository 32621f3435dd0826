"""What hosts of repositories run by themselves: the workflow, updates, hooks, and the form."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from answers import PROJECT

from creditscore.schema import load_schema
from tools import check_pythons, fetch_real_rows

GITHUB = PROJECT / ".github"


def content_of(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_workflow_ends_with_the_whole_of_ci_and_nothing_else_checks() -> None:
    job = content_of(GITHUB / "workflows" / "ci.yml")["jobs"]["everything"]
    commands = [step["run"] for step in job["steps"] if "run" in step]

    assert commands[-1] == "bash .ci/run"
    assert not any(re.search("pytest|ruff|mypy|manage.py", command) for command in commands)
    assert set(job["steps"][-1]["env"]) == {
        "CREDITSCORE_UCI_CSV",
        "CREDITSCORE_UCI_ARCHIVE_CSV",
        "MIN_PYTHONS",
    }


def test_the_workflow_tests_each_version_of_python_that_the_package_names() -> None:
    job = content_of(GITHUB / "workflows" / "ci.yml")["jobs"]["pythons"]

    assert job["strategy"]["matrix"]["version"] == check_pythons.supported_versions()
    assert job["steps"][-1]["run"] == "python3 tools/check_pythons.py ${{ matrix.version }}"


def test_what_the_workflow_and_the_updates_name_is_there() -> None:
    jobs = content_of(GITHUB / "workflows" / "ci.yml")["jobs"].values()
    text = " ".join(step.get("run", "") for job in jobs for step in job["steps"])

    for name in re.findall(r"\S+\.py|\S+\.txt|\.ci/run", text):
        assert (PROJECT / name).is_file(), name
    for update in content_of(GITHUB / "dependabot.yml")["updates"]:
        assert (PROJECT / update["directory"].strip("/")).is_dir()


def test_the_hooks_run_what_the_launcher_checks() -> None:
    (local,) = content_of(PROJECT / ".pre-commit-config.yaml")["repos"]
    entries = [hook["entry"] for hook in local["hooks"]]
    launcher = (PROJECT / "manage.py").read_text(encoding="utf-8")
    (listed,) = re.findall(r"else (\[\[.*\]\])", launcher)
    checks = [
        " ".join(re.findall(r'"(.+?)"', words)) for words in re.findall(r"\[(\".+?)\]", listed)
    ]

    assert len(checks) == 3
    assert {f".venv/bin/python -m {check}" for check in checks} <= set(entries)
    for entry in entries:
        for name in re.findall(r"tests/\S+", entry):
            assert (PROJECT / name).exists(), name


def test_the_form_for_faults_asks_for_no_applicant() -> None:
    form = content_of(GITHUB / "ISSUE_TEMPLATE" / "fault.yml")

    assert "Leave out every applicant's data" in form["body"][0]["attributes"]["value"]
    assert len({field["id"] for field in form["body"][1:]}) == len(form["body"]) - 1


# The real rows, for a machine that has none


def test_the_archives_columns_are_written_by_the_names_of_the_schema(tmp_path: Path) -> None:
    source = load_schema(PROJECT / "data" / "schema.toml").sources["uci"]
    archive, renamed = tmp_path / "archive.csv", tmp_path / "renamed.csv"
    theirs = ["ID", *(f"X{number}" for number in range(1, 24)), "Y"]
    archive.write_text(f"{','.join(theirs)}\r\n{','.join(map(str, range(25)))}\r\n")

    fetch_real_rows.write_renamed(source, archive, renamed)

    assert renamed.read_text(encoding="utf-8") == (
        "LIMIT_BAL,SEX,EDUCATION,MARRIAGE,AGE,PAY_1,PAY_2,PAY_3,BILL_AMT1,BILL_AMT2,BILL_AMT3,"
        "PAY_AMT1,PAY_AMT2,PAY_AMT3,TARGET\n1,2,3,4,5,6,7,8,12,13,14,18,19,20,24\n"
    )


def test_the_archives_rows_become_those_that_the_tests_know(
    uci_archive_csv: Path, uci_csv: Path, tmp_path: Path
) -> None:
    source = load_schema(PROJECT / "data" / "schema.toml").sources["uci"]

    fetch_real_rows.write_renamed(source, uci_archive_csv, tmp_path / "renamed.csv")

    with (tmp_path / "renamed.csv").open() as ours, uci_csv.open() as expected:
        assert list(csv.reader(ours)) == list(csv.reader(expected))


def test_rows_that_cannot_be_had_are_a_line_and_a_status(tmp_path: Path) -> None:
    # A proxy that nobody runs: there is no way out.
    environment = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}

    done = subprocess.run(
        [sys.executable, "tools/fetch_real_rows.py", tmp_path],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("the real rows cannot be had: https://archive.ics.uci.edu/")
    assert len(done.stderr.splitlines()) == 1
