"""From any JSON value to an applicant, or to all its faults."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import LANGUAGES
from creditscore.schema import MAX_FAULTS, Applicant
from creditscore.schema.reader import load_schema

SCHEMA = load_schema(Path(__file__).resolve().parents[2] / "data" / "schema.toml")
SMALLEST, LARGEST = SCHEMA.scorecards["application"], SCHEMA.scorecards["behavioural"]
HISTORY = [name for name in LARGEST.fields if name not in SMALLEST.fields]

#: Whole numbers of more digits than Python turns into text.
HUGE = [pytest.param(10**5000, id="huge"), pytest.param(-(10**5000), id="minus huge")]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([10**400, -(10**400), 1e300, 35.0, -0.0]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELD_NAMES = st.sampled_from(list(SCHEMA.fields))
NEARLY_APPLICANTS = st.builds(
    lambda names, changes: {name: SCHEMA.fields[name].example for name in names} | changes,
    st.sampled_from([SMALLEST.fields, LARGEST.fields]) | st.lists(FIELD_NAMES, unique=True),
    st.dictionaries(FIELD_NAMES | st.text(), JSON | st.integers(-3, 120), max_size=3),
)


def example(*names: str, **changes: object) -> dict[str, object]:
    """Give an applicant made of the fields' examples."""
    return {name: SCHEMA.fields[name].example for name in names} | changes


def applicant(**changes: object) -> dict[str, object]:
    """Give a valid applicant of the smallest scorecard, with some fields changed."""
    return example(*SMALLEST.fields, **changes)


def faults_of(raw: object) -> tuple[Fault, ...]:
    with pytest.raises(InvalidApplicants) as caught:
        SCHEMA.parse(raw)
    return caught.value.faults


def fault_of(raw: object) -> Fault:
    (fault,) = faults_of(raw)
    return fault


# Any JSON at all


def parsed_or_refused(raw: object) -> Applicant | tuple[Fault, ...]:
    try:
        return SCHEMA.parse(raw)
    except InvalidApplicants as error:
        return error.faults


@given(JSON | NEARLY_APPLICANTS)
def test_any_json_value_is_a_canonical_applicant_or_is_refused(raw: object) -> None:
    result = parsed_or_refused(raw)
    if isinstance(result, Applicant):
        assert isinstance(raw, dict)
        assert list(result.values) == list(SCHEMA.scorecards[result.scorecard].fields)
        for name, value in result.values.items():
            assert value == raw[name]
            assert type(value) in {int, float, str}
            assert not (isinstance(value, float) and value.is_integer())
        assert SCHEMA.parse(dict(result.values)) == result
    else:
        assert 1 <= len(result) <= MAX_FAULTS
        for fault in result:
            assert set(fault.text) == set(LANGUAGES)
            assert fault.pointer == "" or fault.pointer.startswith("/")


@given(st.lists(NEARLY_APPLICANTS | JSON, max_size=5))
def test_several_are_refused_exactly_if_one_of_them_is(raws: list[object]) -> None:
    alone = [parsed_or_refused(raw) for raw in raws]
    refused = [index for index, result in enumerate(alone) if not isinstance(result, Applicant)]

    if refused:
        with pytest.raises(InvalidApplicants) as caught:
            SCHEMA.parser.parse_all(raws)
        assert caught.value.faults[0].pointer.startswith(f"/{refused[0]}")
    else:
        assert SCHEMA.parser.parse_all(raws) == alone


@pytest.mark.parametrize("raw", [[], [{}], 3, 0.5, "x", True, None, math.nan, *HUGE])
def test_what_is_no_object_is_no_applicant(raw: object) -> None:
    fault = fault_of(raw)

    assert (fault.code, fault.pointer) == ("not_an_object", "")
    assert fault.text["en"].startswith("an applicant must be a JSON object, got ")


# Values


def test_an_integral_float_is_kept_as_the_integer_that_it_is() -> None:
    parsed = SCHEMA.parse(applicant(AGE=35.0, LIMIT_BAL=3.5e4))

    assert (parsed.values["AGE"], parsed.values["LIMIT_BAL"]) == (35, 35000)
    assert parsed == SCHEMA.parse(applicant(AGE=35, LIMIT_BAL=35000))
    assert type(parsed.values["AGE"]) is type(parsed.values["LIMIT_BAL"]) is int


@pytest.mark.parametrize("name", SCHEMA.fields)
def test_no_field_takes_another_type_or_what_no_number_can_hold(name: str) -> None:
    wrong_types: list[object] = ["1", "", True, False, None, math.nan, [], [1], {}]
    for raw in wrong_types:
        fault = fault_of(example(*LARGEST.fields) | {name: raw})
        assert (fault.code, fault.pointer) == ("wrong_type", f"/{name}"), raw
    for raw in (math.inf, -math.inf, 10**5000, -(10**5000)):
        fault = fault_of(example(*LARGEST.fields) | {name: raw})
        assert fault.pointer == f"/{name}"
        assert fault.text["en"].endswith("got a number too large to be stored")


# Which scorecard answers


def test_the_scorecard_of_the_given_fields_answers() -> None:
    for spec in SCHEMA.scorecards.values():
        assert SCHEMA.parse(example(*spec.fields)).scorecard == spec.name


