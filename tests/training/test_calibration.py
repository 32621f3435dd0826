"""Probabilities that are off are repaired by a line, where that helps rows nobody had seen."""

from __future__ import annotations

import copy
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from drawing import bundled_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from creditscore.evaluation.metrics import auc, expected_calibration_error, log_loss
from creditscore.schema import ForestSettings, Schema
from creditscore.schema.reader import read_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.shapley import compute_shapley_tables
from creditscore.training import fit as fit_module
from creditscore.training import pipeline
from creditscore.training.calibration import POOR_CALIBRATION_ERROR, fit_calibration
from creditscore.training.fit import calibrate, fit_forest, flatten, out_of_bag

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Trees that learn their rows by heart, and are far too sure of others.
OVERCONFIDENT = ForestSettings(trees=20, max_depth=16, min_samples_leaf=1, max_features=2)


def outcomes(*groups: tuple[float, float]) -> tuple[Floats, Ints]:
    """Make 1,000 rows for each pair of what was said and the share that turned out bad."""
    said = np.repeat([probability for probability, _ in groups], 1000)
    bad = np.concatenate([np.arange(1000) < 1000 * share for _, share in groups])
    return said, bad.astype(np.int64)


def test_the_line_is_the_one_worked_by_hand() -> None:
    # Of those told 10 %, 30 % defaulted; of those told 90 %, 70 %: a line through both points.
    said, bad = outcomes((0.1, 0.3), (0.9, 0.7))

    found = fit_calibration(said, bad, bounds=(0, 1), seed=1)

    assert found.slope == pytest.approx(0.5, abs=1e-12)
    assert found.intercept == pytest.approx(0.25, abs=1e-12)
    assert found.error_before == pytest.approx(0.2, abs=1e-12)
    assert found.error_after < 0.03


def test_the_line_is_no_steeper_than_keeps_everybody_between_0_and_1() -> None:
    # A slope of 4 fits best; from the mean of 0.5, applicants of 0.3 would be at -0.3.
    said, bad = outcomes((0.4, 0.1), (0.6, 0.9))

    found = fit_calibration(said, bad, bounds=(0.3, 0.7), seed=1)

    assert found.slope == pytest.approx(2.5, abs=1e-4)
    assert 0 <= found.intercept + found.slope * 0.3 < 1e-4
    assert 1 - 1e-4 < found.intercept + found.slope * 0.7 <= 1


def test_a_line_that_would_rate_everybody_alike_or_upside_down_is_not_applied() -> None:
    said, bad = outcomes((0.1, 0.5), (0.5, 0.2))

    found = fit_calibration(said, bad, bounds=(0, 1), seed=1)

    assert found.error_before > POOR_CALIBRATION_ERROR
    assert (found.slope, found.intercept) == (1, 0)


def test_what_is_right_is_left_alone() -> None:
    said, bad = outcomes((0.1, 0.1), (0.3, 0.3), (0.8, 0.8))

    found = fit_calibration(said, bad, bounds=(0, 1), seed=1)

    assert (found.slope, found.intercept) == (1, 0)
    assert found.error_before == found.error_after < POOR_CALIBRATION_ERROR


@pytest.mark.parametrize(
    "groups",
    [
        # Off in the middle, one way and the other: the best line is the one that is there.
        [(0.2, 0.3), (0.5, 0.3), (0.8, 0.9)],
        # Most are right; a line that helps the few who are far off would make the most wrong.
        [*[(0.1, 0.1)] * 5, *[(0.4, 0.4)] * 5, (0.9, 0.5)],
        # A line that is nearer on average would be all too sure of those at its lower end.
        [(0.3, 0.2), *[(0.4, 0.0)] * 6, *[(0.7, 1.0)] * 3],
    ],
)
def test_what_a_line_does_not_help_is_left_alone(groups: list[tuple[float, float]]) -> None:
    said, bad = outcomes(*groups)

    found = fit_calibration(said, bad, bounds=(said.min(), said.max()), seed=1)

    assert found.error_before > POOR_CALIBRATION_ERROR
    assert (found.slope, found.intercept) == (1, 0)
    assert found.error_after == found.error_before


@given(
    low=st.floats(0, 0.4),
    high=st.floats(0.6, 1),
    shares=st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)),
)
@settings(max_examples=200)
def test_no_probability_within_the_bounds_leaves_0_to_1(
    low: float, high: float, shares: tuple[float, float]
) -> None:
    said, bad = outcomes((0.4, shares[0]), (0.6, shares[1]))

    found = fit_calibration(said, bad, bounds=(low, high), seed=1)

    assert found.intercept + found.slope * low >= 0
    assert found.intercept + found.slope * high <= 1
    assert found.slope >= 0


def test_a_well_calibrated_forest_keeps_its_bits(full_model: Model) -> None:
    card = full_model.scorecards["application"]
    rows = pipeline.split(bundled_rows(), full_model.manifest["seed"]).train
    spec = full_model.schema.scorecards["application"]

    grown = fit_forest(rows.matrix(card.predictors), rows.bad, spec.forest, seed=1)

    assert (card.calibration.slope, card.calibration.intercept) == (1, 0)
    assert card.calibration.error_before <= POOR_CALIBRATION_ERROR
    assert card.forest.probability.tobytes() == flatten(grown).probability.tobytes()


