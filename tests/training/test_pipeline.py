"""Training, through the command's own door."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import PROJECT
from invented import Row, invent, write_csv, write_quick_schema
from sklearn.model_selection import train_test_split

import creditscore
from creditscore.cli import train
from creditscore.i18n.catalogue import LEGAL_SENTENCE
from creditscore.i18n.number_format import FORMATS
from creditscore.schema import Schema
from creditscore.schema.reader import load_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.training import dataset

ROWS = 2_000

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def schema_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_quick_schema(tmp_path_factory.mktemp("schema") / "schema.toml")


@pytest.fixture(scope="module")
def schema(schema_file: Path) -> Schema:
    return load_schema(schema_file)


@pytest.fixture(scope="module")
def rows(schema: Schema) -> list[Row]:
    return invent(schema, count=ROWS, seed=1)


@pytest.fixture(scope="module")
def data(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small table, so that training takes two seconds."""
    return write_csv(tmp_path_factory.mktemp("data") / "invented.csv", rows)


@pytest.fixture(scope="module")
def trained(data: Path, schema_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    options = [f"--data={data}", f"--schema={schema_file}", f"--model-dir={folder}"]
    assert train.main([*options, "--seed=7", "--quick"]) == 0
    return folder


@pytest.fixture(scope="module")
def trained_whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train with other seeds and splits too, which takes ten times as long."""
    folder = tmp_path_factory.mktemp("whole")
    assert train.main([f"--data={data}", f"--model-dir={folder}", "--seed=7"]) == 0
    return folder


@pytest.fixture
def run(data: Path, schema_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command on the small table; give status, output and messages."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        options = [f"--data={data}", f"--schema={schema_file}", f"--model-dir={tmp_path / 'new'}"]
        status = train.main([*options, "--no-plots", "--quick", *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run_command


def manifest_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return content


def card_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "model_card.json").read_bytes())
    return content


def fifty_of_each_outcome(rows: list[Row]) -> list[Row]:
    return [row for value in (0, 1) for row in [row for row in rows if row["TARGET"] == value][:50]]


def read_only(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


# What is written


def test_training_writes_a_model_its_manifest_and_its_card(trained: Path, data: Path) -> None:
    assert {path.name for path in trained.iterdir()} == {
        "model.pkl", "manifest.json", "model_card.json", "model_card.md", "plots",
    }  # fmt: skip
    kinds = ("roc", "calibration", "scores", "cutoffs", "partial_dependence", "fairness", "reasons")
    assert {path.name for path in (trained / "plots").iterdir()} == {
        f"{name}-{kind}.svg" for name in ("application", "behavioural") for kind in kinds
    }
    assert list(artifact.load(trained).scorecards) == ["application", "behavioural"]


def test_the_manifest_tells_where_the_model_comes_from(
    trained: Path, data: Path, schema: Schema, rows: list[Row]
) -> None:
    manifest = manifest_of(trained)

    for part, name in (("model", "model.pkl"), ("card", "model_card.json")):
        raw = (trained / name).read_bytes()
        sha256 = hashlib.sha256(raw).hexdigest()
        assert manifest[part] == {"file": name, "bytes": len(raw), "sha256": sha256}
    bads = sum(row["TARGET"] == 1 for row in rows)
    assert manifest["data"] == {
        "file": "invented.csv",
        "sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "rows": ROWS,
        "bad_rate": bads / ROWS,
        "folded_rows": {},
        "code_orders": {},
        "left_out_rows": {},
        "format": {
            "kind": "csv",
            "encoding": "utf-8",
            "separator": ",",
            "header_line": 1,
            "sheet": None,
            "decimal": ".",
        },
    }
    assert manifest["seed"] == 7
    assert manifest["schema"] == schema.document
    assert manifest["software"]["creditscore"] == creditscore.__version__
    assert manifest["software"]["python"] == platform.python_version()
    assert manifest["software"]["numpy"] == np.__version__
    assert manifest["trained_at"].endswith("Z")
    assert manifest["versions"] == dict(artifact.load(trained).versions)


def test_no_path_of_this_machine_is_written_down(trained: Path, data: Path) -> None:
    for raw in read_only(trained).values():
        assert str(data.parent).encode() not in raw
        assert str(PROJECT).encode() not in raw


def test_the_manifest_tells_what_each_scorecard_is_made_of(
    trained: Path, schema: Schema, data: Path
) -> None:
    table = dataset.load(data, schema)
    learned, _ = split_places(table.bad.tolist(), seed=7)
    for name, card in manifest_of(trained)["scorecards"].items():
        spec = schema.scorecards[name]
        assert card["predictors"] == list(spec.fields)
        assert card["monitored_attributes"] == []
        assert card["protected_predictors"] == ["SEX", "MARRIAGE", "AGE"]
        assert card["forest"]["trees"] == spec.forest.trees
        assert list(card["training_ranges"]) == list(spec.fields)
        age = table.columns["AGE"][learned]
        assert card["training_ranges"]["AGE"] == [age.min(), age.max()]
        assert card["training_ranges"]["SEX"] == [1, 2]
        assert card["training_ranges"]["EDUCATION"] == [1, 2, 3, 4]


def test_20_golden_applicants_of_each_scorecard_are_not_from_the_data(
    trained: Path, rows: list[Row]
) -> None:
    manifest = manifest_of(trained)
    model = artifact.load(trained)
    counts = dict.fromkeys(model.scorecards, 0)
    people = [set(row.items()) for row in rows]
    for golden in manifest["golden"]:
        applicant = model.schema.parse(golden["applicant"])
        counts[applicant.scorecard] += 1
        assert not any(person >= set(applicant.values.items()) for person in people)

    assert counts == {"application": 20, "behavioural": 20}


# How good it is


def split_places(bad: list[int], seed: int) -> tuple[list[int], list[int]]:
    """Part the rows as the manifest's seed and scikit-learn do."""
    learned, tested = train_test_split(
        list(range(len(bad))), test_size=0.2, stratify=bad, random_state=seed
    )
    return sorted(learned), sorted(tested)


@pytest.mark.slow
def test_the_rows_of_the_test_teach_nothing(
    rows: list[Row], trained_whole: Path, tmp_path: Path
) -> None:
    """Other applicants in the rows of the test, with the same outcomes, change no scorecard."""
    learned, tested = split_places([int(row["TARGET"]) for row in rows], seed=7)
    changed = list(rows)
    for index in tested:
        changed[index] = rows[learned[0]] | {"TARGET": rows[index]["TARGET"]}
    table = write_csv(tmp_path / "changed.csv", changed)

    # Not --quick: other seeds are part of a version.
    new = tmp_path / "new"
    assert train.main([f"--data={table}", f"--model-dir={new}", "--seed=7", "--no-plots"]) == 0

    assert manifest_of(new)["versions"] == manifest_of(trained_whole)["versions"]
    assert manifest_of(new)["data"] != manifest_of(trained_whole)["data"]


def test_the_bundled_model_ranks_better_than_the_default_forest(full_model: Model) -> None:
    for section in full_model.card["scorecards"].values():
        performance = section["performance"]
        figures, baselines = performance["scorecard"], performance["baselines"]
        assert figures["auc"]["low"] > baselines["default_forest"]["auc"]["value"]
        assert figures["brier"]["value"] < baselines["majority"]["brier"]["value"]
        assert figures["ece"]["value"] < 0.03


# The same again


@pytest.mark.slow
def test_the_same_data_and_seed_give_the_same_bytes_in_another_process(
    data: Path, trained_whole: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, PROJECT / "train.py", f"--data={data}", "--model-dir=new", "--seed=7"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        check=True,
        timeout=600,
    )

    again, first = tmp_path / "new", trained_whole
    assert (again / "model.pkl").read_bytes() == (first / "model.pkl").read_bytes()
    # The time of training is in the card, and so in the hashes of both.
    late = {"trained_at": "", "card": "", "sha256": ""}
    assert manifest_of(again) | late == manifest_of(first) | late
    assert card_of(again) | late == card_of(first) | late
    for path in (first / "plots").iterdir():
        assert (again / "plots" / path.name).read_bytes() == path.read_bytes()


def test_another_seed_gives_other_versions(run: Run, trained: Path, tmp_path: Path) -> None:
    assert run("--seed=8")[0] == 0

    versions, other_versions = (
        manifest_of(folder)["versions"] for folder in (trained, tmp_path / "new")
    )
    assert not set(versions.values()) & set(other_versions.values())


# What is excluded


def test_what_is_excluded_is_monitored_and_no_predictor(
    run: Run, tmp_path: Path, schema: Schema
) -> None:
    excluded = ["SEX", "MARRIAGE"]

    status, printed, _ = run("--exclude", *excluded)

    assert status == 0
    model = artifact.load(tmp_path / "new")
    for name, card in model.scorecards.items():
        assert set(card.predictors) == set(schema.scorecards[name].fields) - set(excluded)
        assert card.monitored == tuple(excluded)
    assert model.protected_predictors() == ["AGE"]
    assert printed.count("Only monitored: SEX, MARRIAGE.") == 2
    assert printed.count("Uses protected attributes: AGE.") == 2


# The cut-off


def test_the_loss_to_margin_ratio_sets_the_cutoff(run: Run, tmp_path: Path) -> None:
    status, printed, _ = run("--loss-to-margin", "4")

    assert status == 0
    assert artifact.load(tmp_path / "new").policy.cutoff == 0.2
    assert manifest_of(tmp_path / "new")["policy"]["loss_to_margin"] == 4
    assert "Eligible below a probability of default of 0.2: " in printed


def test_where_no_one_is_approved_the_baseline_is_that_of_all(
    run: Run, rows: list[Row], tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "few.csv", fifty_of_each_outcome(rows))

    status, printed, _ = run(f"--data={table}", "--loss-to-margin", "1e9")

    assert status == 0
    assert "0.0% approved\n" in printed
    for card in artifact.load(tmp_path / "new").scorecards.values():
        assert card.reference.baseline == pytest.approx(1 / 2, abs=0.05)


# What is told


def test_the_report_names_versions_figures_and_law(run: Run, tmp_path: Path) -> None:
    status, printed, messages = run()

    assert status == 0
    assert f"invented.csv, {ROWS:,} rows, " in printed
    for section in card_of(tmp_path / "new")["scorecards"].values():
        assert f"{section['version']}: LIMIT_BAL, SEX, " in printed
        approved = section["decision"]["approval_rate"]["value"]
        assert f"{FORMATS['en'].share(approved)} approved, of whom" in printed
        performance = section["performance"]
        for measured in (performance["scorecard"], *performance["baselines"].values()):
            for figure in ("auc", "brier", "ece", "accuracy"):
                assert FORMATS["en"].figure(measured[figure]["value"]) in printed
        slope = performance["scorecard"]["calibration_slope"]
        leaves_out = not slope["low"] <= 1 <= slope["high"]
        words = f"The calibration slope, {FORMATS['en'].figure(slope['value'])} ("
        assert (words in printed) == leaves_out
    assert " ".join(printed.split()).count(LEGAL_SENTENCE["en"]) == 2
    wrote = "Wrote model.pkl, manifest.json, model_card.json and model_card.md to"
    assert f"{wrote} {tmp_path / 'new'}." in printed
    assert "measuring the behavioural scorecard" in messages


def test_plots_of_an_earlier_training_go_where_none_are_wanted(run: Run, tmp_path: Path) -> None:
    """They would show another model."""
    (tmp_path / "new" / "plots").mkdir(parents=True)
    (tmp_path / "new" / "plots" / "application-roc.svg").write_text("old")

    status, printed, _ = run()

    assert status == 0
    assert list((tmp_path / "new" / "plots").iterdir()) == []
    assert "plots/" not in (tmp_path / "new" / "model_card.md").read_text(encoding="utf-8")
    assert "plots/" not in printed


def test_compare_prints_what_exclusion_costs_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    status, printed, _ = run("--compare")

    assert status == 0
    assert not (tmp_path / "new").exists()
    for table in printed.strip().split("\n\n"):
        title, header, *rows = table.splitlines()
        assert title.endswith(": what it costs to leave protected fields out")
        if rows[-1].startswith("That the probability of default may only go one way"):
            # What holding the application scorecard to that costs.
            assert "LIMIT_BAL" in rows.pop()
        assert header.split()[:5] == ["left", "out", "AUC", "change", "of"]
        left_out = [re.split("  +", row)[0] for row in rows]
        assert left_out == ["nothing", "SEX", "MARRIAGE", "AGE", "SEX, MARRIAGE, AGE"]
        assert len({len(row) for row in (header, *rows)}) == 1


def test_compare_says_it_where_there_is_nothing_to_leave_out(run: Run) -> None:
    _, printed, _ = run("--compare", "--exclude", "SEX", "MARRIAGE", "AGE")

    assert printed.count(": has no protected predictors to leave out.") == 2


def test_folded_codes_are_told(run: Run, rows: list[Row], tmp_path: Path) -> None:
    codes: list[Row] = [{"EDUCATION": code} for code in (0, 5, 6)]
    changed = [row | code for row, code in zip(rows, codes, strict=False)] + rows[3:]
    table = write_csv(tmp_path / "folded.csv", changed)

    _, printed, _ = run(f"--data={table}")

    assert "EDUCATION: 3 rows with undocumented codes, folded as the schema file says" in printed


# Mistakes of whoever runs it


def refused(run: Run, *arguments: str) -> str:
    """Run into a refusal; give its one line."""
    status, printed, messages = run(*arguments)
    lines = messages.replace("\r", "\n").splitlines()
    refusals = [line for line in lines if line.startswith("train.py: ")]
    assert (status, printed) == (1, "")
    assert len(refusals) == 1
    assert not any("Traceback" in line for line in lines)
    return refusals[0]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--exclude", "SEXX"], "--exclude must name fields: LIMIT_BAL, SEX, .*; got 'SEXX', did"),
        (["--exclude", "zzz"], "got 'zzz'$"),
        (
            ["--exclude", "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE"],
            "--exclude must leave the application scorecard at least one of LIMIT_BAL, SEX, ",
        ),
        (["--data", "no such file.csv"], "no such file.csv: cannot be read: No such file"),
        (["--data", "."], ".: cannot be read: "),
        (["--schema", "no such file.toml"], "no such file.toml cannot be read: No such file"),
        (["--schema", __file__], f"{Path(__file__).name} is not a TOML file: "),
    ],
)
def test_a_mistake_is_told_in_one_line(run: Run, arguments: list[str], text: str) -> None:
    assert re.search(text, refused(run, *arguments))


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        (__file__, "Not a directory"),
        (f"{__file__}/x", "Not a directory"),
        ("/dev/null", "Not a directory"),
        (f"/{'x' * 300}/model", "File name too long"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="other names, and other words")
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_trained(
    folder: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # Data that is not there would be the next mistake.
    status = train.main([f"--model-dir={folder}", "--data=no such file.csv"])

    text = f"train.py: {folder}: cannot be written: {reason}; to fix it: make room for it, or "
    assert status == 1
    assert capsys.readouterr().err == f"{text}choose another folder with --model-dir\n"


@pytest.mark.parametrize(
    "argument",
    [
        *(f"--seed={seed}" for seed in ("-1", "1.5", "one", "4294967296", "\u0661")),
        *(f"--loss-to-margin={ratio}" for ratio in ("0", "-3", "nan", "inf", "three")),
        *("--exclude", "--sed=1", "data.csv"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_done(
    argument: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        train.main([f"--model-dir={tmp_path / 'new'}", argument])

    assert caught.value.code == 2
    assert ": error: " in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        train.main(["--help"])

    text = capsys.readouterr().out
    for option in ("data", "schema", "model-dir", "exclude", "loss-to-margin", "seed", "quick"):
        assert f"--{option} " in text


@pytest.mark.parametrize("bads", [1, 49])
def test_too_few_rows_of_one_outcome_are_refused(
    run: Run, rows: list[Row], tmp_path: Path, bads: int
) -> None:
    good = [row for row in rows if row["TARGET"] == 0]
    bad = [row for row in rows if row["TARGET"] == 1][:bads]
    table = write_csv(tmp_path / "few.csv", [*good, *bad])

    assert refused(run, f"--data={table}").endswith(
        f"holds {bads} rows of one outcome, training needs 50"
    )


def test_50_rows_of_each_outcome_are_enough(run: Run, rows: list[Row], tmp_path: Path) -> None:
    table = write_csv(tmp_path / "few.csv", fifty_of_each_outcome(rows))

    assert run(f"--data={table}")[0] == 0
    assert artifact.load(tmp_path / "new").versions


def test_a_wrong_cell_stops_training_and_leaves_the_old_model(
    run: Run, rows: list[Row], trained: Path, tmp_path: Path
) -> None:
    old = Path(shutil.copytree(trained, tmp_path / "new"))
    before = read_only(old)
    table = write_csv(tmp_path / "wrong.csv", [*rows[:100], rows[100] | {"AGE": 17}, *rows[101:]])

    text = refused(run, f"--data={table}")

    assert text.endswith(
        "wrong.csv, line 102, column AGE: must be a whole number from 18 to 100 years, got 17"
    )
    assert read_only(old) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_an_interruption_leaves_the_old_model_untouched(
    trained: Path, data: Path, tmp_path: Path
) -> None:
    old = Path(shutil.copytree(trained, tmp_path / "model"))
    before = read_only(old)
    with subprocess.Popen(
        [sys.executable, PROJECT / "train.py", f"--data={data}", f"--model-dir={old}", "--quick"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # In the background, where a build may run, SIGINT is ignored from the start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stderr is not None
        output = b""
        while b"measuring the application" not in output:
            byte = process.stderr.read(1)
            assert byte, output
            output += byte

        process.send_signal(signal.SIGINT)
        printed, messages = process.communicate(timeout=60)

    assert process.returncode == 130
    assert printed == b""
    assert messages.endswith(b"train.py: stopped; nothing was changed\n")
    assert b"Traceback" not in messages
    assert read_only(old) == before


# The project's own rows


def test_the_bundled_rows_are_trained_on_without_options(full_model: Model) -> None:
    with (PROJECT / "data" / "credit.csv").open(encoding="utf-8", newline="") as file:
        count = sum(1 for _ in csv.reader(file)) - 1

    assert full_model.manifest["data"]["file"] == "credit.csv"
    assert full_model.manifest["data"]["rows"] == count == 30_000
