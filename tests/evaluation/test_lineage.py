"""The way of the rows, counted by hand."""

from __future__ import annotations

import numpy as np

from creditscore.evaluation.lineage import RowCounts, trace_rows

TRAIN = (np.array([0, 1, 1, 0]), {"income": np.array([1.0, np.nan, 3.0, np.nan])})
TEST = (np.array([1, 0]), {"income": np.array([np.nan, 2.0])})


def test_rows_bad_outcomes_and_gaps_are_counted() -> None:
    lineage = trace_rows({"train": TRAIN, "test": TEST}, left_out=3, ignored_columns=["no"], seed=7)

    assert lineage.steps == {
        "file": RowCounts(9, None),
        "left_out": RowCounts(3, None),
        "used": RowCounts(6, 3),
        "train": RowCounts(4, 2),
        "test": RowCounts(2, 1),
    }
    assert lineage.missing == {"income": 3}
    assert (lineage.ignored_columns, lineage.seed) == (["no"], 7)


def test_of_a_file_whose_rows_are_all_used_the_bad_are_known() -> None:
    lineage = trace_rows({"train": TRAIN, "test": TEST}, left_out=0, ignored_columns=[], seed=1)

    assert lineage.steps["file"] == RowCounts(6, 3)
