"""The benchmark of the trade: its bins, its probabilities and the list of variables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from invented import invent, write_csv
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.woe import Variable, WoeBin
from creditscore.model_card.woe_binning import COARSE_BINS, Binning, find_bins
from creditscore.model_card.woe_scorecard import (
    WoeScorecard,
    describe_variables,
    fit_woe_scorecard,
)
from creditscore.schema import Schema
from creditscore.schema.constraints import CodeList
from creditscore.schema.reader import load_schema
from creditscore.scorecard.policy import Scale
from creditscore.training import dataset
from creditscore.training.dataset import Dataset
from creditscore.training.split import Split, split

PROJECT = Path(__file__).resolve().parents[2]

#: A lender whose applicants leave fields out.
GAPS = PROJECT / "tests" / "data" / "gaps.toml"


@pytest.fixture(scope="module")
def rows(schema: Schema) -> Split:
    return split(dataset.load(PROJECT / "data" / "credit.csv", schema), 1)


@pytest.fixture(scope="module", params=["application", "behavioural"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fitted(rows: Split, schema: Schema, name: str) -> WoeScorecard:
    return fit_woe_scorecard(rows.train, schema.scorecards[name].fields, schema)


@pytest.fixture(scope="module")
def variables(fitted: WoeScorecard, rows: Split, schema: Schema) -> dict[str, Variable]:
    found = describe_variables(fitted, rows.train, schema, Scale())
    return {one.field: one for one in found}


# Bins


#: Bad rows among each 50: they rise, but for the tenth and the eleventh.
BADS = [*range(4, 22, 2), 24, 22, *range(26, 44, 2)]


@pytest.mark.parametrize("way", [1, -1])
def test_bands_are_merged_until_the_bad_rate_goes_one_way(schema: Schema, way: int) -> None:
    column = np.arange(50.0 * len(BADS))
    bad = np.concatenate([np.arange(50) < count for count in BADS[::way]]).astype(np.int64)

    bins = find_bins(schema.fields["AGE"], column, bad, None)

    assert len(BADS) == COARSE_BINS == 20
    expected = [50 * place for place in range(1, 20) if place != 10]
    assert bins.edges == pytest.approx(expected, abs=1)


@pytest.mark.parametrize(("place", "outcome"), [(9, 0), (10, 1)])
def test_a_weight_counts_as_so_many_rows(schema: Schema, place: int, outcome: int) -> None:
    """Heavy goods make the tenth bin less bad than the eleventh, or heavy bads that one worse."""
    column = np.repeat(np.arange(20.0), 50)
    bad = np.concatenate([np.arange(50) < count for count in BADS]).astype(np.int64)
    weights = np.where((column == place) & (bad == outcome), 1.5, 1.0)

    heavy = find_bins(schema.fields["AGE"], column, bad, weights)
    alike = find_bins(schema.fields["AGE"], column, bad, np.ones(len(bad)))

    assert heavy.edges is not None
    assert alike.edges is not None
    assert 10.0 in heavy.edges
    assert 10.0 not in alike.edges


def test_values_with_a_meaning_of_their_own_are_bins_beside_the_bands(schema: Schema) -> None:
    column = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0] * 40)
    bad = (np.arange(len(column)) % 6 > 2).astype(np.int64) * (np.arange(len(column)) % 5 > 0)

    bins = find_bins(schema.fields["PAY_1"], column, bad, None)

    assert bins.values == (-2.0, -1.0, 0.0)
    assert bins.places(np.array([-2.0, -1.0, 0.0])).tolist() == [0, 1, 2]
    assert set(bins.places(np.array([1.0, 2.0, 8.0]))) <= set(range(3, len(bins)))


def test_places_are_found_for_values_bands_and_missing_ones() -> None:
    bins = Binning(values=(-1.0, 7.0), edges=(2.0, 5.0), has_missing=True)
    codes = Binning(values=(3.0, 1.0), edges=None, has_missing=False)

    column = np.array([-1.0, 7.0, -9.0, 1.9, 2.0, 4.0, 5.0, 99.0, np.nan])
    assert bins.places(column).tolist() == [0, 1, 2, 2, 3, 3, 4, 4, 5]
    assert codes.places(np.array([1.0, 3.0, 1.0])).tolist() == [1, 0, 1]
    assert (len(bins), len(codes)) == (6, 2)


def test_every_band_of_the_bundled_rows_goes_one_way(
    variables: dict[str, Variable], schema: Schema
) -> None:
    for field, one in variables.items():
        rule = schema.fields[field].rule
        if isinstance(rule, CodeList):
            assert [each.label for each in one.bins] == [
                text["en"] for text in rule.labels.values()
            ]
            continue
        bands = one.bins[len(rule.labels) :]
        rates = [each.bad_rate for each in bands if each.bad_rate is not None]
        assert rates in (sorted(rates), sorted(rates, reverse=True)), field
        assert 1 < len(bands) <= COARSE_BINS


# Probabilities


def test_the_benchmark_of_the_bundled_rows_is_what_was_measured_by_hand(
    fitted: WoeScorecard, rows: Split, name: str
) -> None:
    """Ten bins of equal size, not monotone, gave an AUC of 0.6330 and 0.7728."""
    auc, brier = {"application": (0.6330, 0.1653), "behavioural": (0.7728, 0.1348)}[name]
    bad, said = rows.test.bad, fitted.probability_of_default(rows.test)

    assert roc_auc_score(bad, said) == pytest.approx(auc, abs=0.003)
    assert brier_score_loss(bad, said) == pytest.approx(brier, abs=0.0005)


def test_probabilities_are_those_of_a_logistic_regression_on_the_listed_weights(
    fitted: WoeScorecard, variables: dict[str, Variable], rows: Split, schema: Schema
) -> None:
    """Bins and WoE are read from the list alone, as somebody who has only the card would."""
    train, test = (
        np.column_stack(
            [woe_of(variables[field], part.columns[field], schema) for field in fitted.binnings]
        )
        for part in (rows.train, rows.test)
    )
    oracle = LogisticRegression(max_iter=1000).fit(train, rows.train.bad)

    said = fitted.probability_of_default(rows.test)

    assert said == pytest.approx(oracle.predict_proba(test)[:, 1], abs=1e-3)


def test_the_points_of_an_applicant_add_up_to_the_score_of_the_probability(
    fitted: WoeScorecard, variables: dict[str, Variable], rows: Split, schema: Schema
) -> None:
    added = np.sum(
        [
            np.array([each.points for each in one.bins])[places(one, rows.test, schema)]
            for one in variables.values()
        ],
        axis=0,
    )

    score = Scale().points(fitted.probability_of_default(rows.test))

    # Half a point of each field, and half a point of the score.
    assert np.abs(added - score).max() <= (len(variables) + 1) / 2


def places(one: Variable, part: Dataset, schema: Schema) -> Ints:
    """Find each row's bin by the labels and bounds that the list has."""
    rule, column = schema.fields[one.field].rule, part.columns[one.field]
    found = np.full(len(part), -1)
    for place, each in enumerate(one.bins):
        if each.low is None and each.high is None:
            code = next(code for code, text in rule.labels.items() if text["en"] == each.label)
            found[column == rule.encode(code)] = place
    for place, each in enumerate(one.bins):
        if each.low is not None or each.high is not None:
            low = -np.inf if each.low is None else each.low
            high = np.inf if each.high is None else each.high
            found[(found < 0) & (column >= low) & (column < high)] = place
    assert found.min() >= 0, one.field
    return found


