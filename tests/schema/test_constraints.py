"""What a single field accepts, and in which words it says so."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.schema.constraints import (
    MAX_NUMBER,
    CodeList,
    NumericRange,
    Rejected,
    describe_value,
    format_number,
    from_text,
)

YEARS = {"en": "years", "id": "tahun"}


def interval(
    low: float | None = None,
    high: float | None = None,
    *,
    low_open: bool = False,
    high_open: bool = False,
    integral: bool = False,
) -> NumericRange:
    return NumericRange(low, high, low_open, high_open, integral, labels={}, unit={})


def refusal(rule: NumericRange | CodeList, raw: object) -> str:
    with pytest.raises(Rejected) as caught:
        rule.accept(raw)
    return caught.value.code


#: Whole numbers of more digits than Python turns into text.
HUGE = [pytest.param(10**5000, id="huge"), pytest.param(-(10**5000), id="minus huge")]

AGE = NumericRange(18, 100, False, False, True, labels={}, unit=YEARS)
SEX = CodeList({1: {"en": "male", "id": "pria"}, 2: {"en": "female", "id": "wanita"}})
HOME = CodeList({"rent": {"en": "rents"}, "own": {"en": "owns", "id": "milik"}})


@pytest.mark.parametrize("rule", [AGE, SEX, interval(-1e9, 1e9), interval()])
@pytest.mark.parametrize("raw", [True, False, "1", "", None, [], [1], {}, math.nan, object()])
def test_no_boolean_text_null_or_nan_is_a_number(
    rule: NumericRange | CodeList, raw: object
) -> None:
    assert refusal(rule, raw) == "wrong_type"
    assert refusal(AGE, 35.5) == "wrong_type"


@pytest.mark.parametrize("raw", [math.inf, -math.inf, 1e300, *HUGE])
def test_what_single_precision_cannot_hold_is_refused_even_without_bounds(raw: float) -> None:
    assert refusal(interval(), raw) == "out_of_range"


@given(
    low=st.integers(-(2**53), 2**53),
    width=st.integers(2, 2**40),
    low_open=st.booleans(),
    high_open=st.booleans(),
)
def test_an_integer_interval_ends_exactly_at_its_bounds(
    low: int, width: int, low_open: bool, high_open: bool
) -> None:
    high = low + width
    rule = interval(low, high, low_open=low_open, high_open=high_open, integral=True)

    assert rule.accept(low + low_open) == low + low_open
    assert rule.accept(high - high_open) == high - high_open
    assert refusal(rule, low + low_open - 1) == "out_of_range"
    assert refusal(rule, high - high_open + 1) == "out_of_range"


@given(
    bounds=st.lists(
        st.floats(-1e30, 1e30), min_size=2, max_size=2, unique_by=lambda bound: bound + 0.0
    ).map(sorted),
    low_open=st.booleans(),
    high_open=st.booleans(),
)
def test_a_number_interval_ends_exactly_at_its_bounds(
    bounds: list[float], low_open: bool, high_open: bool
) -> None:
    low, high = bounds
    rule = interval(low, high, low_open=low_open, high_open=high_open)

    assert rule.contains(low) is not low_open
    assert rule.contains(high) is not high_open
    assert not rule.contains(math.nextafter(low, -math.inf))
    assert not rule.contains(math.nextafter(high, math.inf))
    if math.nextafter(low, math.inf) < high:
        assert rule.accept(math.nextafter(low, math.inf)) == math.nextafter(low, math.inf)
        assert rule.accept(math.nextafter(high, -math.inf)) == math.nextafter(high, -math.inf)


@given(st.floats(-1e30, 1e30))
def test_an_accepted_number_is_canonical_at_once(raw: float) -> None:
    accepted = interval().accept(raw)

    assert accepted == raw
    assert interval().accept(accepted) == accepted
    assert (type(accepted) is int) == raw.is_integer()


@pytest.mark.parametrize(
    ("rule", "english", "indonesian"),
    [
        (AGE, "a whole number from 18 to 100 years", "bilangan bulat dari 18 sampai 100 tahun"),
        (
            interval(0, 1e8, low_open=True),
            "a number greater than 0 and at most 100,000,000",
            "bilangan lebih dari 0 dan paling banyak 100.000.000",
        ),
        (
            interval(0.25, 3, high_open=True),
            "a number from 0.25 to less than 3",
            "bilangan dari 0,25 sampai kurang dari 3",
        ),
        (
            interval(0, 1, low_open=True, high_open=True),
            "a number greater than 0 and less than 1",
            "bilangan lebih dari 0 dan kurang dari 1",
        ),
        (interval(), "a number", "bilangan"),
        (SEX, "one of 1 (male), 2 (female)", "salah satu dari 1 (pria), 2 (wanita)"),
        # A text without an Indonesian version is given in English.
        (HOME, "one of rent (rents), own (owns)", "salah satu dari rent (rents), own (milik)"),
    ],
)
def test_a_rule_says_what_it_allows(
    rule: NumericRange | CodeList, english: str, indonesian: str
) -> None:
    assert rule.allowed == {"en": english, "id": indonesian}


@pytest.mark.parametrize(
    ("rule", "raw", "code"),
    [
        (SEX, 3, "unknown_code"),
        (SEX, -1, "unknown_code"),
        pytest.param(SEX, 10**5000, "unknown_code", id="huge"),
        (SEX, 1.5, "wrong_type"),
        (SEX, math.inf, "wrong_type"),
        (SEX, "male", "wrong_type"),
        (HOME, "Rent", "unknown_code"),
        (HOME, "", "unknown_code"),
        (HOME, 1, "wrong_type"),
        (HOME, None, "wrong_type"),
    ],
)
def test_only_the_listed_codes_are_codes_to_the_letter(
    rule: CodeList, raw: object, code: str
) -> None:
    assert HOME.accept("rent") == "rent"
    assert refusal(rule, raw) == code


def test_codes_become_the_numbers_that_the_model_sees() -> None:
    """Numbers stand for themselves, texts for their place in the list."""
    assert [SEX.encode(code) for code in (1, 2)] == [1.0, 2.0]
    assert [HOME.encode(code) for code in ("rent", "own")] == [1.0, 2.0]
    assert (SEX.python_type, HOME.python_type) == (int, str)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("35", 35),
        ("35.0", 35.0),
        ("3.5e4", 35000.0),
        ("-2", -2),
        ("1E3", 1000.0),
        ("1e400", math.inf),
    ],
)
def test_a_cell_is_read_as_the_number_that_json_would_be(text: str, value: float) -> None:
    number = from_text(AGE, text)

    assert number == value
    assert type(number) is type(value)


NO_NUMBERS = (
    *("", " ", "nan", " nan", "NaN", "inf", "-Infinity", "true", "2_4", "0x10", "9" * 401),
    *("\uff12\uff14", "\u0662\u0664", "+1", ".5", "5.", "1,000", "1 000", "--1", "1e", "e1"),
    *("24 ", " 24", "\t24", "24\n"),
)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_a_cell_that_is_no_json_number_stays_text(text: str) -> None:
    assert from_text(AGE, text) == text


def test_cells_of_text_codes_are_never_numbers() -> None:
    assert from_text(HOME, "35") == "35"


@given(st.text())
def test_any_cell_at_all_is_read_or_refused(text: str) -> None:
    for rule in (AGE, SEX, HOME, interval()):
        raw = from_text(rule, text)
        try:
            rule.encode(rule.accept(raw))
        except Rejected:
            continue


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_so_that_it_reads_back(number: float) -> None:
    assert float(format_number(number)) == float(number)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (130, "130"),
        (35.0, "35"),
        (0.1, "0.1"),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        ("x", 'the text "x"'),
        ("x" * 40, f'the text "{"x" * 40}"'),
        ("x" * 41, f'the text "{"x" * 40}…"'),
        ([1], "an array"),
        ({}, "an object"),
        (math.inf, "a number too large to be stored"),
        pytest.param(-(10**5000), "a number too large to be stored", id="minus huge"),
        (MAX_NUMBER, "3.4028234e+38"),
    ],
)
def test_what_came_is_described_briefly(raw: object, words: str) -> None:
    described = describe_value(raw)

    assert (described if isinstance(described, str) else described["en"]) == words


def test_cells_stay_ordered_when_they_become_numbers() -> None:
    values = [interval().encode(interval().accept(raw)) for raw in (-5, -0.5, 0, 0.5, 1e20)]

    assert all(low < high for low, high in pairwise(values))
