"""The loss that probabilities lead to expect, and the one that came true, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from creditscore.evaluation.confidence_intervals import wilson
from creditscore.evaluation.expected_loss import expected_loss

#: 100 rows of which 20 are bad, each given 0.1, and 50 that are refused, all bad.
BAD = np.array([1] * 20 + [0] * 80 + [1] * 50)
PREDICTED = np.array([0.1] * 100 + [0.25] * 50)


def test_a_default_costs_the_ratio_and_a_good_account_earns_one() -> None:
    result = expected_loss(BAD, PREDICTED, cutoff=0.25, loss_to_margin=4)

    assert result is not None
    assert result.approved == 100
    assert result.expected_loss == pytest.approx(0.4)
    assert result.expected_result == pytest.approx(0.9 - 0.4)
    low, high = wilson(20, 100)
    assert result.loss == pytest.approx({"value": 0.8, "low": 4 * low, "high": 4 * high}, abs=1e-5)
    # 80 margins less 20 x 4.
    assert result.result["value"] == 0
    assert result.result["low"] == pytest.approx(1 - 5 * high, abs=1e-5)
    assert result.result["high"] == pytest.approx(1 - 5 * low, abs=1e-5)
    assert result.verdict == "more_bad"


@pytest.mark.parametrize(
    ("probability", "verdict"), [(0.13, "more_bad"), (0.2, "as_predicted"), (0.24, "as_predicted")]
)
def test_the_verdict_is_that_of_the_bad_rate(probability: float, verdict: str) -> None:
    """Of 100 with 20 bad the interval of the rate is 0.133 to 0.289."""
    predicted = np.where(PREDICTED < 0.25, probability, PREDICTED)

    result = expected_loss(BAD, predicted, cutoff=0.25, loss_to_margin=4)

    assert result is not None
    assert result.verdict == verdict


def test_weights_count_people() -> None:
    weights = np.where(BAD == 1, 2.0, 1.0)

    result = expected_loss(BAD, PREDICTED, cutoff=0.25, loss_to_margin=3, weights=weights)

    assert result is not None
    assert result.loss["value"] == pytest.approx(3 * 40 / 120)


def test_where_nobody_is_approved_there_is_no_loss() -> None:
    assert expected_loss(BAD, PREDICTED, cutoff=0.05, loss_to_margin=3) is None
