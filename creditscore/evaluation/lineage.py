"""Where the rows of a model come from: how many were read, left out, learned from and held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from creditscore.arrays import Floats, Ints


@dataclass(frozen=True)
class RowCounts:
    """Rows, and how many of them are bad; None where their outcome is neither good nor bad."""

    rows: int
    bad: int | None


@dataclass(frozen=True)
class Lineage:
    """The way of the rows from the file to the figures.

    Attributes
    ----------
    steps : dict of str to RowCounts
        ``file`` is all rows that were read, ``left_out`` those with another outcome; the rest,
        ``used``, is split in ``train`` and ``test``.
    missing : dict of str to int
        By field, how many of the rows used have no value.
    ignored_columns : list of str
        Columns of the file that are no fields.
    seed : int
        Of the split.
    """

    steps: dict[str, RowCounts]
    missing: dict[str, int]
    ignored_columns: list[str]
    seed: int


def trace_rows(
    parts: Mapping[str, tuple[Ints, Mapping[str, Floats]]],
    *,
    left_out: int,
    ignored_columns: Sequence[str],
    seed: int,
) -> Lineage:
    """Count rows, bad outcomes and missing values.

    Parameters
    ----------
    parts : mapping of str to (ndarray of shape (n_rows,), mapping of str to ndarray)
        Of ``train`` and ``test``: 1 for each bad row, 0 for a good one; and by field the values
        as the model sees them, NaN for a missing one.
    left_out : int
        Rows of the file whose outcome is neither good nor bad.
    ignored_columns : sequence of str
    seed : int
    """
    counts = {name: RowCounts(len(bad), int(bad.sum())) for name, (bad, _) in parts.items()}
    used_rows = RowCounts(
        sum(count.rows for count in counts.values()),
        sum(count.bad or 0 for count in counts.values()),
    )
    missing: dict[str, int] = {}
    for _, columns in parts.values():
        for name, values in columns.items():
            missing[name] = missing.get(name, 0) + int(np.isnan(values).sum())
    steps = {
        "file": RowCounts(used_rows.rows + left_out, None if left_out else used_rows.bad),
        "left_out": RowCounts(left_out, None),
        "used": used_rows,
        **counts,
    }
    return Lineage(steps, missing, list(ignored_columns), seed)
