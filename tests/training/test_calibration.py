"""Probabilities that are off are repaired by a line, where that helps rows nobody had seen."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from carded import trained
from drawing import bundled_rows, out_of_bag
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from creditscore.evaluation.metrics import auc, expected_calibration_error, log_loss
from creditscore.schema import ForestSettings, Schema
from creditscore.schema.reader import read_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.model import Model
from creditscore.scorecard.shapley import compute_shapley_tables
from creditscore.training import calibration
from creditscore.training.calibration import (
    POOR_CALIBRATION_ERROR,
    OutOfBag,
    fit_calibration,
    fit_line,
)
from creditscore.training.fit import (
    MAX_DRAWN,
    calibrate,
    fit_forest,
    flatten,
    out_of_bag_rows,
    predict_by_tree,
)
from creditscore.training.split import split

#: Trees that learn their rows by heart, and are far too sure of others.
OVERCONFIDENT = ForestSettings(trees=20, max_depth=16, min_samples_leaf=1, max_features=2)


def outcomes(*groups: tuple[float, float]) -> OutOfBag:
    """Make 1,000 rows for each pair of what one tree said and the share that turned out bad."""
    predicted = np.repeat([probability for probability, _ in groups], 1000)
    bad = np.concatenate([np.arange(1000) < 1000 * share for _, share in groups])
    return OutOfBag(predicted[np.newaxis], bad.astype(np.int64))


def test_the_line_is_the_one_worked_by_hand() -> None:
    # Of those told 10 %, 30 % defaulted; of those told 90 %, 70 %: a line through both points.
    line = fit_calibration(outcomes((0.1, 0.3), (0.9, 0.7)), seed=1)

    assert line.slope == pytest.approx(0.5, abs=1e-3)
    assert line.intercept == pytest.approx(0.25, abs=1e-3)
    assert line.error_before == pytest.approx(0.2, abs=1e-12)
    assert line.error_after < 0.03


def test_the_line_of_two_trees_is_fitted_to_what_each_row_was_told() -> None:
    # A row that a tree drew is told by the other one alone.
    rows = outcomes((0.1, 0.3), (0.9, 0.7))
    gap = np.where(np.arange(2000) % 2, np.nan, rows.by_tree[0])
    both = OutOfBag(np.stack([rows.by_tree[0], gap]), rows.bad)

    assert fit_line(both) == pytest.approx(fit_line(rows), abs=1e-3)


def test_leaves_are_held_between_0_and_1() -> None:
    # A slope of 4 about 0.5 takes the leaves of 0.2 to -0.7: they are held at 0.
    rows = outcomes((0.2, 0.0), (0.4, 0.1), (0.6, 0.9), (0.8, 1.0))

    line = fit_calibration(rows, seed=1)

    mapped = rows.recalibrated(line.slope, line.intercept)
    assert line.slope == pytest.approx(4, abs=0.1)
    assert (mapped.min(), mapped.max()) == (0, 1)
    assert mapped[1000] == pytest.approx(0.1, abs=0.02)


def test_a_line_that_would_rate_everybody_alike_or_upside_down_is_not_applied() -> None:
    line = fit_calibration(outcomes((0.1, 0.5), (0.5, 0.2)), seed=1)

    assert line.error_before > POOR_CALIBRATION_ERROR
    assert (line.slope, line.intercept) == (1, 0)


def test_what_is_right_is_left_alone() -> None:
    line = fit_calibration(outcomes((0.1, 0.1), (0.3, 0.3), (0.8, 0.8)), seed=1)

    assert (line.slope, line.intercept) == (1, 0)
    assert line.error_before == line.error_after < 0.01


def test_an_error_is_poor_by_the_rate_of_the_rarer_outcome() -> None:
    # Off by 0.02 on average: a fifth of a rate of 0.1, and a twenty-fifth of a rate of 0.5.
    rare = fit_calibration(outcomes((0.06, 0.04), (0.14, 0.16)), seed=1)
    frequent = fit_calibration(outcomes((0.32, 0.3), (0.68, 0.7)), seed=1)

    assert rare.slope == pytest.approx(1.5, abs=0.01)
    assert frequent.slope == 1


def test_what_a_line_does_not_help_is_left_alone() -> None:
    # Off in the middle, one way and the other: the best line is the one that is there.
    line = fit_calibration(outcomes((0.2, 0.3), (0.5, 0.1875), (0.8, 0.9)), seed=1)

    assert line.error_before > 0.02
    assert (line.slope, line.intercept) == (1, 0)
    assert line.error_after == line.error_before


def test_many_rows_are_fitted_on_some_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = outcomes((0.1, 0.3), (0.9, 0.7))
    monkeypatch.setattr(calibration, "MAX_ROWS", 500)

    line, again = (fit_calibration(rows, seed=1) for _ in range(2))

    assert line == again
    assert line.slope == pytest.approx(0.5, abs=0.15)
    assert line.slope != pytest.approx(0.5, abs=1e-3)


@given(
    leaves=st.lists(st.floats(0, 1), min_size=2, max_size=6),
    shares=st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)),
)
@settings(max_examples=100)
def test_no_leaf_leaves_0_to_1(leaves: list[float], shares: tuple[float, float]) -> None:
    rows = outcomes((0.4, shares[0]), (0.6, shares[1]))
    shape = np.zeros(len(leaves), dtype=np.int32)
    nodes = np.arange(len(leaves), dtype=np.int32)
    forest = Forest(nodes, shape, shape.astype(float), nodes, nodes, np.array(leaves), depth=0)

    line = fit_calibration(rows, seed=1)

    repaired = forest.recalibrated(line.slope, line.intercept)
    repaired.validate(1)
    assert 0 <= repaired.probability.min() <= repaired.probability.max() <= 1
    assert line.slope >= 0


def test_a_well_calibrated_forest_keeps_its_bits(full_model: Model) -> None:
    card = full_model.scorecards["application"]
    rows = split(bundled_rows(), full_model.manifest["seed"]).train
    spec = full_model.schema.scorecards["application"]

    constraints = full_model.schema.monotonic_constraints(card.predictors, card.name)

    grown = fit_forest(
        rows.matrix(card.predictors), rows.bad, spec.forest, seed=1, monotonic=constraints
    )

    assert (card.calibration.slope, card.calibration.intercept) == (1, 0)
    assert card.calibration.error_before <= POOR_CALIBRATION_ERROR
    assert card.forest.probability.tobytes() == flatten(grown).probability.tobytes()


@pytest.mark.parametrize("seed", [1, 2])
def test_an_overconfident_forest_is_repaired(schema: Schema, seed: int) -> None:
    data = bundled_rows()
    names = schema.scorecards["application"].fields
    train_rows, test_rows = slice(0, None, 7), slice(1, None, 7)
    matrix = data.matrix(names)
    grown = fit_forest(matrix[train_rows], data.bad[train_rows], OVERCONFIDENT, seed)

    repaired = calibrate(grown, matrix[train_rows], data.bad[train_rows], seed)
    line, forest = repaired.calibration, repaired.forest

    rows, bad = matrix[test_rows].astype(np.float32)[:4000], data.bad[test_rows][:4000]
    before = flatten(grown).probability_of_default(rows)
    after = forest.probability_of_default(rows)
    assert 0 < line.slope < 1
    assert line.error_after < line.error_before
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

    stretched = calibrate(grown, matrix, bad, seed=1)
    line, forest = stretched.calibration, stretched.forest

    assert line.slope > 1
    by_tree = predict_by_tree(grown, flatten(grown), matrix, np.arange(len(matrix)))
    expected = np.nanmean(np.clip(line.intercept + line.slope * by_tree, 0, 1), axis=0)
    assert stretched.out_of_bag.averaged(line).mean() == pytest.approx(expected, abs=1e-12)
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
    has_prediction = expected.sum(axis=1) > 0
    assert np.array_equal(np.isfinite(ours), has_prediction)
    assert ours[has_prediction] == pytest.approx(expected[has_prediction, 1], abs=1e-12)
    assert has_prediction.all() == (trees == 60)


@pytest.mark.parametrize("trees", [1, 3])
def test_rows_that_every_tree_drew_do_not_count(schema: Schema, trees: int) -> None:
    data = bundled_rows()
    names = schema.scorecards["application"].fields
    settings = ForestSettings(trees=trees, max_depth=3, min_samples_leaf=200, max_features=2)
    matrix, bad = data.matrix(names)[:4000], data.bad[:4000]
    grown = fit_forest(matrix, bad, settings, seed=1)

    line = calibrate(grown, matrix, bad, seed=1).calibration

    # Leaves of 200 rows are right by and large; a third of them taken for 0 would not be.
    assert np.isnan(out_of_bag(grown, flatten(grown), matrix)).any()
    assert line.error_before < 0.04


@pytest.fixture(scope="module")
def repaired(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Train on a schema of one's own that asks for leaves of one row; save and load the model."""
    document: dict[str, Any] = copy.deepcopy(dict(schema.document))
    application = document["scorecards"]["application"]
    document["scorecards"] = {"application": application}
    document["fields"] = {name: document["fields"][name] for name in application["fields"]}
    document.pop("sources")
    document.pop("governance")
    # Trees that are held to one way along the limit need less of a repair.
    document["fields"]["LIMIT_BAL"].pop("monotone")
    application["forest"] = {"trees": 20, "max_depth": 16, "min_samples_leaf": 1}
    folder = tmp_path_factory.mktemp("repaired")
    rows = bundled_rows().rows(np.arange(0, len(bundled_rows()), 7))
    model, _ = trained(rows, read_schema(document, "own.toml"), group="approved")
    artifact.save(model, folder)
    return artifact.load(folder)