def woe_of(one: Variable, column: Floats, schema: Schema) -> Floats:
    part = Dataset("", "", {one.field: column}, np.zeros(len(column), dtype=np.int64), {})
    woe: Floats = np.array([each.woe for each in one.bins])[places(one, part, schema)]
    return woe


def test_rows_of_weight_two_are_fitted_as_two_rows(rows: Split, schema: Schema) -> None:
    """Of fields of codes, as the quantiles of weighted rows may lie a row apart."""
    names = [name for name in schema.base_fields if isinstance(schema.fields[name].rule, CodeList)]
    part = rows.train.rows(np.arange(3000))
    heavy = replace(part, weight=1.0 + (np.arange(3000) % 3 == 0))
    doubled = part.rows(np.concatenate([np.arange(3000), np.arange(0, 3000, 3)]))

    weighted = fit_woe_scorecard(heavy, names, schema)
    repeated = fit_woe_scorecard(doubled, names, schema)

    assert weighted.coefficients == pytest.approx(repeated.coefficients, abs=1e-3)
    assert weighted.intercept == pytest.approx(repeated.intercept, abs=1e-3)
    mine, theirs = (
        describe_variables(one, part, schema, Scale())
        for one, part in ((weighted, heavy), (repeated, doubled))
    )
    for one, other in zip(mine, theirs, strict=True):
        assert one.information_value == pytest.approx(other.information_value, abs=1e-5)
        assert one.correlation == pytest.approx(other.correlation, abs=1e-3)
        for each, same in zip(one.bins, other.bins, strict=True):
            assert each.bad_rate == pytest.approx(same.bad_rate, abs=2e-6)
            assert each.woe == pytest.approx(same.woe, abs=2e-6)
            assert each.rows < same.rows


