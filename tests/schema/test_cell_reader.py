"""Cells mean the same whatever program wrote them, and never more than they say."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.schema import Field
from creditscore.schema.cell_reader import plain_number, read_cell
from creditscore.schema.fields import Label
from creditscore.schema.outcomes import OutcomeReader, outcome_key
from creditscore.schema.reader import read_schema

LOANS = Path(__file__).resolve().parents[1] / "data" / "loans.toml"


def field(name: str = "income", **keys: Any) -> Field:
    document = tomllib.loads(LOANS.read_text(encoding="utf-8"))
    document["fields"][name] |= keys
    return read_schema(document, "loans.toml").fields[name]


@pytest.mark.parametrize(
    ("text", "decimal", "plain"),
    [
        ("+1000", None, "1000"),
        ("-.5", None, "-0.5"),
        ("5,", ",", "5"),
        ("5.", ",", "5."),
        (".5", ",", ".5"),
        ("-", None, "-"),
        (".", None, "."),
        ("+", None, "+"),
        ("+-5", None, "+-5"),
        ("12 345 678,9", None, "12345678,9"),
        ("12 34", None, "12 34"),
        ("1 000'000", None, "1 000'000"),
        (" 7\u00a0", None, "7"),
        ("(1000)", None, "(1000)"),
    ],
)
def test_what_programs_add_to_numbers_is_taken_off(
    text: str, decimal: str | None, plain: str
) -> None:
    assert plain_number(text, decimal=decimal) == plain


@given(st.text(st.sampled_from("0159.,+- '\u00a0%e"), max_size=8))
def test_a_cell_is_at_most_the_number_that_it_shows(text: str) -> None:
    raw = read_cell(field(suffix="%"), text, decimal=".", integral=True)

    if isinstance(raw, int | float):
        digits = [sign for sign in text if sign.isdigit()]
        assert digits
        if "e" not in text and "." not in text:
            assert abs(raw) == int("".join(digits))


def test_a_suffix_is_no_number_on_its_own() -> None:
    assert read_cell(field(suffix="%"), "%", decimal=None, integral=True) == "%"
    assert read_cell(field(suffix=" months"), "36 months", decimal=None, integral=True) == 36
    assert read_cell(field(), "36 months", decimal=None, integral=True) == "36 months"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Rp 3.000.000", 3_000_000),
        ("Rp\u00a05", 5),
        ("-Rp5", -5),
        ("Rp -5", -5),
        (" Rp5,5 / month", 5.5),
        ("5", 5),
        ("Rp", "Rp"),
        ("rp 5", "rp 5"),
        ("5 Rp", "5 Rp"),
    ],
)
def test_a_prefix_is_taken_off_a_number(text: str, number: object) -> None:
    amount = field(prefix="Rp", suffix="/ month")

    assert read_cell(amount, text, decimal=",", integral=True) == number


def test_outcomes_are_compared_as_numbers_texts_or_truths() -> None:
    assert outcome_key(1) == outcome_key("1.0") == outcome_key(" 01 ") == outcome_key("1,00") == 1
    assert outcome_key(True) == outcome_key("true") == "true"
    assert outcome_key(True) != outcome_key(1)
    assert outcome_key("1.5") == 1.5
    assert outcome_key("e\u0301") == "\u00e9"


@given(st.text(max_size=6))
def test_what_is_neither_good_nor_bad_is_neither(text: str) -> None:
    reader = OutcomeReader(Label("late", ("no", 0), ("yes", 1), {"en": "x"}, {"en": "x"}))

    expected = {"no": 0, "yes": 1}.get(text.strip().casefold())
    assert reader.read(f"x{text}") is None
    if expected is not None:
        assert reader.read(text) == expected
