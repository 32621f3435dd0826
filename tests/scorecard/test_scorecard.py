"""The forest as plain arrays says what scikit-learn's says, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from drawing import bundled_rows
from invented import draw_values
from sklearn.ensemble import RandomForestClassifier

from creditscore.arrays import Matrix
from creditscore.schema import ForestSettings, Schema
from creditscore.scorecard import forest as forest_module
from creditscore.scorecard.bins import Bins, TrainingBins
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.model import Model
from creditscore.scorecard.scorecard import Calibration, Reference, Scorecard, version
from creditscore.scorecard.shapley import compute_shapley_tables
from creditscore.training.fit import fit_forest, flatten

RANDOM_ROWS = 20_000


@dataclass(frozen=True)
class Pair:
    """A forest of scikit-learn's, the same as plain arrays, and rows to compare them on."""

    theirs: RandomForestClassifier
    ours: Forest
    bundled: Matrix
    random: Matrix

    def agree(self, matrix: Matrix) -> bool:
        theirs = self.theirs.predict_proba(matrix)[:, 1]
        return np.array_equal(self.ours.probability_of_default(matrix), theirs)


@pytest.fixture(scope="module", params=["application", "behavioural"])
def pair(request: pytest.FixtureRequest, schema: Schema) -> Pair:
    data = bundled_rows().rows(np.arange(6000))
    spec = schema.scorecards[request.param]
    matrix = data.matrix(spec.fields)
    theirs = fit_forest(matrix, data.bad, spec.forest, seed=1)
    draw = np.random.default_rng(1)
    columns = [
        [rule.encode(value) for value in draw_values(rule, RANDOM_ROWS, draw)]
        for rule in (schema.fields[name].rule for name in spec.fields)
    ]
    return Pair(
        theirs,
        flatten(theirs),
        bundled=matrix.astype(np.float32),
        random=np.column_stack(columns).astype(np.float32),
    )


# Beside scikit-learn


def test_the_rows_that_it_learned_from_get_the_same_bits(pair: Pair) -> None:
    assert pair.agree(pair.bundled)


def test_rows_all_over_the_accepted_ranges_get_the_same_bits(pair: Pair) -> None:
    assert pair.agree(pair.random)


def test_rows_on_and_just_beside_the_thresholds_get_the_same_bits(pair: Pair) -> None:
    """Single precision decides on which side a value falls."""
    inner = pair.ours.left != np.arange(len(pair.ours.left))
    thresholds, columns = pair.ours.threshold[inner], pair.ours.column[inner]
    draw = np.random.default_rng(2)
    picked = draw.choice(len(thresholds), size=min(4000, len(thresholds)), replace=False)
    on = thresholds[picked].astype(np.float32)
    blocks = []
    for values in (on, np.nextafter(on, np.float32(np.inf)), np.nextafter(on, np.float32(-np.inf))):
        rows = pair.random[draw.integers(RANDOM_ROWS, size=len(picked))]
        rows[np.arange(len(picked)), columns[picked]] = values
        blocks.append(rows)

    assert pair.agree(np.concatenate(blocks))


# One way or another


def test_a_row_gets_the_same_bits_alone_as_among_others(pair: Pair) -> None:
    some = pair.random[:300]

    alone = [pair.ours.probability_of_default(row[np.newaxis])[0] for row in some]

    assert np.array_equal(alone, pair.ours.probability_of_default(some))


