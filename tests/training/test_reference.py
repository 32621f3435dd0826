"""The group that reasons compare an applicant with, and what training remembers of its rows."""

from __future__ import annotations

from math import fsum
from pathlib import Path

import numpy as np
import pytest
from carded import by_command
from drawing import bundled_rows, write_rows
from invented import write_quick_schema
from service_settings import settings_of

from creditscore.cli import train
from creditscore.schema import Schema
from creditscore.schema.constraints import NumericRange
from creditscore.scorecard.model import Model
from creditscore.training.reference import describe_reference, reference_rows
from creditscore.training.split import split
from creditscore.web import create_app

PROBABILITIES = np.array([0.1, 0.3, 0.2, 0.25, 0.24])


@pytest.mark.parametrize(
    ("cutoff", "group", "expected"),
    [
        (0.25, "approved", ("approved", [0, 2, 4])),
        (0.25, "all", ("all", [0, 1, 2, 3, 4])),
        # Where nobody is approved, all are compared with.
        (0.05, "approved", ("all", [0, 1, 2, 3, 4])),
    ],
)
def test_the_reference_group_is_the_approved_or_all(
    cutoff: float, group: str, expected: tuple[str, list[int]]
) -> None:
    name, rows = reference_rows(PROBABILITIES, cutoff=cutoff, group=group)

    assert (name, rows.tolist()) == expected


def test_medians_and_spreads_are_those_worked_by_hand(schema: Schema) -> None:
    # The tenth and ninetieth percentile of 0 to 100 are 10 and 90.
    matrix = np.column_stack([np.arange(101.0), np.full(101, 2.0), np.full(101, 30.0)])

    reference = describe_reference(
        "approved",
        np.full(101, 0.1),
        matrix,
        predictors=("LIMIT_BAL", "SEX", "AGE"),
        schema=schema,
    )

    assert reference.group == "approved_training_rows"
    assert reference.rows == 101
    assert reference.baseline == pytest.approx(0.1, abs=1e-16)
    assert reference.medians == {"LIMIT_BAL": 50, "AGE": 30}
    assert reference.spreads["LIMIT_BAL"] == pytest.approx(80)
    # Nobody differs in AGE here, yet distances are divided by its spread.
    assert reference.spreads["AGE"] == 1


def test_a_column_that_hardly_varies_has_its_whole_width_as_spread(schema: Schema) -> None:
    column = np.zeros(101)
    column[0] = 7

    reference = describe_reference(
        "all", np.full(101, 0.1), column[:, None], predictors=["BILL_AMT1"], schema=schema
    )

    assert reference.spreads == {"BILL_AMT1": 7}


def test_a_model_compares_with_its_approved_training_rows(full_model: Model) -> None:
    rows = split(bundled_rows(), full_model.manifest["seed"]).train
    for name, card in full_model.scorecards.items():
        matrix = rows.matrix(card.predictors)
        probability = card.probability_of_default(matrix.astype(np.float32))
        approved = probability < full_model.policy.cutoff

        assert card.reference.group == "approved_training_rows"
        assert card.reference.rows == approved.sum() > 0
        assert card.reference.baseline == fsum(probability[approved]) / approved.sum()
        assert card.reference.baseline < full_model.policy.cutoff
        for index, field in enumerate(card.predictors):
            if isinstance(full_model.schema.fields[field].rule, NumericRange):
                assert card.reference.medians[field] == np.median(matrix[approved, index])
            else:
                assert field not in card.reference.medians
        entry = full_model.manifest["scorecards"][name]["reasons"]
        assert entry == {
            "value_function": "interventional",
            "reference_group": "approved_training_rows",
            "reference_rows": card.reference.rows,
            "baseline": card.reference.baseline,
        }


def test_ranges_are_what_training_saw(full_model: Model) -> None:
    rows = split(bundled_rows(), full_model.manifest["seed"]).train
    for card in full_model.scorecards.values():
        for name, values in card.training_ranges.items():
            column = rows.columns[name]
            if isinstance(full_model.schema.fields[name].rule, NumericRange):
                assert list(values) == [column.min(), column.max()]
            else:
                assert sorted(float(code) for code in values) == np.unique(column).tolist()


def test_all_rows_can_be_asked_for(schema: Schema, tmp_path: Path) -> None:
    data = bundled_rows().rows(np.arange(0, len(bundled_rows()), 10))
    csv = write_rows(tmp_path / "rows.csv", data, schema)
    schema_file = write_quick_schema(tmp_path / "schema.toml")

    model = by_command(csv, schema_file, tmp_path, "--reference-group=all")

    card = create_app(settings_of(tmp_path)).test_client().get("/model").get_json()
    rows = split(data, 1).train
    for name, scorecard in model.scorecards.items():
        matrix = rows.matrix(scorecard.predictors).astype(np.float32)
        probability = scorecard.probability_of_default(matrix)
        entry = card["scorecards"][name]["reasons"]
        assert entry["reference_group"] == "all_training_rows"
        assert entry["reference_rows"] == len(rows)
        assert entry["baseline"] == fsum(probability) / len(rows)
        sums = entry["baseline"] + scorecard.impacts(matrix[:100]).sum(axis=1)
        assert np.abs(sums - probability[:100]).max() <= 1e-12


def test_an_unknown_group_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        train.main(["--reference-group", "refused"])

    assert "approved" in capsys.readouterr().err