def test_training_repairs_and_says_so(repaired: Model) -> None:
    entry = repaired.manifest["scorecards"]["application"]["calibration"]

    assert 0 < entry["slope"] < 1
    assert entry["error_after"] < entry["error_before"]
    assert entry["error_before"] > POOR_CALIBRATION_ERROR


def test_reasons_are_exact_for_the_repaired_probability(repaired: Model) -> None:
    card = repaired.scorecards["application"]
    rows = bundled_rows().matrix(card.predictors)[-200:].astype(np.float32)

    sums = card.reference.baseline + card.impacts(rows).sum(axis=1)

    assert np.abs(sums - card.probability_of_default(rows)).max() <= 1e-12


def test_the_artefact_keeps_the_line_that_was_applied(repaired: Model, tmp_path: Path) -> None:
    artifact.save(repaired, tmp_path)

    again = artifact.load(tmp_path).scorecards["application"]

    assert again.calibration == repaired.scorecards["application"].calibration


def test_of_many_rows_each_tree_draws_a_part_and_a_part_is_judged() -> None:
    """A million rows train in minutes, and their out-of-bag predictions fit into memory."""
    draw = np.random.default_rng(1)
    matrix = draw.random((MAX_DRAWN + 400, 2))
    bad = (draw.random(len(matrix)) < matrix[:, 0] / 2).astype(np.int64)
    settings = ForestSettings(trees=3, max_depth=3, min_samples_leaf=60)

    grown = fit_forest(matrix, bad, settings, seed=1)
    some = out_of_bag_rows(grown, flatten(grown), matrix, bad, seed=1, max_rows=2000)

    assert {len(sample) for sample in grown.estimators_samples_} == {MAX_DRAWN}
    indices = np.sort(np.random.default_rng(1).permutation(len(bad))[:2000])
    expected = out_of_bag(grown, flatten(grown), matrix)[indices]
    has_prediction = np.isfinite(expected)
    assert some.by_tree.shape == (3, has_prediction.sum())
    assert some.mean().tolist() == expected[has_prediction].tolist()
    assert some.bad.tolist() == bad[indices][has_prediction].tolist()
