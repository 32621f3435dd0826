"""Other splits and other seeds of a small model, in its card, its Markdown and its summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from carded import Carded, carded
from small_card import small_card

from creditscore import model_card, training
from creditscore.evaluation.card import read_card
from creditscore.model_card import report
from creditscore.model_card.markdown import to_markdown
from creditscore.model_card.stability_sections import over_splits_in_short

SPLITS, SEEDS = 3, 2


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Carded:
    folder = tmp_path_factory.mktemp("stable")
    return carded(folder, rows=1500, trees=30, other_seeds=SEEDS, other_splits=SPLITS)


def sections(trained: Carded) -> list[tuple[str, Any]]:
    return list(trained.card["scorecards"].items())


def test_the_stored_spread_covers_most_of_what_another_seed_moves(trained: Carded) -> None:
    for card in trained.model.scorecards.values():
        spread = card.retraining_spread
        assert spread is not None
        assert len(spread.edges) >= 9
        assert 0 < max(spread.spreads) < 0.2


def test_markdown_and_summary_name_the_figure_over_splits_first(
    trained: Carded, tmp_path: Path
) -> None:
    text = to_markdown(read_card(trained.card))
    printed = " ".join(report.summarise(trained.model, tmp_path, plots=False).split())
    performance = text.split(". Performance\n")[1].split(". Decision\n")[0]

    for section in read_card(trained.card).scorecards.values():
        headline = over_splits_in_short(section)
        assert headline.startswith("Over 3 other splits of the rows: AUC 0.")
        assert f" {section.title}\n\n**{headline}**" in performance
        assert headline in printed
        assert "| higher than |" in performance
    assert text.count("with 3 seeds") == len(sections(trained))
    assert printed.count("With 3 seeds") == len(sections(trained))


def test_progress_has_a_step_for_each_split_and_one_for_the_seeds(trained: Carded) -> None:
    schema = trained.model.schema
    expected = model_card.steps(schema, other_splits=SPLITS)
    expected += (training.STEPS + 1) * len(schema.scorecards)

    assert len(trained.steps) == expected
    assert "testing the application scorecard on split 3 of 3" in trained.steps


def test_a_quick_training_says_what_it_left_out(tmp_path: Path) -> None:
    quick = carded(tmp_path, rows=1200)

    for name, section in sections(quick):
        assert section["cross_validation"] is section["retraining"] is None
        assert quick.model.scorecards[name].retraining_spread is None
    sentence = "Measured on one split and with one seed only"
    assert to_markdown(read_card(quick.card)).count(sentence) == 2
    assert report.summarise(quick.model, tmp_path, plots=False).count(sentence) == 2


def test_a_table_too_small_for_other_splits_says_so() -> None:
    card = small_card(cross_validation={"splits": 1, "left_out": 7, "figures": {}})

    assert over_splits_in_short(card.scorecards["one"]).startswith(
        "Other splits of the rows could not be measured: of 8, 7 have"
    )


def test_a_card_of_an_earlier_release_says_nothing() -> None:
    assert over_splits_in_short(small_card().scorecards["one"]) == ""
