"""Probabilities learned from rows that were drawn unevenly are those of the population.

The population is invented, so that its every probability is known.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from carded import by_command
from invented import Row
from population import Population, draw_population, write_table

from creditscore.arrays import Floats
from creditscore.evaluation.metrics import calibration_line, expected_calibration_error
from creditscore.evaluation.stability import population_stability_index
from creditscore.i18n.number_format import FORMATS
from creditscore.model_card.report import summarise
from creditscore.scorecard.model import Model

#: Bad rows of an undersampled table; as many good ones.
BADS = 1500


@pytest.fixture(scope="module")
def population() -> Population:
    return draw_population(100_000, seed=1)


@pytest.fixture(scope="module")
def bad_rate(population: Population) -> float:
    rate = float(population.bad.mean())
    assert 0.02 < rate < 0.04
    return rate


@pytest.fixture(scope="module")
def undersampled(population: Population) -> list[Row]:
    """As many good rows as bad ones, in no order."""
    draw = np.random.default_rng(2)
    sides = [np.flatnonzero(population.bad == outcome) for outcome in (0, 1)]
    indices = np.concatenate([draw.choice(side, BADS, replace=False) for side in sides])
    return population.rows(draw.permutation(indices))


def trained(folder: Path, rows: list[Row], sample: str = "") -> Model:
    data, _ = write_table(folder, rows, sample)
    return by_command(data, folder / "people.toml", folder / "model")


def predicted(model: Model, population: Population) -> Floats:
    (card,) = model.scorecards.values()
    return card.probability_of_default(population.matrix.astype(np.float32))


def card_of(model: Model) -> Any:
    return model.card["scorecards"]["all"]


def near_the_population(model: Model, population: Population) -> None:
    probability, bad = predicted(model, population), population.bad
    assert probability.mean() == pytest.approx(bad.mean(), rel=0.1)
    assert expected_calibration_error(bad, probability) < 0.005
    slope, _ = calibration_line(bad, probability)
    assert 0.8 < slope < 1.3
    assert np.abs(probability - population.probability).mean() < 0.02


@pytest.fixture(scope="module")
def by_bad_rate(
    undersampled: list[Row], bad_rate: float, tmp_path_factory: pytest.TempPathFactory
) -> Model:
    sample = f"[sample]\nbad_rate = {bad_rate}"
    return trained(tmp_path_factory.mktemp("by_bad_rate"), undersampled, sample)


def test_without_it_half_of_all_are_said_to_turn_out_bad(
    undersampled: list[Row], population: Population, tmp_path: Path
) -> None:
    probability = predicted(trained(tmp_path, undersampled), population)

    assert probability.mean() > 0.3


def test_a_known_bad_rate_gives_probabilities_of_the_population(
    by_bad_rate: Model, population: Population
) -> None:
    near_the_population(by_bad_rate, population)


def test_weights_give_probabilities_of_the_population(
    undersampled: list[Row], population: Population, tmp_path: Path
) -> None:
    goods = int((population.bad == 0).sum())
    stands_for = {1: population.bad.sum() / BADS, 0: goods / BADS}
    rows = [row | {"stands_for": float(stands_for[int(row["late"])])} for row in undersampled]

    model = trained(tmp_path, rows, '[sample]\nweight = "stands_for"')

    near_the_population(model, population)


def test_its_figures_are_those_of_the_population(
    by_bad_rate: Model, population: Population, bad_rate: float
) -> None:
    """What the card says after 600 rows, half of them bad, is what the population shows."""
    section, probability = card_of(by_bad_rate), predicted(by_bad_rate, population)
    performance, decision = section["performance"], section["decision"]

    assert by_bad_rate.card["data"]["population_bad_rate"] == pytest.approx(bad_rate, abs=1e-6)
    assert performance["bad_rate"]["value"] == pytest.approx(bad_rate, abs=1e-4)
    assert performance["mean_predicted"] == pytest.approx(probability.mean(), rel=0.15)
    figures = performance["scorecard"]
    brier = np.mean((probability - population.bad) ** 2)
    assert figures["brier"]["low"] <= brier <= figures["brier"]["high"]
    assert figures["calibration_slope"]["low"] < 1.2
    approved = probability < by_bad_rate.policy.cutoff
    assert decision["approval_rate"]["value"] == pytest.approx(approved.mean(), abs=0.02)
    low, high = (decision["bad_rate_approved"][end] for end in ("low", "high"))
    assert low <= population.bad[approved].mean() <= high
    assert performance["baselines"]["majority"]["brier"]["value"] == pytest.approx(
        bad_rate * (1 - bad_rate), rel=0.01
    )
    for row in section["curves"]["calibration"]:
        assert 0 <= row["interval"][0] <= row["observed_rate"] <= row["interval"][1]


def test_reasons_still_add_up_to_the_probability(
    by_bad_rate: Model, population: Population
) -> None:
    (card,) = by_bad_rate.scorecards.values()
    matrix = population.matrix[:200].astype(np.float32)

    together = card.reference.baseline + card.impacts(matrix).sum(axis=1)

    assert together == pytest.approx(card.probability_of_default(matrix), abs=1e-12)


def test_the_card_says_which_population_its_figures_are_of(by_bad_rate: Model) -> None:
    data = by_bad_rate.card["data"]
    rate = FORMATS["en"].share(data["population_bad_rate"])

    summary = " ".join(summarise(by_bad_rate, Path("model"), plots=False).split())

    assert data["sample"].keys() == {"bad_rate"}
    assert f"so that {rate} are bad. Probabilities and rates are of that population" in summary


def test_monitoring_compares_with_the_population(
    by_bad_rate: Model, population: Population
) -> None:
    """Live applicants like the population are no shift, though the rows were half bad."""
    (card,) = by_bad_rate.scorecards.values()
    bins = card.training_bins.fields["income"]
    places = np.searchsorted(
        bins.edges, population.matrix[:, card.predictors.index("income")], "right"
    )
    live = np.bincount(places, minlength=len(bins.counts)).tolist()

    assert population_stability_index(bins.counts, live) < 0.03


def test_a_field_that_nobody_left_out_yet_may_be_left_out_later(
    by_bad_rate: Model, population: Population
) -> None:
    """The rows have no gap, but the schema file says that debt may be missing."""
    (card,) = by_bad_rate.scorecards.values()
    matrix = population.matrix[:200].astype(np.float32)
    matrix[:, card.predictors.index("debt")] = np.nan

    probability = card.probability_of_default(matrix)

    assert probability == pytest.approx(card.forest.probability_of_default(matrix), abs=1e-12)
    assert (card.reference.baseline + card.impacts(matrix).sum(axis=1)) == pytest.approx(
        probability
    )
