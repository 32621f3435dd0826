"""The benchmark of the trade: its bins, weights and missing values.

That its figures on the bundled rows are right, test_recompute_card.py holds.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import PROJECT
from drawing import bundled_rows
from invented import invent, write_csv

from creditscore.model_card.woe_binning import COARSE_BINS, Binning, find_bins
from creditscore.model_card.woe_scorecard import (
    describe_variables,
    fit_woe_scorecard,
)
from creditscore.schema import Schema
from creditscore.schema.constraints import CodeList
from creditscore.schema.reader import load_schema
from creditscore.scorecard.policy import Scale
from creditscore.training import dataset
from creditscore.training.dataset import Dataset

#: A lender whose applicants leave fields out.
GAPS = PROJECT / "tests" / "data" / "gaps.toml"


# Bins


#: Bad rows among each 50: they rise, but for the tenth and the eleventh.
BADS = [*range(4, 22, 2), 24, 22, *range(26, 44, 2)]


@pytest.mark.parametrize("way", [1, -1])
def test_bands_are_merged_until_the_bad_rate_goes_one_way(schema: Schema, way: int) -> None:
    column = np.arange(50.0 * len(BADS))
    bad = np.concatenate([np.arange(50) < count for count in BADS[::way]]).astype(np.int64)

    bins = find_bins(schema.fields["AGE"], column, bad, None)

    assert len(BADS) == COARSE_BINS == 20
    expected = [50 * index for index in range(1, 20) if index != 10]
    assert bins.edges == pytest.approx(expected, abs=1)


@pytest.mark.parametrize(("index", "outcome"), [(9, 0), (10, 1)])
def test_a_weight_counts_as_so_many_rows(schema: Schema, index: int, outcome: int) -> None:
    """Heavy goods make the tenth bin less bad than the eleventh, or heavy bads that one worse."""
    column = np.repeat(np.arange(20.0), 50)
    bad = np.concatenate([np.arange(50) < count for count in BADS]).astype(np.int64)
    weights = np.where((column == index) & (bad == outcome), 1.5, 1.0)

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


# Probabilities


def test_rows_of_weight_two_are_fitted_as_two_rows(schema: Schema) -> None:
    """Of fields of codes, as the quantiles of weighted rows may lie a row apart."""
    names = [name for name in schema.base_fields if isinstance(schema.fields[name].rule, CodeList)]
    part = bundled_rows().rows(np.arange(3000))
    heavy = replace(part, weight=1.0 + (np.arange(3000) % 3 == 0))
    doubled = part.rows(np.concatenate([np.arange(3000), np.arange(0, 3000, 3)]))

    weighted = fit_woe_scorecard(heavy, names, schema)
    repeated = fit_woe_scorecard(doubled, names, schema)

    assert weighted.coefficients == pytest.approx(repeated.coefficients, abs=1e-3)
    assert weighted.intercept == pytest.approx(repeated.intercept, abs=1e-3)
    weighted_variables, repeated_variables = (
        describe_variables(fitted, part, schema, Scale())
        for fitted, part in ((weighted, heavy), (repeated, doubled))
    )
    for variable, twin in zip(weighted_variables, repeated_variables, strict=True):
        assert variable.information_value == pytest.approx(twin.information_value, abs=1e-5)
        assert variable.correlation == pytest.approx(twin.correlation, abs=1e-3)
        for woe_bin, twin_bin in zip(variable.bins, twin.bins, strict=True):
            assert woe_bin.bad_rate == pytest.approx(twin_bin.bad_rate, abs=2e-6)
            assert woe_bin.woe == pytest.approx(twin_bin.woe, abs=2e-6)
            assert woe_bin.rows < twin_bin.rows


# The list


def test_missing_values_are_a_bin_of_their_own_with_its_own_weight(tmp_path: Path) -> None:
    schema = load_schema(GAPS)
    data = dataset.load(
        write_csv(tmp_path / "gaps.csv", invent(schema, count=2000, seed=1)), schema
    )
    field = next(field for field in schema.fields.values() if field.missing is not None)
    empty = (data.bad == 1) & (np.arange(len(data)) % 2 == 0)
    column = np.where(empty, np.nan, data.columns[field.name])
    data = replace(data, columns={**data.columns, field.name: column})

    fitted = fit_woe_scorecard(data, list(schema.fields), schema)
    (variable,) = (
        variable
        for variable in describe_variables(fitted, data, schema, Scale())
        if variable.field == field.name
    )

    last = variable.bins[-1]
    assert (last.label, last.rows, last.bad_rate) == ("not stated", int(empty.sum()), 1)
    assert last.woe < min(woe_bin.woe for woe_bin in variable.bins[:-1])
    assert variable.missing == pytest.approx(empty.mean(), abs=1e-6)
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
    variables = {
        variable.field: variable for variable in describe_variables(fitted, data, schema, Scale())
    }

    assert variables["AGE"].information_value == 0
    assert variables["AGE"].correlated_with is None
    assert [woe_bin.label for woe_bin in variables["AGE"].bins] == ["all"]
    assert [woe_bin.rows for woe_bin in variables["SEX"].bins] == [400, 0]
    assert variables["SEX"].bins[1].bad_rate is None
    assert [woe_bin.label for woe_bin in variables["PAY_1"].bins] == [
        "no consumption", "paid in full", "revolving credit",
    ]  # fmt: skip
