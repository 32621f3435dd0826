"""Split rows in two: at random, with the rows of a person on one side, and by time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from creditscore.arrays import Flags, Floats
from creditscore.errors import DatasetError
from creditscore.schema.sample import Sample
from creditscore.training.calibration import OutOfBag
from creditscore.training.dataset import Dataset
from creditscore.training.sample_columns import time_text

#: Share of the rows that training never sees.
TEST_SHARE = 0.2

#: Rows of each outcome without which neither training nor its test mean anything.
MIN_ROWS_PER_OUTCOME = 50

#: Of those, how many a test must hold.
MIN_TESTED_PER_OUTCOME = 10


@dataclass(frozen=True)
class TimeSplit:
    """The earlier rows, and the latest fifth.

    Attributes
    ----------
    earlier, latest : Dataset
    since : str
        The time of the first of the latest rows.
    known_people : int
        Rows left out of the latest because their person is among the earlier ones too.
    """

    earlier: Dataset
    latest: Dataset
    since: str
    known_people: int

    @property
    def is_enough(self) -> bool:
        """Whether both parts hold enough rows of each outcome to fit and to measure."""
        return (
            _rarer(self.latest) >= MIN_TESTED_PER_OUTCOME
            and _rarer(self.earlier) >= MIN_ROWS_PER_OUTCOME - MIN_TESTED_PER_OUTCOME
        )


@dataclass(frozen=True)
class Split:
    """The rows to learn from, and those to be tested on.

    Attributes
    ----------
    train, test : Dataset
        At random.
    by_time : TimeSplit or None
        The same rows by time, for a second test; None where no column has their time.
    by_seed : mapping of str to ndarray of shape (n_seeds, n_test_rows)
        Of each scorecard that was trained with other seeds too, what they predict for `test`.
    out_of_bag : mapping of str to OutOfBag
        Of each scorecard, once it is fitted to `train`: the mean of each of its rows over the trees
        that did not draw it.
    """

    train: Dataset
    test: Dataset
    by_time: TimeSplit | None = None
    by_seed: Mapping[str, Floats] = field(default_factory=dict)
    out_of_bag: Mapping[str, OutOfBag] = field(default_factory=dict)


def split(dataset: Dataset, seed: int) -> Split:
    """Split a data set in two at random, with the same share of bad outcomes in both (stratified).

    All rows of a person are on the same side; people with a bad row are shared out like the others.

    Raises
    ------
    DatasetError
        If it is too small to learn from and to be tested on.
    """
    fewest = _rarer(dataset)
    if fewest < MIN_ROWS_PER_OUTCOME:
        problem = f"holds {fewest} rows of one outcome, training needs {MIN_ROWS_PER_OUTCOME}"
        raise DatasetError(dataset.name, problem)
    person = np.arange(len(dataset)) if dataset.group is None else dataset.group
    people = int(person.max()) + 1
    was_bad = np.bincount(person, weights=dataset.bad, minlength=people) > 0
    try:
        learned, tested = train_test_split(
            np.arange(people), test_size=TEST_SHARE, stratify=was_bad, random_state=seed
        )
    except ValueError:
        raise DatasetError(dataset.name, _few_people(people)) from None
    # In file order, so that the model does not depend on how the split was shuffled.
    train, test = (dataset.rows(np.isin(person, side)) for side in (learned, tested))
    if min(_rarer(train), _rarer(test)) == 0:
        raise DatasetError(dataset.name, _few_people(people))
    return Split(train, test)


def join(first: Dataset, second: Dataset) -> Dataset:
    """Return the rows of two parts of one data set, those of the first before the second's."""

    def both(column: Any, more: Any) -> Any:
        return None if column is None else np.concatenate([column, more])

    return replace(
        first,
        columns={
            name: both(column, second.columns[name]) for name, column in first.columns.items()
        },
        bad=both(first.bad, second.bad),
        time=both(first.time, second.time),
        group=both(first.group, second.group),
        weight=both(first.weight, second.weight),
    )


def _few_people(people: int) -> str:
    return f"holds {people} people, too few to have both outcomes on both sides of the split"


def split_by_time(dataset: Dataset, sample: Sample) -> TimeSplit | None:
    """Split a data set at the time after which about a fifth of the rows are; None without times.

    Rows of the same time are on the same side. Of a person who has rows on both sides, the later
    ones are left out, and none of the earlier: who comes back is often known by how it went.

    Raises
    ------
    DatasetError
        If all rows are of one time.
    """
    if dataset.time is None:
        return None
    times, rows = np.unique(dataset.time, return_counts=True)
    if len(times) < 2:
        problem = f"must hold more than one time to split by, all rows have {time_text(times[0])}"
        raise DatasetError(dataset.name, problem, column=sample.time or "")
    from_each_on = np.cumsum(rows[::-1])[::-1] / len(dataset)
    cut = 1 + int(np.argmin(np.abs(from_each_on[1:] - TEST_SHARE)))
    late = dataset.time >= times[cut]
    is_latest = late
    if dataset.group is not None:
        is_latest = late & ~np.isin(dataset.group, dataset.group[~late])
    return TimeSplit(
        earlier=dataset.rows(~late),
        latest=dataset.rows(is_latest),
        since=time_text(times[cut]),
        known_people=int(late.sum() - is_latest.sum()),
    )


def weighted(dataset: Dataset, sample: Sample) -> Dataset:
    """Return the rows weighted as their population, where the schema file says what it is like.

    Weights are scaled to a mean of 1. From a known bad rate b of the population and that of the
    rows s, those of a bad row are b / s and those of a good row (1 - b) / (1 - s).
    """
    weight = dataset.weight
    if sample.bad_rate is not None:
        share = float(dataset.bad.mean())
        good, bad = (1 - sample.bad_rate) / (1 - share), sample.bad_rate / share
        weight = np.where(dataset.bad == 1, bad, good)
    return dataset if weight is None else replace(dataset, weight=weight / weight.mean())


def find_twins(train: Dataset, test: Dataset) -> Flags:
    """Find the test rows that a training row equals, in every field and the outcome.

    Returns
    -------
    ndarray of shape (n_test_rows,)
    """
    train_rows, test_rows = (
        # Adding 0 turns -0.0 into 0.0.
        np.column_stack([*(part.columns[name] for name in train.columns), part.bad]) + 0.0
        for part in (train, test)
    )
    # Each row as one value, so that a missing number equals another.
    row_type = f"V{train_rows[0].nbytes}"
    return np.isin(test_rows.view(row_type).ravel(), train_rows.view(row_type).ravel())


def _rarer(dataset: Dataset) -> int:
    bads = int(dataset.bad.sum())
    return min(bads, len(dataset) - bads)
