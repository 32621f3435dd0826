"""Which rows training learns from, and which it is tested on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from creditscore.arrays import Ints
from creditscore.errors import DatasetError
from creditscore.schema.sample import Sample
from creditscore.training.dataset import Dataset
from creditscore.training.split import find_twins, split, split_by_time, weighted

ROWS = 1000


@pytest.fixture
def data() -> Dataset:
    """Rows that their only field numbers, a fifth of them bad."""
    draw = np.random.default_rng(1)
    return Dataset(
        name="rows.csv",
        sha256="",
        columns={"number": np.arange(ROWS, dtype=np.float64)},
        bad=(draw.random(ROWS) < 0.2).astype(np.int64),
        folded={},
    )


def numbers(rows: Dataset) -> Ints:
    return rows.columns["number"].astype(np.int64)


# At random


def test_rows_without_persons_are_split_as_scikit_learn_does(data: Dataset) -> None:
    learned, tested = train_test_split(
        np.arange(ROWS), test_size=0.2, stratify=data.bad, random_state=7
    )

    parts = split(data, 7)

    assert numbers(parts.train).tolist() == sorted(learned)
    assert numbers(parts.test).tolist() == sorted(tested)


def test_each_person_is_on_one_side(data: Dataset) -> None:
    draw = np.random.default_rng(2)
    _, person = np.unique(draw.integers(300, size=ROWS), return_inverse=True)
    data = replace(data, group=person)

    parts = split(data, 1)

    train, test = parts.train.group, parts.test.group
    assert train is not None
    assert test is not None
    assert not set(train) & set(test)
    assert len(parts.train) + len(parts.test) == ROWS
    assert len(parts.test) == pytest.approx(0.2 * ROWS, rel=0.15)
    assert parts.test.bad.mean() == pytest.approx(data.bad.mean(), abs=0.05)
    again = split(data, 1)
    assert numbers(again.test).tolist() == numbers(parts.test).tolist()
    assert numbers(split(data, 2).test).tolist() != numbers(parts.test).tolist()


@pytest.mark.parametrize("people", [1, 3])
def test_too_few_people_are_refused(data: Dataset, people: int) -> None:
    data = replace(data, group=np.arange(ROWS) % people, bad=(np.arange(ROWS) % 3 == 0).astype(int))

    with pytest.raises(DatasetError, match=f"holds {people} people, too few to have both outcomes"):
        split(data, 1)


# By time


def test_the_latest_fifth_is_split_off_whatever_the_order_of_the_rows(data: Dataset) -> None:
    time = np.random.default_rng(3).permutation(ROWS).astype(np.float64)
    data = replace(data, time=time)

    parts = split_by_time(data, Sample(time="when"))

    assert parts is not None
    assert len(parts.latest) == ROWS / 5
    assert parts.since == "800"
    assert parts.latest.time is not None
    assert parts.earlier.time is not None
    assert parts.latest.time.min() == 800
    assert parts.earlier.time.max() == 799


def test_rows_of_the_same_time_are_on_the_same_side(data: Dataset) -> None:
    """Of 1,000 rows in eight months, two months are nearer to a fifth than one."""
    data = replace(data, time=np.repeat(np.arange(201501.0, 201509.0), ROWS // 8))

    parts = split_by_time(data, Sample(time="month"))

    assert parts is not None
    assert parts.since == "201507"
    assert len(parts.latest) == 250


def test_of_a_person_on_both_sides_the_later_rows_are_left_out(data: Dataset) -> None:
    person = np.arange(ROWS)
    person[900:] = np.arange(100)
    data = replace(data, time=np.arange(ROWS, dtype=np.float64), group=person)

    parts = split_by_time(data, Sample(time="when", group="who"))

    assert parts is not None
    assert numbers(parts.earlier).tolist() == list(range(800))
    assert numbers(parts.latest).tolist() == list(range(800, 900))
    assert parts.known_people == 100


def test_rows_without_times_are_not_split_by_time(data: Dataset) -> None:
    assert split_by_time(data, Sample()) is None


def test_rows_of_one_time_cannot_be_split(data: Dataset) -> None:
    data = replace(data, time=np.full(ROWS, np.datetime64("2026-01-31T00:00:00", "s")))

    with pytest.raises(DatasetError, match=r"column when: must hold more than one time.*-01-31"):
        split_by_time(data, Sample(time="when"))


def test_it_says_when_a_part_holds_too_few_of_an_outcome(data: Dataset) -> None:
    data = replace(data, time=np.arange(ROWS, dtype=np.float64))
    tested = np.zeros(ROWS, dtype=np.int64)
    tested[:100] = tested[800:809] = 1

    for bads, enough in ((9, False), (10, True)):
        tested[800 : 800 + bads] = 1
        parts = split_by_time(replace(data, bad=tested), Sample(time="when"))
        assert parts is not None
        assert parts.is_enough == enough


# Weights


def test_a_known_bad_rate_gives_both_outcomes_their_share(data: Dataset) -> None:
    rows = weighted(data, Sample(bad_rate=0.03))

    assert rows.weight is not None
    assert np.average(rows.bad, weights=rows.weight) == pytest.approx(0.03)
    assert rows.weight.mean() == pytest.approx(1)
    assert len(set(rows.weight.tolist())) == 2


def test_weights_keep_their_proportions(data: Dataset) -> None:
    weights = np.array([1.0, 2.0, 3.0])[np.arange(ROWS) % 3]

    rows = weighted(replace(data, weight=weights), Sample(weight="w"))

    assert rows.weight is not None
    assert rows.weight.mean() == pytest.approx(1)
    assert rows.weight / rows.weight[0] == pytest.approx(weights)


def test_rows_without_weights_have_none(data: Dataset) -> None:
    assert weighted(data, Sample()).weight is None


# Twins


def test_a_test_row_has_a_twin_where_all_fields_and_the_outcome_are_the_same() -> None:
    def rows(*cells: tuple[float, float, int]) -> Dataset:
        a, b, bad = (np.array(column) for column in zip(*cells, strict=True))
        columns = {"a": a.astype(np.float64), "b": b.astype(np.float64)}
        return Dataset(name="", sha256="", columns=columns, bad=bad, folded={})

    train = rows((1, 2, 0), (3, 4, 1), (0.0, 5, 0), (np.nan, 6, 0))

    twins = find_twins(
        train, rows((1, 2, 0), (1, 2, 1), (1, 3, 0), (3, 4, 1), (-0.0, 5, 0), (np.nan, 6, 0))
    )

    assert twins.tolist() == [True, False, False, True, True, True]
