"""Verdicts of live figures, by numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from small_card import CUTOFF_ROW, small_card

from creditscore.monitoring.verdicts import (
    FAILS,
    NOTICE,
    OK,
    TOO_FEW,
    JudgedFigure,
    Reference,
    auc_error,
    judge_approvals,
    judge_auc,
    judge_calibration,
    judge_psi,
    read_reference,
    worst,
)
from creditscore.schema.triggers import Triggers

USUAL = Triggers()
CARD = Reference(rows=6000, approval_rate=0.65, auc=0.7, auc_error=0.01)


@pytest.mark.parametrize(
    ("psi", "significant", "verdict"),
    [
        (None, None, TOO_FEW),
        (0.0999, True, OK),
        (0.10, True, NOTICE),
        (0.2499, True, NOTICE),
        (0.25, True, FAILS),
        (0.25, False, NOTICE),
    ],
)
def test_an_index_fails_from_its_limit_on(
    psi: float | None, significant: bool | None, verdict: str
) -> None:
    shift = {"psi": psi, "significant": significant}

    assert judge_psi(shift, limit=0.25, notice=0.1) == JudgedFigure(psi, verdict)


@pytest.mark.parametrize(
    ("approved", "decisions", "value", "verdict"),
    [
        (150, 299, None, TOO_FEW),
        # Ten points away are not beyond the limit of ten.
        (225, 300, 0.75, OK),
        (165, 300, 0.55, OK),
        (226, 300, 226 / 300, FAILS),
        (164, 300, 164 / 300, FAILS),
    ],
)
def test_approvals_fail_more_than_ten_points_away(
    approved: int, decisions: int, value: float | None, verdict: str
) -> None:
    assert judge_approvals(approved, decisions, CARD, USUAL) == JudgedFigure(value, verdict)


def test_approvals_that_chance_could_explain_are_a_notice() -> None:
    """Of 20, 11 points away: z = 0.11 / sqrt(0.65 x 0.35 / 20) = 1.03."""
    triggers = Triggers(min_decisions=20)

    figure = judge_approvals(10, 20, CARD, triggers)

    assert figure == JudgedFigure(0.5, NOTICE)


def test_the_error_of_an_auc_is_that_of_hanley_and_mcneil() -> None:
    """AUC 0.8 of 100 and 100: Q1 = 2/3, Q2 = 1.28/1.8.

    (0.16 + 99 x (0.66667 - 0.64) + 99 x (0.71111 - 0.64)) / 10,000 = 0.000984.
    """
    assert auc_error(0.8, 100, 100) == pytest.approx(0.03137, abs=1e-5)


@pytest.mark.parametrize(
    ("auc", "bads", "matured", "verdict"),
    [
        (0.60, 60, 299, TOO_FEW),
        (0.65, 300, 1200, OK),
        (0.75, 300, 1200, OK),
        # Standard error of the live one: 0.019; 0.06 below is 2.8 of both together.
        (0.64, 300, 1200, FAILS),
        # The same of 300 with 60 defaults: 0.041, so 1.4.
        (0.64, 60, 300, NOTICE),
    ],
)
def test_an_auc_fails_more_than_a_twentieth_below_the_card(
    auc: float, bads: int, matured: int, verdict: str
) -> None:
    figure = judge_auc(auc, bads, matured, CARD, USUAL)

    assert figure == JudgedFigure(None if verdict == TOO_FEW else auc, verdict)


@pytest.mark.parametrize(
    ("observed", "rows", "verdict"),
    [
        (80, 399, OK),  # 79.8 are expected.
        (100, 400, OK),  # 1.25 is not outside.
        (101, 400, FAILS),  # 21 more than 80, with a spread of 8.
        (63, 400, FAILS),
        (1, 299, TOO_FEW),
    ],
)
def test_calibration_fails_outside_its_interval(observed: int, rows: int, verdict: str) -> None:
    figure = judge_calibration(np.full(rows, 0.2), observed, USUAL)

    assert figure.verdict == verdict
    if verdict != TOO_FEW:
        assert figure.value == pytest.approx(observed / (0.2 * rows))


def test_a_ratio_that_chance_could_explain_is_a_notice() -> None:
    """Of 300 at 0.01 three are expected, with a spread of 1.7: five are not many."""
    assert judge_calibration(np.full(300, 0.01), 5, USUAL).verdict == NOTICE


def test_the_card_is_read_at_the_cutoff_in_force() -> None:
    rows = [{**CUTOFF_ROW, "approval_rate": percent / 100} for percent in range(1, 100)]
    auc = {"value": 0.7, "low": 0.68040036, "high": 0.71959964}
    card = small_card(performance={"rows": 50, "scorecard": {"auc": auc}}, curves={"cutoffs": rows})

    reference = read_reference(card.scorecards["one"], 0.255)

    assert reference.approval_rate == pytest.approx(0.255)
    assert (reference.rows, reference.auc) == (50, 0.7)
    assert reference.auc_error == pytest.approx(0.01, abs=1e-6)


def test_the_worst_verdict_is_that_of_the_whole() -> None:
    assert worst([OK, TOO_FEW, NOTICE]) == NOTICE
    assert worst([OK, FAILS, NOTICE]) == FAILS
    assert worst([TOO_FEW, OK]) == OK
    assert worst([]) == TOO_FEW
