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
def made(tmp_path_factory: pytest.TempPathFactory) -> Carded:
    return carded(tmp_path_factory.mktemp("challengers"), rows=1500)


@pytest.fixture(scope="module")
def data(made: Carded) -> EvaluationData:
    return EvaluationData(
        made.model.schema, made.train, made.test, made.model.policy.cutoff, seed=1
    )


@pytest.fixture(scope="module")
def predictors(made: Carded) -> tuple[str, ...]:
    return next(iter(made.model.scorecards.values())).predictors


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

    other = EvaluationData(
        data.schema, renumbered(data.train), renumbered(data.test), data.cutoff, data.seed
    )

    before = baselines.baselines(data, predictors)["logistic_regression"]
    after = baselines.baselines(other, predictors)["logistic_regression"]

    assert after == pytest.approx(before, abs=1e-3)
    assert np.ptp(before) > 0.1


# Exclusions


def test_the_others_are_trained_without_the_field_and_measured_on_the_same_rows(
    data: EvaluationData, made: Carded, predictors: tuple[str, ...]
) -> None:
    asked: list[tuple[str, ...]] = []
    card = next(iter(made.model.scorecards.values()))
    said = card.probability_of_default(data.test.matrix(predictors).astype(np.float32))

    def refit(kept: tuple[str, ...]) -> Forest:
        asked.append(kept)
        return constant(0.1 * len(kept))

    found = ablation.measure_exclusions(
        data, predictors, predicted=said, refit=refit, fields=predictors
    )

    protected = made.model.protected_predictors(card.name)
    assert asked == [
        tuple(name for name in predictors if name not in one.excluded) for one in found[1:]
    ]
    for one, kept in zip(found[1:], asked, strict=True):
        level = np.full(len(data.test), 0.1 * len(kept))
        assert one.auc is not None
        assert one.auc["value"] == 0.5
        assert one.brier is not None
        assert one.brier["value"] == pytest.approx(brier_score_loss(data.test.bad, level), abs=1e-6)
        change = 0.5 - roc_auc_score(data.test.bad, said)
        assert one.change is not None
        assert one.change["auc"] is not None
        assert one.change["auc"]["value"] == pytest.approx(change, abs=1e-6)
        assert one.approval_rate == float(level[0] < data.cutoff)
    assert len(protected) == 3


def constant(probability: float) -> Forest:
    """Make a forest that says the same of everybody."""
    whole, real = np.zeros(1, dtype=np.int32), np.full(1, probability)
    return Forest(whole, whole, np.zeros(1), whole, whole, real, 0)


# Influence


def test_a_field_that_the_model_ignores_flips_no_label(
    data: EvaluationData, predictors: tuple[str, ...]
) -> None:
    found = ablation.protected_attribute_effects(
        data, predictors, lambda matrix: np.where(matrix[:, 0] > 5e7, 0.1, 0.9)
    )

    protected = [name for name in predictors if data.schema.fields[name].protected]
    assert list(found) == protected
    for one in found.values():
        assert one.label_flips is not None
        assert one.label_flips["value"] == 0
        if one.age_62_test:
            assert one.age_62_test.worse_off is not None
            assert one.age_62_test.worse_off["value"] == 0


def test_a_field_that_decides_alone_flips_every_label(
    data: EvaluationData, predictors: tuple[str, ...]
) -> None:
    protected = next(name for name in predictors if data.schema.fields[name].protected)
    column = predictors.index(protected)
    codes = np.unique(data.train.columns[protected])
    assert len(codes) == 2

    found = ablation.protected_attribute_effects(
        data, predictors, lambda matrix: np.where(matrix[:, column] == codes[0], 0.1, 0.9)
    )

    flips = found[protected].label_flips
    assert flips is not None
    assert flips["value"] == 1