@pytest.mark.parametrize("seed", [1, 2])
def test_an_overconfident_forest_is_repaired(schema: Schema, seed: int) -> None:
    data = bundled_rows()
    names = schema.scorecards["application"].fields
    seen, unseen = slice(0, None, 7), slice(1, None, 7)
    matrix = data.matrix(names)
    grown = fit_forest(matrix[seen], data.bad[seen], OVERCONFIDENT, seed)

    calibration, forest = calibrate(grown, matrix[seen], data.bad[seen], seed)

    rows, bad = matrix[unseen].astype(np.float32)[:4000], data.bad[unseen][:4000]
    before = flatten(grown).probability_of_default(rows)
    after = forest.probability_of_default(rows)
    assert 0 < calibration.slope < 1
    assert calibration.error_after < calibration.error_before
    assert expected_calibration_error(bad, after) < 0.5 * expected_calibration_error(bad, before)
    assert log_loss(bad, after) < log_loss(bad, before)
    assert auc(bad, after) == pytest.approx(auc(bad, before), abs=1e-4)
    forest.validate(len(names))
    assert 0 <= after.min() < after.max() <= 1
    games = compute_shapley_tables(forest, rows[:500])
    baseline = forest.probability_of_default(rows[:500]).mean()
    sums = baseline + games.shapley_values(rows[500:600]).sum(axis=1)
    assert np.abs(sums - after[500:600]).max() <= 1e-12


def test_a_timid_forest_is_stretched_and_stays_sound() -> None:
    draw = np.random.default_rng(1)
    matrix = draw.random((2000, 2))
    bad = (matrix[:, 0] + draw.normal(0, 0.3, 2000) > 0.5).astype(np.int64)
    # Half the trees ask for noise alone, so the mean says too little; large leaves leave room.
    timid = ForestSettings(trees=40, max_depth=1, min_samples_leaf=500, max_features=1)
    grown = fit_forest(matrix, bad, timid, seed=1)

    calibration, forest = calibrate(grown, matrix, bad, seed=1)

    assert calibration.slope > 1
    forest.validate(2)
    after = forest.probability_of_default(matrix.astype(np.float32))
    assert 0 <= after.min() < after.max() <= 1


@pytest.mark.parametrize("trees", [5, 60])
def test_out_of_bag_predictions_are_scikit_learns(schema: Schema, trees: int) -> None:
    data = bundled_rows()
    matrix, bad = data.matrix(schema.scorecards["behavioural"].fields)[:3000], data.bad[:3000]
    theirs = RandomForestClassifier(trees, min_samples_leaf=20, oob_score=True, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        theirs.fit(matrix, bad)

    ours = out_of_bag(theirs, flatten(theirs), matrix)

    expected = theirs.oob_decision_function_
    known = expected.sum(axis=1) > 0
    assert np.array_equal(np.isfinite(ours), known)
    assert ours[known] == pytest.approx(expected[known, 1], abs=1e-12)
    assert known.all() == (trees == 60)


def test_the_size_of_the_blocks_does_not_change_out_of_bag_predictions(
    schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bundled_rows()
    matrix, bad = data.matrix(schema.scorecards["application"].fields)[:2000], data.bad[:2000]
    grown = fit_forest(matrix, bad, OVERCONFIDENT, seed=1)
    expected = out_of_bag(grown, flatten(grown), matrix)

    monkeypatch.setattr(fit_module, "OUT_OF_BAG_ROWS", 300)

    found = out_of_bag(grown, flatten(grown), matrix)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("trees", [1, 3])
def test_rows_that_every_tree_drew_do_not_count(schema: Schema, trees: int) -> None:
    data = bundled_rows()
    names = schema.scorecards["application"].fields
    few = ForestSettings(trees=trees, max_depth=3, min_samples_leaf=200, max_features=2)
    matrix, bad = data.matrix(names)[:4000], data.bad[:4000]
    grown = fit_forest(matrix, bad, few, seed=1)

    calibration, _ = calibrate(grown, matrix, bad, seed=1)

    # Leaves of 200 rows are right by and large; a third of them taken for 0 would not be.
    assert np.isnan(out_of_bag(grown, flatten(grown), matrix)).any()
    assert calibration.error_before < 0.04


@pytest.fixture(scope="module")
def repaired(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Train on a schema of one's own that asks for leaves of one row; save and load the model."""
    document: dict[str, Any] = copy.deepcopy(dict(schema.document))
    application = document["scorecards"]["application"]
    document["scorecards"] = {"application": application}
    document["fields"] = {name: document["fields"][name] for name in application["fields"]}
    document.pop("sources")
    application["forest"] = {"trees": 20, "max_depth": 16, "min_samples_leaf": 1}
    folder = tmp_path_factory.mktemp("repaired")
    model, _ = pipeline.train(
        bundled_rows().rows(np.arange(0, len(bundled_rows()), 7)),
        read_schema(document, "own.toml"),
        policy=Policy.from_ratio(3),
        exclude=[],
        reference_group="approved",
        seed=1,
        now=datetime(2026, 1, 1, tzinfo=UTC),
        progress=lambda _: None,
    )
    artifact.save(model, folder)
    return artifact.load(folder)


def test_training_repairs_and_says_so(repaired: Model) -> None:
    said = repaired.manifest["scorecards"]["application"]["calibration"]

    assert 0 < said["slope"] < 1
    assert said["error_after"] < said["error_before"]
    assert said["error_before"] > POOR_CALIBRATION_ERROR


def test_reasons_are_exact_for_the_repaired_probability(repaired: Model) -> None:
    card = repaired.scorecards["application"]
    rows = bundled_rows().matrix(card.predictors)[-200:].astype(np.float32)

    sums = card.reference.baseline + card.impacts(rows).sum(axis=1)

    assert np.abs(sums - card.probability_of_default(rows)).max() <= 1e-12


def test_the_artefact_keeps_the_line_that_was_applied(repaired: Model, tmp_path: Path) -> None:
    artifact.save(repaired, tmp_path)

    again = artifact.load(tmp_path).scorecards["application"]

    assert again.calibration == repaired.scorecards["application"].calibration
