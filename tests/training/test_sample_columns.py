"""Times, persons and weights of rows, as tables write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from population import draw_population, write_table
from workbooks import Cell, write_workbook

from creditscore.errors import DatasetError
from creditscore.training.dataset import load
from creditscore.training.sample_columns import (
    read_groups,
    read_times,
    read_weights,
    time_text,
)


@pytest.mark.parametrize(
    ("cells", "first", "last"),
    [
        (["201503", "201412", "201501"], "201412", "201503"),
        (["2015-03-31", "2014-12-01"], "2014-12-01", "2015-03-31"),
        (["2015-03-31T10:00:00Z", "2015-03-31 12:30"], "2015-03-31T10:00:00", "2015-03-31T12:30"),
        # Eleven in Jakarta is earlier than five in the morning of the same day in UTC.
        (["2015-03-31T11:00+07:00", "2015-03-31T05:00"], "2015-03-31T04:00:00", "2015-03-31T05:00"),
        (["2015-03", "2014-12"], "2014-12-01", "2015-03-01"),
        (["31.12.2014", "01.03.2015"], "2014-12-31", "2015-03-01"),
        (["1/3/2015", "31/12/2014"], "2014-12-31", "2015-03-01"),
        (["12/31/2014", "3/1/2015"], "2014-12-31", "2015-03-01"),
        (["03/2015", "12/2014"], "2014-12-01", "2015-03-01"),
        (["Mar-2015", "Dec-2014"], "2014-12-01", "2015-03-01"),
        (["Mar-15", "Dec-14"], "2014-12-01", "2015-03-01"),
        (["01MAR2015", "31DEC2014"], "2014-12-31", "2015-03-01"),
        ([" 2015-03-31 ", "2014-12-01"], "2014-12-01", "2015-03-31"),
        # Which of both comes first, day or month, makes no difference here.
        (["01/01/2015", "02/02/2015"], "2015-01-01", "2015-02-02"),
    ],
)
def test_times_are_in_their_order(cells: list[str], first: str, last: str) -> None:
    times, problems = read_times(cells)

    assert problems == {}
    assert time_text(times.min()) == first
    assert time_text(times.max()).startswith(last)


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        (
            ["01/02/2015", "03/04/2015"],
            {"01/02/2015": "may be 2015-02-01 or 2015-01-02: write the year first, such as"},
        ),
        (
            ["032015", "122014"],
            {"032015": "must have the year first, such as 201503, got '032015'"},
        ),
        (["31032015", "01122014"], {"31032015": "must have the year first"}),
        (["2015-03-31", ""], {"": "must be a date .*, but the cell is empty"}),
        (["2015-03-31", "soon"], {"soon": "must be a date such as 2015-03-31, .*, got 'soon'"}),
        (["201503", "2015-04-01"], {"201503": "must be a date"}),
        (["30/02/2015", "28/02/2015"], {"30/02/2015": "must be a date"}),
    ],
)
def test_what_is_no_time_or_may_be_two_is_named(cells: list[str], texts: dict[str, str]) -> None:
    _, problems = read_times(cells)

    assert list(problems) == list(texts)
    for text, words in texts.items():
        assert np.char.count(problems[text], words.split(".*")[0]) == 1


def test_among_numbers_what_is_none_is_named() -> None:
    times, problems = read_times(["201501", "201502", "", "later"])

    assert times[:2].tolist() == [201501, 201502]
    assert list(problems) == ["", "later"]


def test_persons_are_the_same_whatever_spaces_are_around_them() -> None:
    persons, problems = read_groups(["b", "a", " b", "", "a "])

    assert persons.tolist() == [0, 1, 0, 2, 1]
    assert list(problems) == [""]


def test_weights_are_above_0() -> None:
    weights, problems = read_weights(["1", "2.5", "0", "-1", "", "x", "1e400"], decimal=None)

    assert weights[:2].tolist() == [1, 2.5]
    assert set(problems) == {"0", "-1", "", "x", "1e400"}
    assert read_weights(["1.000,5"], decimal=",")[0].tolist() == [1000.5]


def test_the_decimal_sign_of_weights_is_settled_by_their_cells() -> None:
    assert read_weights(["1,5", "1,234"], decimal=None)[0].tolist() == [1.5, 1.234]
    assert read_weights(["1.5", "1,234"], decimal=None)[0].tolist() == [1.5, 1234]

    _, problems = read_weights(["1,234", "2"], decimal=None)

    text = "may be 1234 or 1.234, got '1,234': say [file] decimal in the schema file"
    assert problems == {"1,234": text}


def test_weights_that_are_numbers_settle_no_decimal_sign() -> None:
    weights, problems = read_weights([2.5, 1.125, "1.234"], decimal=None)

    assert weights[:2].tolist() == [2.5, 1.125]
    assert list(problems) == ["1.234"]
    assert read_weights([1.125, "1,5"], decimal=None)[0].tolist() == [1.125, 1.5]


def test_a_workbook_has_them_whatever_decimal_sign_its_csv_has(tmp_path: Path) -> None:
    people = draw_population(60, seed=1, intercept=0).rows(np.arange(60))
    rows = [row | {"date": 1, "stands_for": 1} for row in people]
    sample = '[file]\ndecimal = ","\n\n[sample]\ntime = "date"\nweight = "stands_for"'
    _, schema = write_table(tmp_path, rows, sample)
    names = list(rows[0])
    cells: list[list[Cell]] = [[row[name] for name in names] for row in rows]
    for number, row in enumerate(cells):
        row[names.index("date")] = f"2026-01-{1 + number // 2:02}"
        row[names.index("stands_for")] = 1.125 if number else 2.5
    workbook = write_workbook(tmp_path / "people.xlsx", {"People": [names, *cells]})

    data = load(workbook, schema)

    assert data.weight is not None
    assert data.weight.tolist() == [2.5] + [1.125] * 59
    assert data.time is not None
    assert [time_text(data.time[row]) for row in (0, 59)] == ["2026-01-01", "2026-01-30"]


def test_the_index_of_a_table_may_be_its_person(tmp_path: Path) -> None:
    rows = draw_population(60, seed=1, intercept=0).rows(np.arange(60))
    rows = [{"Unnamed: 0": 7 + number // 2} | row for number, row in enumerate(rows)]

    data = load(*write_table(tmp_path, rows, '[sample]\ngroup = "Unnamed: 0"'))

    assert data.group is not None
    assert data.group.tolist() == [number // 2 for number in range(60)]


def test_rows_that_a_fault_in_them_spoils_are_counted_once(tmp_path: Path) -> None:
    rows = draw_population(60, seed=1, intercept=0).rows(np.arange(60))
    rows = [row | {"date": 202601, "person": 1} for row in rows]
    rows[7] |= {"date": "later", "income": "much"}
    rows[9]["person"] = ""

    with pytest.raises(DatasetError, match="2 of 60 rows cannot be trained on"):
        load(*write_table(tmp_path, rows, '[sample]\ntime = "date"\ngroup = "person"'))


def test_a_table_has_them_beside_its_fields(tmp_path: Path) -> None:
    rows = draw_population(60, seed=1, intercept=0).rows(np.arange(60))
    for number, row in enumerate(rows):
        row |= {"date": 202600 + number // 6 + 1, "person": f"P{number // 2}", "stands_for": 2}
    sample = '[sample]\ntime = "date"\ngroup = "person"\nweight = "stands_for"'

    data = load(*write_table(tmp_path, rows, sample))

    assert data.time is not None
    assert data.group is not None
    assert data.weight is not None
    assert data.time.tolist() == [row["date"] for row in rows]
    assert data.group.tolist() == [number // 2 for number in range(60)]
    assert data.weight.tolist() == [2] * 60
    last = data.rows(np.array([59]))
    assert last.time is not None
    assert last.group is not None
    assert last.weight is not None
    assert [column.tolist() for column in (last.time, last.group, last.weight)] == [
        [202610], [29], [2],
    ]  # fmt: skip


def test_a_fault_in_them_is_one_of_the_table(tmp_path: Path) -> None:
    rows = draw_population(60, seed=1, intercept=0).rows(np.arange(60))
    dated = [row | {"date": "2026-01-01"} for row in rows]
    dated[7]["date"] = "later"

    with pytest.raises(
        DatasetError, match=r"line 9, column date: must be a date such as"
    ) as caught:
        load(*write_table(tmp_path, dated, '[sample]\ntime = "date"'))

    assert caught.value.column == "date"


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    rows = draw_population(60, seed=1, intercept=0).rows(np.arange(60))

    with pytest.raises(DatasetError, match="column person: is missing"):
        load(*write_table(tmp_path, rows, '[sample]\ngroup = "person"'))
