"""What training remembers of its rows: the reference group of the reasons, and the ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.schema import Schema
from creditscore.schema.constraints import CodeList, NumericRange, Value
from creditscore.scorecard.scorecard import Reference
from creditscore.training.dataset import Dataset

#: Whom reasons compare an applicant with: those who were approved, so that a refusal has a
#: reason whatever the share of defaults; or everybody.
GROUPS = ("approved", "all")


def reference_rows(probability: Floats, *, cutoff: float, group: str) -> tuple[str, Ints]:
    """Choose the reference group.

    Returns
    -------
    group : str
        The one that was asked for; everybody where nobody is approved.
    rows : ndarray of shape (n_reference,)
        The places of its rows.
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
    """Say what the reference group is.

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
        name: column
        for name, column in zip(predictors, matrix.T, strict=True)
        if isinstance(schema.fields[name].rule, NumericRange)
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
    """Tell what training saw of each field: the smallest and largest number, or the codes."""
    ranges: dict[str, list[Value]] = {}
    for name in names:
        rule, column = schema.fields[name].rule, train.columns[name]
        if isinstance(rule, CodeList):
            seen = set(column.tolist())
            ranges[name] = [code for code in rule.labels if rule.encode(code) in seen]
        else:
            ranges[name] = [rule.accept(float(column.min())), rule.accept(float(column.max()))]
    return ranges


def _spread(column: Floats) -> float:
    low, high = np.quantile(column, [0.1, 0.9])
    return float(high - low) or float(column.max() - column.min()) or 1.0
