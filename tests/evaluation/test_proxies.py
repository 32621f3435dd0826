"""How well a field can be told, by hand and by scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from creditscore.arrays import Floats, Ints
from creditscore.evaluation import BootstrapResamples
from creditscore.evaluation.proxies import bin_means, mean_auc, r_squared, strength


def make_draws(rows: int, weights: Floats | None = None, *, count: int = 0) -> BootstrapResamples:
    return BootstrapResamples(rows, seed=1, count=count, case_weights=weights)


def test_r_squared_is_the_share_of_the_variance() -> None:
    """Around the mean 2 the squares sum to 2; those around the predictions to 0.5."""
    actual = np.array([1.0, 2.0, 3.0])

    assert r_squared(actual, np.array([1.5, 2.0, 2.5]), make_draws(3)) == pytest.approx(0.75)
    assert r_squared(actual, np.full(3, 2.0), make_draws(3)) == pytest.approx(0)
    assert r_squared(actual, actual[::-1], make_draws(3)) == pytest.approx(1 - 8 / 2)
    assert r_squared(np.full(3, 2.0), actual, make_draws(3)) is None


def test_weighted_figures_are_scikit_learns() -> None:
    random = np.random.default_rng(1)
    actual = random.integers(3, size=400)
    scores = random.random((400, 3)) + np.eye(3)[actual] / 3
    weights = random.random(400) + 0.1

    auc = mean_auc(actual, scores, make_draws(400, weights), min_rows=30)

    aucs = [
        roc_auc_score(actual == value, scores[:, value], sample_weight=weights)
        for value in range(3)
    ]
    assert auc == pytest.approx(np.mean(aucs))
    numbers = scores[:, 0]
    assert r_squared(numbers, numbers.round(1), make_draws(400, weights)) == pytest.approx(
        r2_score(numbers, numbers.round(1), sample_weight=weights)
    )


def test_a_rare_value_is_left_out_of_the_mean() -> None:
    actual = np.array([0] * 40 + [1] * 40 + [2] * 29)
    scores = np.column_stack([actual == 0, actual != 0, actual == 0]).astype(np.float64)

    auc = mean_auc(actual, scores, make_draws(109), min_rows=30)

    # The first value is told for sure; for the second, 40 of the 69 others are told apart from it
    # and 29 are tied.
    assert auc == pytest.approx((1 + (40 + 29 / 2) / 69) / 2)
    assert mean_auc(actual[:40], scores[:40], make_draws(40), min_rows=30) is None


def test_each_draw_is_measured_as_its_rows_would_be() -> None:
    random = np.random.default_rng(1)
    actual: Ints = random.integers(3, size=300)
    scores = random.random((300, 3)) + np.eye(3)[actual] / 3
    draws = make_draws(300, count=5)
    # How often each row is in each draw.
    (_, *often) = draws.over(lambda weights: weights).astype(np.int64)

    aucs = mean_auc(actual, scores, draws, min_rows=30)
    shares = r_squared(scores[:, 0], scores[:, 1], draws)

    assert aucs is not None
    assert shares is not None
    for index, counts in enumerate(often, start=1):
        rows = np.repeat(np.arange(300), counts)
        exact_aucs = [
            roc_auc_score(actual[rows] == value, scores[rows, value]) for value in range(3)
        ]
        assert aucs[index] == pytest.approx(np.mean(exact_aucs))
        assert shares[index] == pytest.approx(r2_score(scores[rows, 0], scores[rows, 1]))


@pytest.mark.parametrize(
    ("measure", "value", "word"),
    [
        ("auc", 0.59, "weak"),
        ("auc", 0.6, "moderate"),
        ("macro_auc", 0.7, "strong"),
        ("r2", 0.12, "weak"),
        ("r2", 0.13, "moderate"),
        ("r2", 0.26, "strong"),
        ("r2", None, None),
    ],
)
def test_strength_in_one_word(measure: str, value: float | None, word: str | None) -> None:
    assert strength(measure, value) == word


def test_bins_have_their_mean_and_an_empty_one_that_of_all() -> None:
    targets = np.array([[1.0], [3.0], [8.0]])

    means = bin_means(targets, np.array([0, 0, 2]), bins=4)
    weighted = bin_means(targets, np.array([0, 0, -1]), np.array([1.0, 3.0, 4.0]), bins=1)

    assert means[:, 0].tolist() == [4, 2, 4, 8, 4]
    assert weighted[:, 0].tolist() == [(1 + 9 + 32) / 8, 10 / 4]
