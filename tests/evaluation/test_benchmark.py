"""Whether a scorecard beats the benchmark of the trade is said as the intervals have it."""

from __future__ import annotations

from typing import Any

import pytest
from small_card import small_card, small_cards

from creditscore.evaluation.benchmark import (
    BENCHMARK,
    benchmark_in_short,
    benchmark_paragraph,
    gain,
)
from creditscore.evaluation.card import Card
from creditscore.evaluation.confidence_intervals import Figure

UP: Figure = {"value": 0.02, "low": 0.01, "high": 0.03}
DOWN: Figure = {"value": -0.02, "low": -0.03, "high": -0.01}
NONE: Figure = {"value": 0.001, "low": -0.001, "high": 0.003}

UNJUSTIFIED = "its figures alone do not justify a forest"


def card(*differences: tuple[Any, Any]) -> Card:
    """Make a card of scorecards with these differences of AUC and Brier score."""
    return small_cards(
        {
            f"card{index}": {
                "title": f"Card {index}",
                "performance": {
                    "difference_to_baseline": {BENCHMARK: {"auc": auc, "brier": brier}}
                },
            }
            for index, (auc, brier) in enumerate(differences)
        }
    )


def test_a_gain_is_an_interval_that_leaves_out_zero_on_the_better_side() -> None:
    assert [gain(difference, better=1) for difference in (UP, DOWN, NONE, None)] == [1, -1, 0, 0]
    assert [gain(difference, better=-1) for difference in (UP, DOWN, NONE, None)] == [-1, 1, 0, 0]


def test_an_interval_that_touches_zero_is_no_gain() -> None:
    assert gain({"value": 0.01, "low": 0.0, "high": 0.02}, better=1) == 0
    assert gain({"value": -0.01, "low": -0.02, "high": 0.0}, better=-1) == 0


@pytest.mark.parametrize(
    ("differences", "sentence", "justified"),
    [
        ((UP, DOWN), "Card 0: better beyond noise, AUC +0.0200 (+0.0100 to +0.0300), Brier", True),
        ((UP, NONE), "Card 0: better beyond noise only in the AUC, AUC +0.0200", True),
        ((NONE, DOWN), "Card 0: better beyond noise only in the Brier score, AUC +0.0010", True),
        ((NONE, NONE), "Card 0: no better beyond noise, AUC +0.0010 (-0.0010 to +0.0030)", False),
        ((DOWN, NONE), "Card 0: worse beyond noise in the AUC, AUC -0.0200", False),
        ((DOWN, UP), "Card 0: worse beyond noise in the AUC and the Brier score, AUC", False),
        ((None, NONE), "Card 0: no better beyond noise, Brier score +0.0010", False),
    ],
)
def test_the_verdict_is_that_of_the_intervals(
    differences: tuple[Any, Any], sentence: str, justified: bool
) -> None:
    paragraph = benchmark_paragraph(card(differences), "en")

    assert paragraph is not None
    assert sentence in paragraph
    assert (UNJUSTIFIED not in paragraph) == justified


def test_one_scorecard_without_a_gain_is_enough_for_the_caution() -> None:
    paragraph = benchmark_paragraph(card((UP, DOWN), (NONE, NONE)), "en")

    assert paragraph is not None
    assert "Card 0: better beyond noise, AUC" in paragraph
    assert "Card 1: no better beyond noise, AUC" in paragraph
    assert UNJUSTIFIED in paragraph


def test_figures_are_written_in_the_language() -> None:
    paragraph = benchmark_paragraph(card((NONE, NONE)), "id")

    assert paragraph is not None
    assert "+0,0010 (-0,0010 sampai +0,0030)" in paragraph


def test_a_card_from_before_there_was_a_benchmark_says_nothing() -> None:
    old = small_card()

    assert benchmark_paragraph(old, "en") is None
    assert benchmark_in_short(old.scorecards["one"].performance) is None


def test_the_short_form_is_one_sentence() -> None:
    short = benchmark_in_short(card((UP, DOWN)).scorecards["card0"].performance)

    assert short == (
        "Against the WoE scorecard: better beyond noise, AUC +0.0200 (+0.0100 to +0.0300), "
        "Brier score -0.0200 (-0.0300 to -0.0100)."
    )
