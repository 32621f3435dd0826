"""The benchmark of the trade: a logistic regression on weights of evidence, restated as points.

Only for the model card and the benchmarks; no decision rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from creditscore.arrays import Floats
from creditscore.evaluation.rounding import rounded
from creditscore.evaluation.woe import (
    Variable,
    WoeBin,
    bin_points,
    information_value,
    strongest_correlations,
    weight_of_evidence,
)
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, in_language, say
from creditscore.model_card.woe_binning import Binning, find_bins
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import CodeList
from creditscore.schema.descriptions import band_text
from creditscore.scorecard.policy import Scale
from creditscore.training.dataset import Dataset


@dataclass(frozen=True)
class WoeScorecard:
    """A fitted WoE scorecard.

    Attributes
    ----------
    binnings : mapping of str to Binning
        Of each predictor, in the order of the coefficients.
    woe : mapping of str to ndarray of shape (n_bins,)
        Of each predictor's bins; above 0 is safer than average.
    coefficients : ndarray of shape (n_predictors,)
    intercept : float
        Both of the log-odds of a good outcome.
    """

    binnings: Mapping[str, Binning]
    woe: Mapping[str, Floats]
    coefficients: Floats
    intercept: float

    def woe_columns(self, rows: Dataset) -> Floats:
        """Return the WoE of each row's bins, as an array of shape (n_rows, n_predictors)."""
        return _woe_columns(self.binnings, self.woe, rows)

    def probability_of_default(self, rows: Dataset) -> Floats:
        """Return the probability of default of each row."""
        log_odds = self.intercept + self.woe_columns(rows) @ self.coefficients
        probability: Floats = 1 / (1 + np.exp(log_odds))
        return probability


def fit_woe_scorecard(train: Dataset, predictors: Sequence[str], schema: Schema) -> WoeScorecard:
    """Bin the training rows by each predictor, and fit a logistic regression to the WoE.

    No predictor is left out, not even one whose coefficient comes out negative: the benchmark has
    the fields of the scorecard that is held against it.
    """
    binnings = {
        name: find_bins(schema.fields[name], train.columns[name], train.bad, train.weight)
        for name in predictors
    }
    woe = {name: weight_of_evidence(*_counts(train, name, binnings[name])) for name in predictors}
    columns = _woe_columns(binnings, woe, train)
    # One thread adds up in one order.
    with threadpool_limits(limits=1):
        regression = LogisticRegression(max_iter=1000)
        regression.fit(columns, 1 - train.bad, sample_weight=train.weight)
    return WoeScorecard(binnings, woe, regression.coef_[0], float(regression.intercept_[0]))


def _woe_columns(
    binnings: Mapping[str, Binning], woe: Mapping[str, Floats], rows: Dataset
) -> Floats:
    return np.column_stack(
        [woe[name][bins.places(rows.columns[name])] for name, bins in binnings.items()]
    )


def _counts(train: Dataset, name: str, bins: Binning) -> tuple[Floats, Floats]:
    """Count good and bad rows of each bin, or the people that they stand for."""
    indices = bins.places(train.columns[name])
    row_weights = np.ones(len(train)) if train.weight is None else train.weight
    people = np.bincount(indices, weights=row_weights, minlength=len(bins)).astype(np.float64)
    bads = np.bincount(indices, weights=row_weights * train.bad, minlength=len(bins)).astype(
        np.float64
    )
    return people - bads, bads


# The list of variables


def describe_variables(
    fitted: WoeScorecard, train: Dataset, schema: Schema, scale: Scale
) -> list[Variable]:
    """Describe each predictor on the training rows, the one of the highest IV first.

    Parameters
    ----------
    fitted : WoeScorecard
        Fitted to the same rows.
    train : Dataset
    schema : Schema
    scale : Scale
        Of the points.
    """
    names = list(fitted.binnings)
    correlations = strongest_correlations(fitted.woe_columns(train), train.weight)
    variables = []
    for index, (name, strongest) in enumerate(zip(names, correlations, strict=True)):
        column, woe = train.columns[name], fitted.woe[name]
        coefficient = float(fitted.coefficients[index])
        points = bin_points(
            woe,
            coefficient=coefficient,
            intercept=fitted.intercept,
            variables=len(names),
            scale=scale,
        )
        iv = information_value(*_counts(train, name, fitted.binnings[name]), woe)
        variables.append(
            Variable(
                field=name,
                information_value=rounded(iv),
                missing=rounded(np.average(np.isnan(column), weights=train.weight)),
                correlated_with=None if strongest is None else names[strongest[0]],
                correlation=None if strongest is None else rounded(strongest[1]),
                coefficient=rounded(coefficient),
                bins=tuple(
                    _bins(schema.fields[name], fitted.binnings[name], train, woe, points.tolist())
                ),
            )
        )
    return sorted(variables, key=lambda variable: -variable.information_value)


def _bins(
    field: Field, bins: Binning, train: Dataset, woe: Floats, points: Sequence[int]
) -> Iterator[WoeBin]:
    column = train.columns[field.name]
    rows = np.bincount(bins.places(column), minlength=len(bins)).tolist()
    goods, bads = _counts(train, field.name, bins)
    for index, (label, low, high) in enumerate(_labels(field, bins, column)):
        is_band = len(bins.values) <= index < len(bins) - bins.has_missing
        if is_band and not rows[index]:
            # The only band, where each number has a meaning of its own.
            continue
        people = goods[index] + bads[index]
        yield WoeBin(
            label=label,
            low=low,
            high=high,
            rows=rows[index],
            bad_rate=rounded(bads[index] / people) if people else None,
            woe=rounded(woe[index]),
            points=points[index],
        )


def _labels(
    field: Field, bins: Binning, column: Floats
) -> Iterator[tuple[str, float | None, float | None]]:
    """Yield the name and the bounds of each bin."""
    for text in field.rule.labels.values():
        yield in_language(text, DEFAULT_LANGUAGE), None, None
    if not isinstance(field.rule, CodeList) and bins.edges is not None:
        ordinary = column[~np.isnan(column) & ~np.isin(column, bins.values)]
        # "under 2" would seem to hold the special values as well.
        lowest = float(ordinary.min()) if bins.values and len(ordinary) else None
        for low, high in pairwise([lowest, *bins.edges, None]):
            text = band_text(low, high, integral=field.rule.integral)
            yield in_language(text, DEFAULT_LANGUAGE), low, high
    if bins.has_missing:
        yield in_language(say("not_stated"), DEFAULT_LANGUAGE), None, None
