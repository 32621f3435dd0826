"""Amounts as people and programs write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.i18n.catalogue import DECIMAL_SIGNS, LANGUAGES
from creditscore.i18n.number_format import FORMATS, say_number
from creditscore.schema.number_text import (
    AmbiguousNumber,
    find_decimal_sign,
    read_amount,
    read_undecided,
)


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("30000", 30000, 30000),
        ("-7", -7, -7),
        ("1e3", 1000.0, 1000.0),
        ("30.000", 30.0, 30000),
        ("30,000", 30000, 30.0),
        ("-1,500", -1500, -1.5),
        ("12.5", 12.5, None),
        ("12,5", None, 12.5),
        ("0.500", 0.5, None),
        ("0,500", None, 0.5),
        ("1234.567", 1234.567, None),
        ("1.234.567", None, 1234567),
        ("1,234,567.25", 1234567.25, None),
        ("1.234.567,25", None, 1234567.25),
        ("1,234e3", None, 1234.0),
        *(
            (text, None, None)
            for text in (
                *("", "-", ".", ",", " 1", "1 000", "1'000", "1.", "1,", ".5", ",5", "1,,000"),
                *("12,34,567", "3,00,000", "1,234,56", "1,2345.6", "0,000.5", "1,000.000,5"),
                *("+1", "--5", "nan", "inf", "0x10", "1_000", "\uff11", "\u0663", "Rp 1.000"),
                *("1.000e", "1,234.5e"),
            )
        ),
    ],
)
def test_an_amount_is_read_by_its_decimal_sign(
    text: str, point: float | None, comma: float | None
) -> None:
    for sign, expected in ((".", point), (",", comma)):
        number = read_amount(text, sign)
        assert (number, type(number)) == (expected, type(expected))


@given(st.one_of(st.integers(-(10**12), 10**12), st.integers(-(10**7), 10**7).map(lambda n: n / 4)))
def test_what_pages_write_is_read_back(number: int | float) -> None:
    texts = say_number(number)

    assert read_amount(texts["en"], ".") == number
    assert read_amount(texts["id"], ",") == number


def test_only_two_different_readings_are_ambiguous() -> None:
    assert read_undecided("30.000") == AmbiguousNumber("30.000", 30.0, 30000)
    assert read_undecided("12,5") == 12.5
    assert read_undecided("30000") == 30000
    assert read_undecided("many") is None


@pytest.mark.parametrize(
    ("texts", "sign"),
    [
        (["30.000", "12.5"], "."),
        (["30.000", "1.234.567"], ","),
        (["30,000", "1,234,567"], "."),
        (["30.000", "45.000", "7", "", "x"], None),
        (["12.5", "1.234.567"], None),
    ],
)
def test_other_cells_settle_the_sign(texts: list[str], sign: str | None) -> None:
    assert find_decimal_sign(texts) == sign


# By the language of the page


@given(number=st.integers() | st.floats(allow_nan=False, allow_infinity=False))
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_written_is_read_back_to_the_last_bit(language: str, number: float) -> None:
    decimal = DECIMAL_SIGNS[language]

    assert read_amount(FORMATS[language].exact(number), decimal=decimal) == number


def test_an_amount_is_written_in_groups() -> None:
    assert FORMATS["en"].exact(30000.5) == "30,000.5"
    assert FORMATS["id"].exact(30000.5) == "30.000,5"
    assert FORMATS["id"].exact(-1234567) == "-1.234.567"