def test_one_field_of_the_history_asks_for_all_of_it() -> None:
    request = f"give all of {', '.join(HISTORY)} (Behavioural scorecard), or none of them"
    for name in HISTORY:
        faults = faults_of(example(*SMALLEST.fields, name))

        assert {fault.code for fault in faults} == {"missing"}
        assert [fault.pointer for fault in faults] == [
            f"/{field}" for field in HISTORY if field != name
        ]
        assert faults[0].text["en"].endswith(request)


def test_with_the_history_no_field_may_be_missing() -> None:
    for name in LARGEST.fields:
        raw = example(*LARGEST.fields)
        del raw[name]

        fault = fault_of(raw)

        assert (fault.code, fault.pointer) == ("missing", f"/{name}")


def test_the_order_of_the_members_does_not_matter() -> None:
    raw = example(*LARGEST.fields)

    turned = SCHEMA.parse(dict(reversed(raw.items())))

    assert turned == SCHEMA.parse(raw)
    assert list(turned.values) == list(LARGEST.fields)


# What is said of faults


def test_a_fault_says_what_is_allowed_and_what_came() -> None:
    fault = fault_of(applicant(AGE=130))

    assert fault == Fault(
        code="out_of_range",
        pointer="/AGE",
        text={
            "en": "AGE must be a whole number from 18 to 100 years, got 130",
            "id": "AGE harus bilangan bulat dari 18 sampai 100 tahun, tetapi isinya 130",
        },
    )


def test_a_missing_field_is_said_to_be_missing() -> None:
    raw = applicant()
    del raw["AGE"]

    assert fault_of(raw).text["en"] == (
        "AGE is missing; it must be a whole number from 18 to 100 years"
    )


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("LIMIT_BALL", ', did you mean "LIMIT_BAL"?'),
        ("limit_bal", ', did you mean "LIMIT_BAL"?'),
        ("EDUCATON", ', did you mean "EDUCATION"?'),
        ("PAY_0", ""),
        ("BILL_AMT", ""),
        ("default.payment.next.month", ""),
        ("zzzzzzzzzzzz", ""),
    ],
)
def test_an_unknown_field_is_told_the_nearest_name_if_any(name: str, nearest: str) -> None:
    fault = fault_of(applicant() | {name: 1})

    assert (fault.code, fault.pointer) == ("unknown_field", f"/{name}")
    assert fault.text["en"] == f'"{name}" is not a field{nearest}'


def test_a_misspelt_name_is_both_unknown_and_missing() -> None:
    raw = applicant(AEG=35)
    del raw["AGE"]

    assert {(fault.code, fault.pointer) for fault in faults_of(raw)} == {
        ("missing", "/AGE"),
        ("unknown_field", "/AEG"),
    }


@pytest.mark.parametrize(
    ("name", "pointer"),
    [("a/b", "/a~1b"), ("a~b", "/a~0b"), ("~1", "/~01"), ("", "/"), ("ä ö", "/ä ö")],
)
def test_a_pointer_escapes_what_rfc_6901_says(name: str, pointer: str) -> None:
    assert fault_of(applicant() | {name: 1}).pointer == pointer


def test_a_name_of_any_length_is_repeated_in_brief() -> None:
    fault = fault_of(applicant() | {"x" * 100_000: 1})

    assert len(fault.text["en"]) < 200
    assert len(fault.pointer) < 200


def test_braces_in_what_came_are_only_text() -> None:
    fault = fault_of(applicant(AGE="{field}{0}") | {})

    assert fault.text["en"].endswith('got the text "{field}{0}"')


def test_faults_of_an_array_point_into_it() -> None:
    with pytest.raises(InvalidApplicants) as caught:
        SCHEMA.parser.parse_all([applicant(), [], applicant(), applicant(AGE=130)])

    assert [fault.pointer for fault in caught.value.faults] == ["/1", "/3/AGE"]


def test_all_faults_are_told_at_once() -> None:
    raw: dict[str, object] = {"AGE": 130, "SEX": "male", "LIMIT_BAL": 0, "MARRIAGE": 9, "X": 1}

    faults = {(fault.code, fault.pointer) for fault in faults_of(raw)}

    assert faults == {
        ("out_of_range", "/AGE"),
        ("wrong_type", "/SEX"),
        ("out_of_range", "/LIMIT_BAL"),
        ("unknown_code", "/MARRIAGE"),
        ("missing", "/EDUCATION"),
        ("unknown_field", "/X"),
    }


def test_100_faults_are_told_at_most() -> None:
    raw: dict[str, Any] = {f"LIMIT_BAL{number}": 1 for number in range(100_000)}

    with pytest.raises(InvalidApplicants) as caught:
        SCHEMA.parser.parse_all([{}] * 1000)

    assert len(caught.value.faults) == MAX_FAULTS == 100
    assert len(faults_of(applicant() | raw)) == len(faults_of(raw)) == 100


# The matrix


def test_the_matrix_holds_the_asked_columns_in_single_precision() -> None:
    people = [
        SCHEMA.parse(applicant(AGE=35, LIMIT_BAL=16777217)),
        SCHEMA.parse(applicant(AGE=36, LIMIT_BAL=0.1)),
    ]

    matrix = SCHEMA.matrix(people, ["AGE", "LIMIT_BAL"])

    # 16777217 is the first whole number that single precision rounds.
    expected = np.array([[35, 16777216], [36, np.float32(0.1)]], dtype=np.float32)
    assert matrix.dtype == np.float32
    assert np.array_equal(matrix, expected)


def test_the_matrix_of_no_applicants_has_its_columns() -> None:
    assert SCHEMA.matrix([], ["AGE", "SEX"]).shape == (0, 2)
