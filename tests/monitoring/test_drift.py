"""Whether live applicants are still those of training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2
from training_bins import bins

from creditscore.decisions.value_cache import MAX_CACHED_VALUES, feature_cache, feature_caches
from creditscore.evaluation.stability import population_stability_index
from creditscore.monitoring.drift import shift
from creditscore.schema.constraints import Value
from creditscore.scorecard.bins import Bins
from creditscore.scorecard.model import Model


def test_of_fewer_than_300_nothing_is_said() -> None:
    result = shift(bins(100, 100), {"a": 299})

    assert (result["psi"], result["verdict"], result["significant"]) == (None, "insufficient", None)
    assert shift(bins(100, 100), {"a": 300})["verdict"] == "large"


def test_without_any_rows_there_are_no_shares() -> None:
    result = shift(bins(100, 100), {})

    assert result["rows"] == 0
    assert result["outside_training"] is None
    assert [bin_["live"] for bin_ in result["bins"]] == [None, None]


def test_values_beyond_training_count_in_the_outer_bins_and_are_told() -> None:
    result = shift(bins(100, 100, 100), {"<": 10, "a": 90, "b": 100, "c": 80, ">": 20, "-": 50})

    assert result["rows"] == 300
    assert result["outside_training"] == pytest.approx(0.1)
    assert [bin_["live"] for bin_ in result["bins"]] == [pytest.approx(1 / 3)] * 3
    assert result["verdict"] == "little"


def test_a_code_that_training_never_saw_is_told() -> None:
    code_bins = bins(100, 0, codes=(1, 2), edges=())

    assert shift(code_bins, {"a": 270, "b": 30})["outside_training"] == pytest.approx(0.1)


def test_chance_alone_is_significant_once_in_a_hundred_times() -> None:
    """And exceeds 0.10 with 100 rows in about three of ten, hence the least of 300."""
    draw = np.random.default_rng(1)
    training_bins = bins(*[2_400] * 10)
    loud = significant = 0
    for _ in range(2000):
        small_sample = draw.multinomial(100, [0.1] * 10)
        loud += population_stability_index(training_bins.counts, small_sample.tolist()) > 0.1
        codes = dict(zip("abcdefghij", draw.multinomial(1000, [0.1] * 10).tolist(), strict=True))
        significant += bool(shift(training_bins, codes)["significant"])

    assert 0.2 < loud / 2000 < 0.45
    assert 0.002 < significant / 2000 < 0.025


# Bins


def test_every_value_has_the_letter_of_its_bin() -> None:
    number_bins = bins(5, 5, 5)

    assert [number_bins.bin_code(value) for value in (0, 0.5, 1, 1.9, 2, None)] == list("aabbc-")
    assert (number_bins.bin_code(-1), number_bins.bin_code(2.1)) == ("<", ">")
    assert [number_bins.bin_index(code) for code in "abc<>-"] == [0, 1, 2, 0, 2, None]


def test_bins_come_back_as_they_were_written() -> None:
    for original in (
        bins(5, 5, 5),
        bins(5, 0, codes=("own", "rent"), edges=(), low=None, high=None),
    ):
        assert Bins.from_dict(original.to_dict()) == original


@pytest.mark.parametrize("change", [{"counts": [1]}, {"edges": []}, {"labels": []}])
def test_bins_that_do_not_fit_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="training bins"):
        Bins.from_dict(bins(5, 5, 5).to_dict() | change)


def test_a_model_knows_the_bins_of_its_training_rows(model: Model) -> None:
    rows = model.card["data"]["train_rows"]
    for name, card in model.scorecards.items():
        spec = model.schema.scorecards[name]
        training_bins = card.training_bins
        assert list(training_bins.fields) == list(spec.fields)
        for bins_ in (training_bins.score, *training_bins.fields.values()):
            assert sum(bins_.counts) == rows
            assert len(bins_.counts) == len(bins_.labels)
        assert min(training_bins.score.counts) > rows / 24
        assert training_bins.fields["SEX"].labels == ("male", "female")
        assert training_bins.fields["AGE"].labels[0] == "under 25"
        assert training_bins.fields["AGE"].labels[-1] == "62 and over"
        assert training_bins.fields["LIMIT_BAL"].critical == pytest.approx(
            chi2.ppf(0.99, len(training_bins.fields["LIMIT_BAL"].counts) - 1)
        )


def test_an_applicants_bins_are_spelt_in_schema_order(model: Model) -> None:
    card = model.scorecards["application"]
    caches = feature_caches(card, model.schema)

    def spell(values: dict[str, Value], score: int) -> str:
        codes = [cache(values.get(name)).bin_code for name, cache in caches.items()]
        return "".join([card.training_bins.score.bin_code(score), *codes])

    values: dict[str, Value] = {
        "LIMIT_BAL": 1, "SEX": 2, "EDUCATION": 1, "MARRIAGE": 2, "AGE": 99,
    }  # fmt: skip
    assert spell(values, score=10_000) == "><bab>"
    assert spell({"LIMIT_BAL": 1, "AGE": 24}, score=-5) == "<<---a"


def test_features_are_the_same_once_more_of_them_came_than_are_kept(model: Model) -> None:
    card, name = model.scorecards["application"], "LIMIT_BAL"
    bins, training_range = card.training_bins.fields[name], card.training_ranges[name]
    cache = feature_cache(model.schema.fields[name], bins, training_range)
    features = [cache(amount) for amount in range(1, 2 + MAX_CACHED_VALUES)]

    assert [cache(amount) for amount in range(1, 2 + MAX_CACHED_VALUES)] == features
