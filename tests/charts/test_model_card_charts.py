"""The plots of the model card: drawn from its numbers, readable, and sound SVG."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from creditscore.charts.axes import Axes
from creditscore.charts.model_card_charts import model_card_plots
from creditscore.charts.svg import Plot, sheet
from creditscore.evaluation.card import read_card
from creditscore.i18n.catalogue import PAGE_TEXTS

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def plots(card: Any) -> dict[str, str]:
    return draw(card)


def draw(card: Any) -> dict[str, str]:
    return dict(model_card_plots(read_card(card), PAGE_TEXTS["en"]))


def words_of(svg: str) -> list[str]:
    """Give the texts of a plot, as a reader's program finds them."""
    return [str(text.text) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_plot_is_sound_and_names_its_scorecard(plots: dict[str, str], card: Any) -> None:
    assert {file.partition("-")[0] for file in plots} == set(card["scorecards"])
    for file, svg in plots.items():
        title = card["scorecards"][file.partition("-")[0]]["title"]
        words = words_of(svg)

        assert words[0].startswith(title)
        assert not [word for word in words if "nan" in word.lower().split()]
        assert "nan" not in re.sub("<text.*?</text>", "", svg)
        # Nothing is fetched from elsewhere, and nothing runs.
        assert "href" not in svg
        assert "<script" not in svg


def test_a_file_is_legible_on_any_page(plots: dict[str, str]) -> None:
    """White ground and fixed colours; every class that is drawn has a colour of its own."""
    for svg in plots.values():
        root = ElementTree.fromstring(svg)
        ground, style = root.find(f"{SVG}rect"), root.findtext(f"{SVG}style")

        assert ground is not None
        assert (ground.get("width"), ground.get("fill")) == ("100%", "#fff")
        assert "prefers-color-scheme" not in svg
        assert style is not None
        for element in root.iter():
            for name in element.get("class", "").split():
                assert f".{name}{{" in style, name


def test_what_is_drawn_lies_within_the_sheet(plots: dict[str, str]) -> None:
    for svg in plots.values():
        root = ElementTree.fromstring(svg)
        wide, high = float(root.get("width", 0)), float(root.get("height", 0))
        for group in root.findall(f"{SVG}g"):
            left, top = map(float, re.findall(r"[\d.]+", group.get("transform", "")))
            for bar in group.iter(f"{SVG}rect"):
                box = [float(bar.get(name, 0)) for name in ("x", "y", "width", "height")]
                assert min(box) >= 0
                assert left + box[0] + box[2] <= wide
                assert top + box[1] + box[3] <= high


def test_the_same_numbers_give_the_same_files(card: Any, plots: dict[str, str]) -> None:
    assert draw(copy.deepcopy(card)) == plots


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("roc", lambda section: section["curves"]["roc"]["declined_bad"].__setitem__(50, 0.9)),
        ("scores", lambda section: section["curves"]["scores"]["good"].__setitem__(2, 4000)),
        ("cutoffs", lambda section: section["curves"]["cutoffs"][30].update(cost=0.1)),
        ("reasons", lambda section: section["explanation"]["reasons"][0].update(given=9)),
    ],
)
def test_other_numbers_give_another_file(
    card: Any, plots: dict[str, str], kind: str, change: Callable[[Any], object]
) -> None:
    changed = copy.deepcopy(card)

    change(changed["scorecards"]["application"])

    files = draw(changed)
    assert {name for name in files if files[name] != plots[name]} == {f"application-{kind}.svg"}


def test_the_fairness_bars_name_every_group_and_mark_the_small_ones(
    plots: dict[str, str], card: Any
) -> None:
    words = words_of(plots["application-fairness.svg"])

    for name, field_fairness in card["scorecards"]["application"]["fairness"].items():
        for group in field_fairness["groups"]:
            label = f"{card['fields'][name]['title']}: {group['group']} ({group['rows']:,})"
            small = group["verdict"] == "inconclusive"
            assert words.count(label + ("*" if small else "")) == 3
    assert "(* too few rows to be compared)" in " ".join(words)


def test_a_scorecard_without_protected_fields_or_refusals_is_drawn(card: Any) -> None:
    changed = copy.deepcopy(card)
    section = changed["scorecards"]["application"]
    section["fairness"] = {}
    section["explanation"] |= {"reasons": [], "refusals": 0}

    files = draw(changed)

    assert "protected groups: none" in " ".join(words_of(files["application-fairness.svg"]))
    assert "Share of the 0 held-out refusals" in words_of(files["application-reasons.svg"])


def test_axes_have_their_units(plots: dict[str, str]) -> None:
    curves = " ".join(words_of(plots["behavioural-partial_dependence.svg"]))

    for unit, count in (("New Taiwan dollars", 7), ("months late", 3), ("years", 1)):
        assert curves.count(f"({unit})") == count
    assert "Score" in words_of(plots["application-scores.svg"])
    assert any("held-out refusals" in text for text in words_of(plots["application-reasons.svg"]))


def test_steps_against_the_expected_direction_are_marked(plots: dict[str, str], card: Any) -> None:
    curves = card["scorecards"]["behavioural"]["sensitivity"]["partial_dependence"]
    steps = sum(len(curve["violating_steps"]) for curve in curves.values())

    svg = plots["behavioural-partial_dependence.svg"]

    assert steps > 0
    assert svg.count('class="line-two"') == steps
    assert "(red: against the expected direction of the risk)" in " ".join(words_of(svg))


def test_rates_of_a_handful_are_left_out_of_the_cutoff_curve(
    card: Any, plots: dict[str, str]
) -> None:
    changed = copy.deepcopy(card)
    row = changed["scorecards"]["application"]["curves"]["cutoffs"][0]
    assert row["approval_rate"] < 0.001

    row["bad_rate_approved"] = 1.0

    assert draw(changed) == plots


def test_texts_are_escaped_in_files_and_in_pages() -> None:
    evil = '<script>"&'
    plot = Plot(
        Axes(0, 1, 0, 1), evil, evil, evil, evil, [(9, evil)], [(9, evil)], legend=[("one", evil)]
    )

    for svg in (plot.to_svg(), sheet(evil, [plot])):
        assert ElementTree.fromstring(svg) is not None
        assert "<script" not in svg
    assert ElementTree.fromstring(plot.to_svg()).get("aria-label") == f"{evil}. {evil}"
