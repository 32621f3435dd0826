"""Amounts that are typed are read by the language of the page, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.i18n.catalogue import DECIMAL_SIGNS, LANGUAGES
from creditscore.schema.number_text import read_amount, write_amount


@pytest.mark.parametrize(
    ("text", "english", "indonesian"),
    [
        ("30000", 30000, 30000),
        ("-7", -7, -7),
        ("0", 0, 0),
        ("30.000", 30.0, 30000),
        ("30,000", 30000, 30.0),
        ("1.5", 1.5, None),
        ("1,5", None, 1.5),
        ("30.000,50", None, 30000.5),
        ("30,000.50", 30000.5, None),
        ("1,234,567", 1234567, None),
        ("1.234.567", None, 1234567),
        ("-1,234.5", -1234.5, None),
        ("0.001", 0.001, None),
        ("3e4", 30000.0, 30000.0),
        ("30.00", 30.0, None),
        ("1234.567", 1234.567, None),
        ("1234,567", None, 1234.567),
    ],
)
def test_separators_mean_what_they_mean_in_the_language(
    text: str, english: float | None, indonesian: float | None
) -> None:
    for language, expected in (("en", english), ("id", indonesian)):
        number = read_amount(text, decimal=DECIMAL_SIGNS[language])
        assert (number, type(number)) == (expected, type(expected))


@pytest.mark.parametrize(
    "text",
    [
        "", "-", ".", ",", "30,", "30.", ",5", ".5", "3,00,000", "1,2345.6", "0,000.5", "1,000,00",
        "1.000,000.5", "1,000.5,5", "30 000", "30'000", "+5", "NaN", "1_000", "\uff13", "\u0663",
        "NT$5", "1,234e3", "--5",
    ],
)  # fmt: skip
def test_what_is_wrongly_grouped_or_no_number_is_none_in_english(text: str) -> None:
    assert read_amount(text, decimal=".") is None


@given(number=st.integers() | st.floats(allow_nan=False, allow_infinity=False))
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_written_is_read_back_to_the_last_bit(language: str, number: float) -> None:
    decimal = DECIMAL_SIGNS[language]

    assert read_amount(write_amount(number, decimal=decimal), decimal=decimal) == number


def test_an_amount_is_written_in_groups() -> None:
    assert write_amount(30000.5, decimal=".") == "30,000.5"
    assert write_amount(30000.5, decimal=",") == "30.000,5"
    assert write_amount(-1234567, decimal=",") == "-1.234.567"
