"""What a scorecard keeps of its training rows: reference group, value ranges, monitoring bins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum

import numpy as np
from scipy.stats import chi2

from creditscore.arrays import Flags, Floats, Ints
from creditscore.errors import DatasetError
from creditscore.evaluation.metrics import effective_rows
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, in_language, say
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import CodeList, NumericRange, Value
from creditscore.schema.descriptions import band_texts
from creditscore.scorecard.bins import ALPHABET, Bins, TrainingBins
from creditscore.scorecard.scorecard import Reference
from creditscore.training.dataset import Dataset

#: Whom reasons compare an applicant with: those who were approved, so that a refusal has a
#: reason whatever the share of defaults; or everybody.
GROUPS = ("approved", "all")

#: A shift counts as significant when chance alone gives a larger one in one of a hundred cases.
SIGNIFICANCE = 0.99


def reference_rows(probability: Floats, *, cutoff: float, group: str) -> tuple[str, Ints]:
    """Choose the reference group.

    Returns
    -------
    group : str
        The one that was asked for; everyone where no one is approved.
    rows : ndarray of shape (n_reference,)
        Indices of its rows.
    """
    approved = np.flatnonzero(probability < cutoff)
    if group == "approved" and len(approved):
        return "approved", approved
    return "all", np.arange(len(probability))


def describe_reference(
    group: str,
    probability: Floats,
    matrix: Floats,
    *,
    predictors: Sequence[str],
    schema: Schema,
) -> Reference:
    """Compute the baseline, medians and spreads of the reference group.

    Parameters
    ----------
    group : str
    probability : ndarray of shape (n_reference,)
    matrix : ndarray of shape (n_reference, n_predictors)
    predictors : sequence of str
        Names of the columns.
    schema : Schema
    """
    numbers = {
        name: values
        for name, column in zip(predictors, matrix.T, strict=True)
        if isinstance(schema.fields[name].rule, NumericRange)
        and len(values := _known_values(column))
    }
    return Reference(
        group=f"{group}_training_rows",
        rows=len(probability),
        # fsum is exact, so the order and the width of the processor's sums do not matter.
        baseline=fsum(probability.tolist()) / len(probability),
        medians={name: float(np.median(column)) for name, column in numbers.items()},
        spreads={name: _spread(column) for name, column in numbers.items()},
    )


def training_ranges(
    train: Dataset, schema: Schema, names: Sequence[str]
) -> Mapping[str, list[Value]]:
    """Return the training values of each field: the smallest and largest number, or the codes.

    Raises
    ------
    DatasetError
        If a field has none.
    """
    ranges: dict[str, list[Value]] = {}
    for name in names:
        rule, column = schema.fields[name].rule, _known_values(train.columns[name])
        if not len(column):
            raise DatasetError(train.name, "is empty in all training rows", column=name)
        if isinstance(rule, CodeList):
            codes = set(column.tolist())
            ranges[name] = [code for code in rule.labels if rule.encode(code) in codes]
        else:
            ranges[name] = [rule.accept(float(column.min())), rule.accept(float(column.max()))]
    return ranges


def _known_values(column: Floats) -> Floats:
    """Return the values of a column that are not missing."""
    return column[~np.isnan(column)]


def _spread(column: Floats) -> float:
    low, high = np.quantile(column, [0.1, 0.9])
    return float(high - low) or float(column.max() - column.min()) or 1.0


def bin_training_rows(
    train: Dataset, schema: Schema, names: Sequence[str], *, scores: Ints
) -> TrainingBins:
    """Bin the training rows by each field, and by the score.

    Codes are a bin each; numbers are binned at the schema file's bands, or else at quantiles:
    quarters for a protected field, tenths for any other.

    Parameters
    ----------
    train : Dataset
    schema : Schema
    names : sequence of str
        The scorecard's fields.
    scores : ndarray of shape (n_rows,)
        The rows' scores, in points.

    Where rows have weights, the counts are those of the population that they stand for, as sure as
    they are: together as many as `effective_rows`.
    """
    weights = train.weight
    if weights is not None:
        weights = weights * effective_rows(weights) / weights.sum()
    edges = quantile_edges(scores, 10, weights)
    return TrainingBins(
        score=_number_bins(scores.astype(np.float64), weights, edges, integral=True),
        fields={
            name: _field_bins(schema.fields[name], train.columns[name], weights) for name in names
        },
    )


def _field_bins(field: Field, column: Floats, weights: Floats | None) -> Bins:
    missing = np.isnan(column)
    known_weights = None if weights is None else weights[~missing]
    bins = _known_bins(field, column[~missing], known_weights)
    if field.missing is None:
        return bins
    counts = (*bins.counts, _count(missing, weights))
    return replace(
        bins,
        labels=(*bins.labels, in_language(say("not_stated"), DEFAULT_LANGUAGE)),
        counts=counts,
        critical=_critical(len(counts)),
        has_missing=True,
    )


def _known_bins(field: Field, column: Floats, weights: Floats | None) -> Bins:
    if isinstance(field.rule, CodeList):
        codes = tuple(field.rule.labels)
        rows = [_count(column == field.rule.encode(code), weights) for code in codes]
        # One is left for missing values.
        max_bins = len(ALPHABET) - (field.missing is not None)
        counts = (
            [*rows[: max_bins - 1], sum(rows[max_bins - 1 :])] if len(rows) > max_bins else rows
        )
        labels = [in_language(text, DEFAULT_LANGUAGE) for text in field.rule.labels.values()]
        return Bins(
            codes=codes,
            edges=(),
            low=None,
            high=None,
            labels=tuple(labels[: len(counts)]),
            counts=tuple(counts),
            critical=_critical(len(counts)),
        )
    edges = field.bands or quantile_edges(column, 4 if field.protected else 10, weights)
    return _number_bins(column, weights, edges, integral=field.rule.integral)


def _number_bins(
    column: Floats, weights: Floats | None, edges: Sequence[float], *, integral: bool
) -> Bins:
    indices = np.searchsorted(edges, column, side="right")
    counts = [_count(indices == index, weights) for index in range(len(edges) + 1)]
    return Bins(
        codes=(),
        edges=tuple(float(edge) for edge in edges),
        low=float(column.min()),
        high=float(column.max()),
        labels=tuple(
            in_language(text, DEFAULT_LANGUAGE)
            for text in band_texts([float(edge) for edge in edges], integral=integral)
        ),
        counts=tuple(counts),
        critical=_critical(len(counts)),
    )


def _count(inside: Flags, weights: Floats | None) -> int:
    """Count rows, or the people that they stand for."""
    return int(inside.sum()) if weights is None else round(float(weights[inside].sum()))


def quantile_edges(column: Floats | Ints, parts: int, weights: Floats | None = None) -> list[float]:
    """Return the edges of bins of about equal size; fewer where many rows share a value."""
    shares = np.arange(1, parts) / parts
    if weights is None:
        edges = np.quantile(column, shares, method="nearest")
    else:
        edges = np.quantile(column, shares, weights=weights, method="inverted_cdf")
    return [float(edge) for edge in np.unique(edges) if edge > column.min()]


def _critical(bins: int) -> float:
    return float(chi2.ppf(SIGNIFICANCE, bins - 1)) if bins > 1 else 0.0
