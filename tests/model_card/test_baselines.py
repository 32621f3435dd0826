"""Other models on the same rows, and what leaving protected fields out costs."""

from __future__ import annotations

import numpy as np
import pytest
from carded import Carded, carded
from sklearn.metrics import brier_score_loss, roc_auc_score

from creditscore.model_card import ablation, baselines
from creditscore.model_card.baselines import EvaluationData
from creditscore.scorecard.forest import Forest
from creditscore.training.dataset import Dataset


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Carded:
    return carded(tmp_path_factory.mktemp("challengers"), rows=1500)


@pytest.fixture(scope="module")
def data(trained: Carded) -> EvaluationData:
    return EvaluationData(
        trained.model.schema, trained.train, trained.test, trained.model.policy.cutoff, seed=1
    )


@pytest.fixture(scope="module")
def predictors(trained: Carded) -> tuple[str, ...]:
    return next(iter(trained.model.scorecards.values())).predictors


# Baselines


def test_a_logistic_regression_gives_each_code_its_own_weight(
    data: EvaluationData, predictors: tuple[str, ...]
) -> None:
    """Renumbering the codes of a field changes nothing."""
    fields = data.schema.fields
    coded = next(name for name in predictors if len(getattr(fields[name].rule, "labels", ())) > 2)
    codes = sorted(set(data.train.columns[coded]))
    turned = dict(zip(codes, [*codes[1:], codes[0]], strict=True))

    def renumbered(rows: Dataset) -> Dataset:
        column = np.array([turned[code] for code in rows.columns[coded]])
        columns = {**rows.columns, coded: column}
        return Dataset(rows.name, rows.sha256, columns, rows.bad, rows.folded)

    renumbered_data = EvaluationData(
        data.schema, renumbered(data.train), renumbered(data.test), data.cutoff, data.seed
    )

    before = baselines.baselines(data, predictors)["logistic_regression"]
    after = baselines.baselines(renumbered_data, predictors)["logistic_regression"]

    assert after == pytest.approx(before, abs=1e-3)
    assert np.ptp(before) > 0.1


# Exclusions


def test_the_others_are_trained_without_the_field_and_measured_on_the_same_rows(
    data: EvaluationData, trained: Carded, predictors: tuple[str, ...]
) -> None:
    predictor_sets: list[tuple[str, ...]] = []
    card = next(iter(trained.model.scorecards.values()))
    predicted = card.probability_of_default(data.test.matrix(predictors).astype(np.float32))

    def refit(names: tuple[str, ...]) -> Forest:
        predictor_sets.append(names)
        return constant(0.1 * len(names))

    exclusions = ablation.measure_exclusions(
        data, predictors, predicted=predicted, refit=refit, parts=data.protected_groups(predictors)
    )

    protected = [name for name in predictors if trained.model.schema.fields[name].protected]
    assert predictor_sets == [
        tuple(name for name in predictors if name not in exclusion.excluded)
        for exclusion in exclusions[1:]
    ]
    for exclusion, names in zip(exclusions[1:], predictor_sets, strict=True):
        level = np.full(len(data.test), 0.1 * len(names))
        assert exclusion.auc is not None
        assert exclusion.auc["value"] == 0.5
        assert exclusion.brier is not None
        assert exclusion.brier["value"] == pytest.approx(
            brier_score_loss(data.test.bad, level), abs=1e-6
        )
        change = 0.5 - roc_auc_score(data.test.bad, predicted)
        assert exclusion.change is not None
        assert exclusion.change["auc"] is not None
        assert exclusion.change["auc"]["value"] == pytest.approx(change, abs=1e-6)
        assert exclusion.approval_rate == float(level[0] < data.cutoff)
    assert len(protected) == 3


def constant(probability: float) -> Forest:
    """Make a forest that says the same of everybody."""
    zeros, level = np.zeros(1, dtype=np.int32), np.full(1, probability)
    return Forest(zeros, zeros, np.zeros(1), zeros, zeros, level, 0)


# Influence


def test_a_field_that_the_model_ignores_flips_no_label(
    data: EvaluationData, predictors: tuple[str, ...]
) -> None:
    effects = ablation.protected_attribute_effects(
        data, predictors, lambda matrix: np.where(matrix[:, 0] > 5e7, 0.1, 0.9)
    )

    protected = [name for name in predictors if data.schema.fields[name].protected]
    assert list(effects) == protected
    for effect in effects.values():
        assert effect.label_flips is not None
        assert effect.label_flips["value"] == 0
        if effect.age_62_test:
            assert effect.age_62_test.worse_off is not None
            assert effect.age_62_test.worse_off["value"] == 0


def test_a_field_that_decides_alone_flips_every_label(
    data: EvaluationData, predictors: tuple[str, ...]
) -> None:
    protected = next(name for name in predictors if data.schema.fields[name].protected)
    column = predictors.index(protected)
    codes = np.unique(data.train.columns[protected])
    assert len(codes) == 2

    effects = ablation.protected_attribute_effects(
        data, predictors, lambda matrix: np.where(matrix[:, column] == codes[0], 0.1, 0.9)
    )

    flips = effects[protected].label_flips
    assert flips is not None
    assert flips["value"] == 1
