"""What a schema file says of the limits that live figures are held against."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditscore.errors import SchemaError
from creditscore.schema.reader import load_schema
from creditscore.schema.schema import Schema
from creditscore.schema.triggers import Triggers

SMALL = (Path(__file__).resolve().parents[1] / "data" / "loans.toml").read_text(encoding="utf-8")


def schema_with(folder: Path, triggers: str) -> Schema:
    path = folder / "loans.toml"
    path.write_text(f"{SMALL}\n[governance.triggers]\n{triggers}\n", encoding="utf-8")
    return load_schema(path)


def test_a_file_without_them_has_the_usual_ones(tmp_path: Path) -> None:
    path = tmp_path / "loans.toml"
    path.write_text(SMALL, encoding="utf-8")

    assert load_schema(path).triggers == Triggers()
    assert schema_with(tmp_path, "").triggers == Triggers()


def test_those_that_are_stated_take_their_place(tmp_path: Path) -> None:
    stated = "field_psi = 0.2\napproval_points = 5\ncalibration = [0.9, 1.1]\nmin_outcomes = 100"

    triggers = schema_with(tmp_path, stated).triggers

    assert triggers == Triggers(
        field_psi=0.2, approval_points=5.0, calibration=(0.9, 1.1), min_outcomes=100
    )


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        ("psi = 0.2", "governance.triggers.psi is not a key here"),
        ("field_psi = true", "governance.triggers.field_psi must be a number above 0, got True"),
        ("auc_drop = 1", "governance.triggers.auc_drop must be a number above 0 and below 1"),
        ("approval_points = 100", "approval_points must be percentage points above 0"),
        ("calibration = [1.25, 0.8]", "calibration must be a list of two numbers around 1"),
        ("calibration = [0.8]", "calibration must be a list of two numbers around 1"),
        ("calibration = [0.8, 'a']", "calibration must be a list of two numbers around 1"),
        ("min_decisions = 0", "min_decisions must be a whole number from 1"),
        ("score_psi = 0.05", "score_psi must leave score_psi_notice at most score_psi"),
        ("field_psi_notice = 0.3", "field_psi_notice must leave field_psi_notice at most"),
    ],
)
def test_what_cannot_be_a_limit_is_refused(tmp_path: Path, stated: str, text: str) -> None:
    with pytest.raises(SchemaError) as refused:
        schema_with(tmp_path, stated)

    assert text in str(refused.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(SchemaError) as refused:
        schema_with(tmp_path, "auc_drop = 2\nmin_decisions = 1.5\nscore_pis = 0.2")

    for name in ("auc_drop", "min_decisions", "score_pis"):
        assert f"governance.triggers.{name}" in str(refused.value)


def test_other_keys_of_the_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "loans.toml"
    path.write_text(f"{SMALL}\n[governance]\ntrigers = 1\n", encoding="utf-8")

    with pytest.raises(SchemaError, match=r"governance\.trigers is not a key here"):
        load_schema(path)