# The list


def test_the_list_is_counts_of_the_training_rows(
    variables: dict[str, Variable], rows: Split
) -> None:
    train, values = rows.train, [one.information_value for one in variables.values()]
    sex = variables["SEX"].bins
    male = train.columns["SEX"] == 1

    assert values == sorted(values, reverse=True)
    for one in variables.values():
        assert sum(each.rows for each in one.bins) == len(train)
        assert one.missing == 0
    assert sex[0] == WoeBin(
        "male", None, None, int(male.sum()), round(float(train.bad[male].mean()), 6), sex[0].woe,
        sex[0].points,
    )  # fmt: skip
    assert sex[0].woe < 0 < sex[1].woe
    assert variables["LIMIT_BAL"].bins[0].label.startswith("under ")


def test_missing_values_are_a_bin_of_their_own_with_its_own_weight(tmp_path: Path) -> None:
    schema = load_schema(GAPS)
    data = dataset.load(
        write_csv(tmp_path / "gaps.csv", invent(schema, count=2000, seed=1)), schema
    )
    field = next(one for one in schema.fields.values() if one.missing is not None)
    empty = (data.bad == 1) & (np.arange(len(data)) % 2 == 0)
    column = np.where(empty, np.nan, data.columns[field.name])
    data = replace(data, columns={**data.columns, field.name: column})

    fitted = fit_woe_scorecard(data, list(schema.fields), schema)
    (one,) = (
        one for one in describe_variables(fitted, data, schema, Scale()) if one.field == field.name
    )

    last = one.bins[-1]
    assert (last.label, last.rows, last.bad_rate) == ("not stated", int(empty.sum()), 1)
    assert last.woe < min(each.woe for each in one.bins[:-1])
    assert one.missing == pytest.approx(empty.mean(), abs=1e-6)
    assert np.isfinite(fitted.probability_of_default(data)).all()


def test_a_constant_field_and_one_whose_numbers_all_have_names_are_listed(schema: Schema) -> None:
    random = np.random.default_rng(1)
    bad = (random.random(400) < 0.3).astype(np.int64)
    columns = {
        "SEX": np.ones(400),
        "AGE": np.full(400, 30.0),
        "PAY_1": random.integers(-2, 1, 400).astype(float),
    }
    data = Dataset("", "", columns, bad, {})

    fitted = fit_woe_scorecard(data, list(columns), schema)
    found = {one.field: one for one in describe_variables(fitted, data, schema, Scale())}

    assert found["AGE"].information_value == 0
    assert found["AGE"].correlated_with is None
    assert [each.label for each in found["AGE"].bins] == ["all"]
    assert [each.rows for each in found["SEX"].bins] == [400, 0]
    assert found["SEX"].bins[1].bad_rate is None
    assert [each.label for each in found["PAY_1"].bins] == [
        "no consumption", "paid in full", "revolving credit",
    ]  # fmt: skip
