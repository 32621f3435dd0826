"""Forest settings that the schema file leaves open are chosen from the training rows."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from carded import trained

from creditscore.arrays import Floats, Ints
from creditscore.errors import SchemaError
from creditscore.evaluation.metrics import log_loss
from creditscore.schema import ForestSettings, Schema
from creditscore.schema.reader import read_schema
from creditscore.scorecard import shapley
from creditscore.scorecard.model import Model
from creditscore.training.dataset import Dataset
from creditscore.training.fit import fit_forest, flatten, judged
from creditscore.training.forest_search import LEAVES, candidates, try_forests

ROWS = 614

#: More numbers than the exact reasons of any forest here need.
MANY = 10**9


def loans(rows: int, seed: int) -> tuple[Floats, Ints]:
    """Draw loans whose one good predictor is a flag that few rows have, beside four of noise."""
    draw = np.random.default_rng(seed)
    flag = (draw.random(rows) < 0.14).astype(np.float64)
    noise = draw.random((rows, 4))
    bad = (draw.random(rows) < np.where(flag == 1, 0.9, 0.2)).astype(np.int64)
    return np.column_stack([flag, noise]), bad


def test_a_small_table_gets_leaves_that_can_split_off_what_few_rows_hold() -> None:
    matrix, bad = loans(ROWS, seed=1)
    unseen, truth = loans(4000, seed=2)

    best, *_ = trials = try_forests(matrix, bad, ForestSettings(), seed=1, max_values=MANY)

    losses = {
        leaf: log_loss(
            truth,
            fit_forest(matrix, bad, settings, 1).predict_proba(unseen)[:, 1],
        )
        for leaf, settings in (
            ("chosen", best.settings),
            ("cautious", ForestSettings(min_samples_leaf=LEAVES[0])),
        )
    }
    assert losses["chosen"] < losses["cautious"] - 0.01
    assert [trial.log_loss for trial in trials] == sorted(trial.log_loss for trial in trials)


def test_the_same_rows_and_seed_choose_the_same() -> None:
    matrix, bad = loans(300, seed=3)

    first, again = (
        try_forests(matrix, bad, ForestSettings(trees=5), seed=1, max_values=MANY) for _ in range(2)
    )

    assert first == again


def test_half_of_the_features_is_tried_where_it_is_more_than_the_square_root() -> None:
    def features(n_predictors: int, **settings: int) -> set[int | None]:
        grid = candidates(ForestSettings(**settings), n_predictors, few_rows=False)
        return {candidate.max_features for candidate in grid}

    assert features(3) == {None}
    assert features(12) == {None, 6}
    assert features(12, max_features=4) == {4}
    assert {
        candidate.min_samples_leaf for candidate in candidates(ForestSettings(), 12, few_rows=False)
    } == set(LEAVES)


def test_more_trees_are_grown_to_judge_than_to_serve() -> None:
    matrix, bad = loans(300, seed=3)
    settings = ForestSettings(trees=10, min_samples_leaf=5)

    served, judges = (
        fit_forest(matrix, bad, forest_settings, 1)
        for forest_settings in (settings, judged(settings, 300))
    )

    assert len(judges.estimators_) == 28
    assert flatten(judges, trees=10).probability.tobytes() == flatten(served).probability.tobytes()
    assert judged(settings, 300_000).trees == 10


def test_settings_whose_reasons_are_too_large_come_last() -> None:
    matrix, bad = loans(300, seed=3)

    trials = try_forests(matrix, bad, ForestSettings(trees=20), seed=1, max_values=6000)

    fits = [trial.reasons_fit for trial in trials]
    assert fits == sorted(fits, reverse=True)
    assert {True, False} == set(fits)


def test_many_rows_are_tried_on_some_of_them() -> None:
    matrix, bad = loans(900, seed=4)
    settings = ForestSettings(trees=10)

    some, same, everything = (
        try_forests(matrix, bad, settings, seed=1, max_values=MANY, max_rows=rows)
        for rows in (400, 400, 900)
    )

    assert some == same
    assert some != everything == try_forests(matrix, bad, settings, seed=1, max_values=MANY)


# In training


def schema_of(field: dict[str, Any] | None = None, **scorecard: Any) -> Schema:
    """Make a schema for these loans, with more said of the field `a`."""
    names = ["flag", "a", "b", "c", "d"]
    fields: dict[str, dict[str, Any]] = {
        name: {"kind": "number", "title": name.title(), "example": 1} for name in names
    }
    fields["a"] |= field or {}
    document = {
        "dataset": {"name": "loans", "title": "Loans"},
        "label": {"column": "bad", "good": 0, "bad": 1, "title": "Bad"},
        "scorecards": {"loan": {"title": "Loan", "fields": names, **scorecard}},
        "fields": fields,
    }
    return read_schema(document, "loans.toml")


def train(schema: Schema) -> Model:
    matrix, bad = loans(ROWS, seed=1)
    columns = dict(zip(schema.fields, matrix.T, strict=True))
    rows = Dataset(name="loans.csv", sha256="0" * 64, columns=columns, bad=bad, folded={})
    model, _ = trained(rows, schema, group="approved")
    return model


def test_the_manifest_says_what_was_tried_and_taken() -> None:
    model = train(schema_of())

    about = model.manifest["scorecards"]["loan"]
    # Six sizes of a leaf, as rows are few, and the best one with deeper trees.
    assert len(about["forest_trials"]) == 7
    assert {trial["max_depth"] for trial in about["forest_trials"]} == {8, 12}
    assert about["forest"]["trees"] == 100
    assert about["forest"]["min_samples_leaf"] == about["forest_trials"][0]["min_samples_leaf"]
    assert about["forest"]["min_samples_leaf"] < LEAVES[0]


def test_settings_of_the_schema_file_are_taken_as_they_are() -> None:
    model = train(schema_of(forest={"min_samples_leaf": 40}))

    about = model.manifest["scorecards"]["loan"]
    assert about["forest_trials"] == []
    assert about["forest"]["min_samples_leaf"] == 40


def test_a_forest_whose_reasons_would_not_fit_says_so_and_the_next_is_taken(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shapley, "MAX_VALUES", 1000)

    with caplog.at_level(logging.WARNING):
        model = train(schema_of(forest={"trees": 20}))

    about = model.manifest["scorecards"]["loan"]
    assert about["forest"]["min_samples_leaf"] != about["forest_trials"][0]["min_samples_leaf"]
    assert "exact reasons would need" in caplog.text
    assert "the next best settings are taken" in caplog.text


def test_a_monotone_field_only_goes_the_way_that_is_declared() -> None:
    steps = np.linspace(0, 1, 50)
    people = np.random.default_rng(5).random((40, 5))

    def falls(schema: Schema) -> bool:
        """Return whether the probability falls anywhere as `a`, which is noise, grows."""
        card = train(schema).scorecards["loan"]
        swept = np.repeat(people, len(steps), axis=0)
        swept[:, 1] = np.tile(steps, len(people))
        probability = card.probability_of_default(swept.astype(np.float32))
        return bool((np.diff(probability.reshape(len(people), -1), axis=1) < 0).any())

    forest = {"trees": 20, "min_samples_leaf": 5}
    assert falls(schema_of(forest=forest))
    assert not falls(schema_of(field={"risk": "rises", "monotone": True}, forest=forest))


def test_a_monotone_field_must_say_which_way() -> None:
    with pytest.raises(SchemaError, match=r"fields\.a\.monotone needs risk"):
        schema_of(field={"monotone": True})