@pytest.mark.parametrize("block", [1, 100, 700, 10**9])
def test_the_size_of_the_blocks_does_not_matter(
    pair: Pair, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = pair.random[:50]
    expected = pair.ours.probability_of_default(some)

    monkeypatch.setattr(forest_module, "BLOCK", block)

    assert np.array_equal(pair.ours.probability_of_default(some), expected)


def test_a_forest_that_learned_nothing_gives_all_rows_the_average() -> None:
    """All its trees are single leaves."""
    matrix, bad = np.zeros((100, 2)), np.repeat([0, 1], 50)
    settings = ForestSettings(trees=200, min_samples_leaf=60)
    forest = flatten(fit_forest(matrix, bad, settings, seed=1))

    predicted = forest.probability_of_default(matrix.astype(np.float32))

    assert forest.depth == 0
    assert len(set(predicted.tolist())) == 1
    assert abs(predicted[0] - 0.5) < 0.05


# A hand-made forest


def by_hand(**changes: Any) -> Forest:
    """Two trees: the first splits at 10 on column 1, the second is a leaf."""
    forest = Forest(
        roots=np.array([0, 3], np.int32),
        column=np.array([1, 0, 0, 0], np.int32),
        threshold=np.array([10.0, 0, 0, 0]),
        left=np.array([1, 1, 2, 3], np.int32),
        right=np.array([2, 1, 2, 3], np.int32),
        probability=np.array([0.3, 0.1, 0.5, 0.2]),
        depth=1,
    )
    return replace(forest, **changes)


def test_a_value_up_to_the_threshold_goes_left() -> None:
    matrix = np.array([[0, 10], [0, 10.001], [99, -1]], np.float32)

    predicted = by_hand().probability_of_default(matrix)

    assert predicted.tolist() == [(0.1 + 0.2) / 2, (0.5 + 0.2) / 2, (0.1 + 0.2) / 2]


def test_a_forest_as_it_should_be_is_valid() -> None:
    by_hand().validate(n_columns=2)


def ints(*values: int) -> Any:
    return np.array(values, np.int32)


MALFORMED: dict[str, tuple[dict[str, Any], str]] = {
    "wide integers": (
        {"left": np.array([1, 1, 2, 3], np.int64)},
        "a node array is not of 32-bit integers",
    ),
    "floats for nodes": (
        {"column": np.zeros(4)},
        "a node array is not of 32-bit integers",
    ),
    "a table of roots": (
        {"roots": ints(0, 3)[np.newaxis]},
        "a node array is not of 32-bit integers",
    ),
    "narrow numbers": (
        {"threshold": np.zeros(4, np.float32)},
        "a node array is not of 64-bit numbers",
    ),
    "a table of numbers": (
        {"probability": np.zeros((4, 1))},
        "a node array is not of 64-bit numbers",
    ),
    "too few": ({"threshold": np.zeros(3)}, "the node arrays differ in length"),
    "too many": ({"right": ints(2, 1, 2, 3, 3)}, "the node arrays differ in length"),
    "no trees": ({"roots": ints()}, "the forest is empty"),
    "a child after the end": ({"right": ints(4, 1, 2, 3)}, "a node points outside the forest"),
    "a child before the start": ({"left": ints(-1, 1, 2, 3)}, "a node points outside the forest"),
    "a root after the end": ({"roots": ints(0, 4)}, "a node points outside the forest"),
    "a column too many": ({"column": ints(2, 0, 0, 0)}, "a node points outside the forest"),
    "a column before the first": ({"column": ints(-1, 0, 0, 0)}, "a node points outside the"),
    "a depth below zero": ({"depth": -1}, "the depth is not that of any of its trees"),
    "a depth without end": ({"depth": 10**12}, "the depth is not that of any of its trees"),
    "a depth in words": ({"depth": "1"}, "the depth is not that of any of its trees"),
    "above 1": (
        {"probability": np.array([0, 1.1, 1.1, 1])},
        "a probability is not between 0 and 1",
    ),
    "below 0": ({"probability": np.array([0, 0, -0.1, 0])}, "a probability is not between 0 and 1"),
    "no nodes": (
        dict.fromkeys(("column", "left", "right"), ints())
        | dict.fromkeys(("threshold", "probability"), np.empty(0)),
        "the forest is empty",
    ),
    "nan": ({"probability": np.array([0, 0, 0, np.nan])}, "a probability is not between 0 and 1"),
}


@pytest.mark.parametrize(("changes", "problem"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_arrays_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        by_hand(**changes).validate(n_columns=2)


# The version


SCORES = Bins((), (500.0,), 400.0, 600.0, ("under 500", "500 and over"), (40, 60), 6.63)
REFERENCE = Reference(
    group="approved_training_rows",
    rows=100,
    baseline=0.25,
    medians={"income": 4.0, "months": 6.0},
    spreads={"income": 5.0, "months": 8.0},
)


def card(**changes: Any) -> Scorecard:
    scorecard = Scorecard(
        name="short",
        predictors=("income", "months"),
        monitored=("sex",),
        forest=by_hand(),
        calibration=Calibration(1.0, 0.0, 0.01, 0.01),
        shapley_tables=compute_shapley_tables(by_hand(), np.zeros((1, 2), dtype=np.float32)),
        reference=REFERENCE,
        training_ranges={"income": [1, 9], "months": [0, 12], "sex": [1, 2]},
        training_bins=TrainingBins(SCORES, {"sex": replace(SCORES, codes=(1, 2), edges=())}),
    )
    return replace(scorecard, **changes)


POLICY = {"cutoff": 0.25, "base_points": 600.0}
ENCODING = [["home", [["rent", 1], ["own", 2]]]]


def version_of(scorecard: Scorecard) -> str:
    return version(scorecard, policy=POLICY, encoding=ENCODING)


def changed(name: str, index: int, difference: float) -> Callable[[], Scorecard]:
    def change() -> Scorecard:
        array = np.array(getattr(by_hand(), name))
        array[index] += difference
        return card(forest=by_hand(**{name: array}))

    return change


CHANGES: dict[str, Callable[[], Scorecard]] = {
    "a probability's last bit": changed("probability", 2, 2**-53),
    "a threshold": changed("threshold", 0, 1e-9),
    "a column": changed("column", 0, -1),
    "a left child": changed("left", 0, 1),
    "a right child": changed("right", 0, -1),
    "a root": changed("roots", 1, -1),
    "the depth": lambda: card(forest=by_hand(depth=2)),
    "the baseline": lambda: card(reference=replace(REFERENCE, baseline=0.2500000001)),
    "the predictors' order": lambda: card(predictors=("months", "income")),
    "what is monitored": lambda: card(monitored=()),
    "a training range": lambda: card(training_ranges={"income": [1, 10]}),
    "the reference group": lambda: card(reference=replace(REFERENCE, group="all_training_rows")),
    "whom reasons compare with": lambda: card(
        shapley_tables=compute_shapley_tables(by_hand(), np.array([[0, 11]], dtype=np.float32))
    ),
    "the name": lambda: card(name="long"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_version_changes_with_anything_that_is_computed(
    change: Callable[[], Scorecard],
) -> None:
    assert version_of(change()) != version_of(card())


def test_the_version_changes_with_the_policy_and_the_encoding() -> None:
    usual = version_of(card())

    assert version(card(), policy=POLICY | {"cutoff": 0.2}, encoding=ENCODING) != usual
    assert version(card(), policy=POLICY, encoding=[["home", [["own", 1], ["rent", 2]]]]) != usual


def test_the_version_is_the_same_for_the_same_numbers() -> None:
    assert version_of(card()) == version_of(Scorecard.from_dict(card().to_dict()))
    # Known forever: a replay years from now must come to the same name.
    assert version_of(card()) == "short-3a0f6399"


def test_the_byte_order_of_the_machine_does_not_matter() -> None:
    forest = by_hand()
    turned = {
        name: getattr(forest, name).astype(getattr(forest, name).dtype.newbyteorder(">"))
        for name in ("roots", "column", "threshold", "left", "right", "probability")
    }

    assert version_of(card(forest=by_hand(**turned))) == version_of(card())


def test_a_scorecard_survives_being_written_as_plain_data(model: Model) -> None:
    for trained in model.scorecards.values():
        again = Scorecard.from_dict(trained.to_dict())

        assert again.predictors == trained.predictors
        assert again.training_ranges == trained.training_ranges
        assert version_of(again) == version_of(trained)


def test_a_malformed_scorecard_is_not_rebuilt() -> None:
    content = card(forest=by_hand(roots=ints(0, 9))).to_dict()

    with pytest.raises(ValueError, match="a node points outside the forest"):
        Scorecard.from_dict(content)
