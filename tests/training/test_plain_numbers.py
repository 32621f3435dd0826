"""Numbers that are read many at a time are those that their rule reads one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.schema.constraints import NumericRange, Rejected, from_text
from creditscore.schema.missing_values import MissingValues
from creditscore.training.plain_numbers import PlainNumbers

TEXTS = st.one_of(
    st.integers(-2000, 2000).map(str),
    st.floats(-2000, 2000).map(repr),
    st.decimals(-2000, 2000, places=3).map(str),
    st.text(st.sampled_from("0123456789.,-"), min_size=1, max_size=8),
)
MISSING = MissingValues(frozenset({-7, "NA"}), {-8: {"en": "no record"}, 2.5: {"en": "odd"}})


@given(
    texts=st.lists(TEXTS, max_size=20),
    integral=st.booleans(),
    is_open=st.booleans(),
    decimal=st.sampled_from([".", ",", None]),
)
def test_they_are_those_of_the_rule(
    texts: list[str], integral: bool, is_open: bool, decimal: str | None
) -> None:
    rule = NumericRange(
        low=-1000,
        high=1000,
        low_open=is_open,
        high_open=is_open,
        integral=integral,
        labels={},
        unit={},
    )
    plain = PlainNumbers(rule, MISSING, decimal)

    numbers = plain.read(set(texts))

    for text in texts:
        raw = from_text(rule, text, decimal=decimal, integral=True)
        try:
            expected = rule.encode(rule.accept(raw))
        except Rejected:
            assert text not in numbers
        else:
            if text in numbers:
                assert repr(numbers[text]) == repr(expected)
                assert not MISSING.stands_for(rule.accept(raw))
    column = plain.read_all(texts)
    assert (column is None) == (numbers.keys() != set(texts))
    if column is not None:
        assert column.tolist() == [numbers[text] for text in texts]


def test_what_stands_for_a_missing_value_is_no_number() -> None:
    rule = NumericRange(None, None, False, False, False, {}, {})
    plain = PlainNumbers(rule, MISSING, ".")

    assert plain.read({"-7", "-8.0", "2.50", "7"}) == {"7": 7}
    assert plain.read_all(["7", "-7"]) is None


def test_zero_has_no_sign() -> None:
    rule = NumericRange(None, None, False, False, False, {}, {})

    assert repr(PlainNumbers(rule, None, ".").read({"-0"})) == "{'-0': 0.0}"


@pytest.mark.parametrize("decimal", [".", None])
def test_most_numbers_are_plain(decimal: str | None) -> None:
    rule = NumericRange(None, None, False, False, False, {}, {})

    assert PlainNumbers(rule, None, decimal).read({"12", "-0.5", "30.25", "1e3"}) == {
        "12": 12,
        "-0.5": -0.5,
        "30.25": 30.25,
    }
