"""The card's figures, recomputed without the product: they agree, and a changed one is found."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from answers import PROJECT

from tools.recompute_card import agrees, leaves

SCRIPT = PROJECT / "tools" / "recompute_card.py"
MODULES = sorted(PROJECT.glob("tools/recompute_*.py"))
ALLOWED = {"numpy", "pandas", "scipy", "sklearn", "tools"}


def recompute(model: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--model", str(model), *options]
    return subprocess.run(command, capture_output=True, encoding="utf-8")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_nothing_of_the_product_is_imported(path: Path) -> None:
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names = []
    for node in tree:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            parts = (
                [f"tools.{alias.name}" for alias in node.names] if module == "tools" else [module]
            )
            names += parts

    assert names
    for name in names:
        first = name.partition(".")[0]
        assert first in ALLOWED | sys.stdlib_module_names, name
        assert first != "tools" or name.startswith("tools.recompute_"), name


def test_a_figure_agrees_to_the_last_of_six_decimals() -> None:
    assert agrees(0.634757, 0.6347574)
    assert not agrees(0.634757, 0.634759)
    assert not agrees(1, True)
    assert not agrees(None, 0.0)


def test_every_single_value_of_a_card_is_counted_with_its_place() -> None:
    values = list(leaves({"a": [1, {"b": None}], "c": "text"}))

    assert values == [("a.0", 1), ("a.1.b", None), ("c", "text")]


def test_rows_other_than_those_of_the_manifest_are_refused(full_model_dir: Path) -> None:
    result = recompute(full_model_dir, "--data", str(PROJECT / "data" / "schema.toml"))

    assert result.returncode == 1
    assert "is not the file that the manifest names" in result.stderr


@pytest.mark.slow
def test_every_figure_that_is_recomputed_agrees(full_model_dir: Path) -> None:
    result = recompute(full_model_dir)

    assert result.returncode == 0, result.stdout + result.stderr
    agreeing, _, rest = result.stdout.splitlines()[-1].partition(" of ")
    assert int(agreeing) == int(rest.partition(" ")[0]) > 8500
    assert "values of the card are not recomputed: title (1)" in rest


@pytest.mark.slow
def test_changed_figures_are_found(full_model_dir: Path, tmp_path: Path) -> None:
    model = shutil.copytree(full_model_dir, tmp_path / "model")
    path = model / "model_card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    section = card["scorecards"]["application"]
    section["performance"]["scorecard"]["auc"]["value"] += 0.00001
    section["fairness"]["SEX"]["groups"][0]["rows"] += 1
    section["variables"][0]["bins"][0]["points"] += 1
    section["explanation"]["reasons"][0]["given"] -= 1
    section["validation"]["proxies"][0]["others"]["together"]["low"] -= 0.00001
    section["validation"]["stress"]["effects"][0]["mean_change"] += 0.00001
    section["retraining"]["warned"]["value"] += 0.00001
    path.write_text(json.dumps(card), encoding="utf-8")

    result = recompute(model, "--scorecard", "application")

    changed = [line.split()[:2] for line in result.stdout.splitlines() if line.endswith(" NO")]
    assert result.returncode == 1
    assert changed == [
        ["application.fairness", "SEX.groups.0.rows"],
        ["application.performance.scorecard", "auc.value"],
        ["application.variables", "0.bins.0.points"],
        ["application.explanation", "reasons.0.given"],
        ["application.validation.proxies", "0.others.together.low"],
        ["application.validation.stress", "effects.0.mean_change"],
        ["application.retraining", "warned.value"],
    ]
