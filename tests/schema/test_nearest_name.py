"""Hints suggest only what a name can be a misspelling of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import BUNDLED

from creditscore.nearest_name import hint, nearest_name, typing_errors

FIELDS = list(BUNDLED.fields)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("LIMIT_BALL", "LIMIT_BAL"),
        ("limit_bal", "LIMIT_BAL"),
        ("Limit Bal", "LIMIT_BAL"),
        (" AGE", "AGE"),
        ("AEG", "AGE"),
        ("EDUCATON", "EDUCATION"),
        ("MARIAGE", "MARRIAGE"),
        ("PAI_AMT1", "PAY_AMT1"),
        ("BIL_AMT_2", "BILL_AMT2"),
        ("pay1", "PAY_1"),
    ],
)
def test_a_misspelling_is_told_what_it_was_meant_to_be(name: str, nearest: str) -> None:
    assert nearest_name(name, FIELDS) == nearest


@pytest.mark.parametrize(
    "name",
    [
        "PAY_0",
        "PAY_6",
        "BILL_AMT4",
        "BILL_AMT",
        "default.payment.next.month",
        "ID",
        "X1",
        "MARRIED",
        "INCOME",
        "LIMIT",
        "",
        "_",
        "zzzzzzzzzzzz",
        "AGE" * 50_000,
    ],
)
def test_what_is_no_misspelling_of_a_name_gets_no_hint(name: str) -> None:
    assert nearest_name(name, FIELDS) is None


def test_the_uci_header_is_no_misspelling_of_ours() -> None:
    assert nearest_name("PAY_1", ["ID", "PAY_0", "PAY_4", "PAY_5", "PAY_6"]) is None
    assert nearest_name("TARGET", ["ID", "default.payment.next.month"]) is None


def test_of_two_that_are_as_near_none_is_suggested() -> None:
    assert nearest_name("wag", ["wage", "wags"]) is None
    assert nearest_name("wage", ["wages", "wage "]) == "wage "


def test_a_hint_is_quoted_so_that_a_space_shows() -> None:
    assert hint("AGE", ["AGE ", "SEX"]) == ", did you mean 'AGE '?"
    assert hint("AGE", ["SEX"]) == ""


@pytest.mark.parametrize(
    ("first", "second", "errors"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "abd", 1),
        ("abc", "acb", 1),
        ("abc", "ab", 1),
        ("ca", "abc", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_typing_errors_are_counted(first: str, second: str, errors: int) -> None:
    assert typing_errors(first, second) == typing_errors(second, first) == errors


@given(name=st.sampled_from(FIELDS), data=st.data())
def test_one_typing_error_in_a_name_is_found(name: str, data: st.DataObject) -> None:
    letters = [index for index, character in enumerate(name) if character.isalpha()]
    index = data.draw(st.sampled_from(letters))
    changed = data.draw(st.sampled_from(["", "x", name[index] * 2]))

    assert nearest_name(name[:index] + changed + name[index + 1 :], FIELDS) in (
        name,
        *((None,) if len(name) < 5 else ()),
    )


def test_many_columns_are_searched_for_every_field() -> None:
    columns = [f"column_{number}" for number in range(16_000)]

    assert [nearest_name(field, columns) for field in FIELDS] == [None] * len(FIELDS)
