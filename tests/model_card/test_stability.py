"""Other splits and other seeds of a small model, in its card, its Markdown and its summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from carded import Carded, carded
from sklearn.metrics import roc_auc_score
from small_card import small_card

from creditscore import model_card, training
from creditscore.evaluation.card import read_card
from creditscore.model_card import report
from creditscore.model_card.markdown import to_markdown
from creditscore.model_card.stability_sections import over_splits_in_short
from creditscore.schema import Schema
from creditscore.training.fit import grow
from creditscore.training.split import join, split

SPLITS, SEEDS = 3, 2


@pytest.fixture(scope="module")
def found(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> Carded:
    folder = tmp_path_factory.mktemp("stable")
    return carded(schema, folder, rows=1500, other_seeds=SEEDS, other_splits=SPLITS)


def sections(found: Carded) -> list[tuple[str, Any]]:
    return list(found.card["scorecards"].items())


def test_each_split_is_trained_and_tested_on_as_the_shipped_one(found: Carded) -> None:
    whole = join(found.train, found.test)
    for name, section in sections(found):
        aucs = []
        for seed in range(2, 2 + SPLITS):
            rows = split(whole, seed)
            predictors = found.model.scorecards[name].predictors
            spec, schema = found.model.schema.scorecards[name], found.model.schema
            forest = grow(rows.train, predictors, schema, spec, seed=1).forest
            predicted = forest.probability_of_default(rows.test.matrix(predictors).astype("f4"))
            aucs.append(roc_auc_score(rows.test.bad, predicted))

        repeated = section["cross_validation"]
        auc = repeated["figures"]["auc"]
        assert repeated["splits"] == auc["count"] == SPLITS
        assert auc["mean"] == pytest.approx(np.mean(aucs), abs=1e-6)
        assert auc["sd"] == pytest.approx(np.std(aucs, ddof=1), abs=1e-6)
        assert (auc["lowest"], auc["highest"]) == pytest.approx((min(aucs), max(aucs)), abs=1e-6)
        assert auc["shipped"] == section["performance"]["scorecard"]["auc"]["value"]


def test_the_shipped_figures_are_those_of_the_rest_of_the_card(found: Carded) -> None:
    for _, section in sections(found):
        figures, performance = section["cross_validation"]["figures"], section["performance"]
        for name in ("auc", "gini", "ks", "brier", "log_loss", "ece", "calibration_slope"):
            assert figures[name]["shipped"] == performance["scorecard"][name]["value"]
        for name in ("approval_rate", "bad_rate_approved"):
            assert figures[name]["shipped"] == section["decision"][name]["value"]


def test_other_seeds_are_compared_on_the_test_rows(found: Carded) -> None:
    for name, section in sections(found):
        card = found.model.scorecards[name]
        matrix = found.test.matrix(card.predictors)
        spec, schema = found.model.schema.scorecards[name], found.model.schema
        every = [card.forest] + [
            grow(found.train, card.predictors, schema, spec, seed=seed).forest for seed in (2, 3)
        ]
        predicted = np.array([one.probability_of_default(matrix.astype("f4")) for one in every])
        labels = predicted < found.model.policy.cutoff

        retraining = section["retraining"]
        assert retraining["seeds"] == 1 + SEEDS
        assert retraining["changed_rows"] == int((labels != labels[0]).any(axis=0).sum())
        assert retraining["probability_sd"]["largest"] == pytest.approx(
            predicted.std(axis=0, ddof=1).max(), abs=1e-6
        )


def test_the_stored_spread_covers_most_of_what_another_seed_moves(found: Carded) -> None:
    for card in found.model.scorecards.values():
        spread = card.retraining_spread
        assert spread is not None
        assert len(spread.edges) >= 9
        assert 0 < max(spread.spreads) < 0.2


def test_markdown_and_summary_name_the_figure_over_splits_first(
    found: Carded, tmp_path: Path
) -> None:
    text = to_markdown(read_card(found.card))
    printed = " ".join(report.summarise(found.model, tmp_path, plots=False).split())
    performance = text.split(". Performance\n")[1].split(". Decision\n")[0]

    for section in read_card(found.card).scorecards.values():
        said = over_splits_in_short(section)
        assert said.startswith("Over 3 other splits of the rows: AUC 0.")
        assert f" {section.title}\n\n**{said}**" in performance
        assert said in printed
        assert "| higher than |" in performance
    assert text.count("with 3 seeds") == len(sections(found))
    assert printed.count("With 3 seeds") == len(sections(found))


def test_progress_has_a_step_for_each_split_and_one_for_the_seeds(found: Carded) -> None:
    schema = found.model.schema
    expected = model_card.steps(schema, other_splits=SPLITS)
    expected += (training.STEPS + 1) * len(schema.scorecards)

    assert len(found.steps) == expected
    assert "testing the application scorecard on split 3 of 3" in found.steps


def test_a_quick_training_says_what_it_left_out(schema: Schema, tmp_path: Path) -> None:
    quick = carded(schema, tmp_path, rows=1200)

    for name, section in sections(quick):
        assert section["cross_validation"] is section["retraining"] is None
        assert quick.model.scorecards[name].retraining_spread is None
    said = "Measured on one split and with one seed only"
    assert to_markdown(read_card(quick.card)).count(said) == 2
    assert report.summarise(quick.model, tmp_path, plots=False).count(said) == 2


def test_a_table_too_small_for_other_splits_says_so() -> None:
    card = small_card(cross_validation={"splits": 1, "left_out": 7, "figures": {}})

    assert over_splits_in_short(card.scorecards["one"]).startswith(
        "Other splits of the rows could not be measured: of 8, 7 have"
    )


def test_a_card_of_an_earlier_release_says_nothing() -> None:
    assert over_splits_in_short(small_card().scorecards["one"]) == ""
