"""The plots of the model card: drawn from its numbers, readable, and sound SVG."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from creditscore.model_card import plots

SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("roc", "calibration", "scores", "cutoffs", "partial_dependence", "fairness", "reasons")


@pytest.fixture(scope="module")
def card(model_dir: Path) -> Any:
    return json.loads((model_dir / "model_card.json").read_bytes())


@pytest.fixture(scope="module")
def drawn(model_dir: Path) -> dict[str, str]:
    files = (model_dir / "plots").glob("*.svg")
    return {path.stem: path.read_text(encoding="utf-8") for path in files}


def words_of(svg: str) -> list[str]:
    """Give the texts of a plot, as a reader's program finds them."""
    root = ElementTree.fromstring(svg)
    return ["".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("scorecard", ["application", "behavioural"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_plot_is_sound_and_names_its_scorecard(
    drawn: dict[str, str], card: Any, scorecard: str, kind: str
) -> None:
    svg = drawn[f"{scorecard}-{kind}"]

    words = words_of(svg)

    assert any(word.startswith(card["scorecards"][scorecard]["title"]) for word in words)
    assert not [word for word in words if "nan" in word.lower().split()]
    # Nothing is fetched from elsewhere; the names of namespaces and of the licence are no links.
    assert not re.search(r'(?:href|src)="(?!#)', svg)
    assert "<script" not in svg


def test_a_plot_follows_a_dark_page(drawn: dict[str, str]) -> None:
    for svg in drawn.values():
        assert "@media (prefers-color-scheme: dark)" in svg
        # What the rule looks for is there: text and lines in the ink of paper.
        assert f"fill: {plots.INK}" in svg
        assert f"stroke: {plots.INK}" in svg
        assert "fill: #ffffff" not in svg


def test_the_same_numbers_give_the_same_file(card: Any, drawn: dict[str, str]) -> None:
    assert plots.draw(card, "application", "roc") == drawn["application-roc"]


def test_other_numbers_give_another_file(card: Any, drawn: dict[str, str]) -> None:
    changes: list[tuple[str, Callable[[Any], object]]] = [
        ("roc", lambda section: section["curves"]["roc"]["declined_bad"].__setitem__(50, 0.9)),
        ("scores", lambda section: section["curves"]["scores"]["good"].__setitem__(2, 4000)),
        ("cutoffs", lambda section: section["curves"]["cutoffs"][30].update(cost=0.1)),
        ("reasons", lambda section: section["explanation"]["reasons"][0].update(given=9)),
    ]
    for kind, change in changes:
        changed = copy.deepcopy(card)
        change(changed["scorecards"]["application"])

        assert plots.draw(changed, "application", kind) != drawn[f"application-{kind}"]


def test_the_fairness_bars_name_every_group_and_mark_the_small_ones(
    drawn: dict[str, str], card: Any
) -> None:
    words = words_of(drawn["application-fairness"])

    for name, one in card["scorecards"]["application"]["fairness"].items():
        for group in one["groups"]:
            label = f"{card['fields'][name]['title']}: {group['group']} ({group['rows']:,})"
            assert label + ("*" if group["verdict"] == "inconclusive" else "") in words
    assert "(* too few rows to be compared)" in words


def test_axes_have_their_units(drawn: dict[str, str]) -> None:
    curves = words_of(drawn["behavioural-partial_dependence"])
    assert curves.count("(New Taiwan dollars)") == 7
    assert curves.count("(months late)") == 3
    assert "(years)" in curves
    assert "Mean probability of default" in curves
    assert "Score in points (higher is safer)" in words_of(drawn["application-scores"])
    assert any(
        word.endswith("held-out refusals") for word in words_of(drawn["behavioural-reasons"])
    )


def test_where_the_risk_goes_the_wrong_way_is_marked(drawn: dict[str, str], card: Any) -> None:
    curves = card["scorecards"]["behavioural"]["behaviour"]["partial_dependence"]
    steps = sum(len(curve["wrong_steps"]) for curve in curves.values())

    svg = drawn["behavioural-partial_dependence"]

    assert steps > 0
    assert svg.count("stroke-width: 2.5") == steps
    assert "(thick and orange: where the risk goes the wrong way)" in words_of(svg)


def test_shares_of_a_handful_are_left_out_of_the_cutoff_curve(card: Any) -> None:
    row = {"approval_rate": 0.001, "bad_rate_approved": 1.0, "bad_rate_declined": 0.2}

    assert plots._share_of_enough(row, "bad_rate_approved", 6000) != row["bad_rate_approved"]
    assert plots._share_of_enough(row, "bad_rate_declined", 6000) == 0.2
    assert plots._share_of_enough(row, "approval_rate", 6000) == 0.001
