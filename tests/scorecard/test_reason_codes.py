"""Each decision has its reasons: the right fields, stable codes, plain words in two languages."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import applicant_of, applicants, bundled_rows
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from creditscore.errors import SchemaError
from creditscore.i18n.catalogue import in_language
from creditscore.schema import Applicant, Schema
from creditscore.schema.constraints import CodeList, Rule, Value
from creditscore.schema.reader import read_schema
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.reason_codes import Reason, principal_reasons, principal_strengths
from creditscore.scorecard.scorecard import Reference, Scorecard
from creditscore.training.fit import fit

CUTOFF = 0.25

DATA = Path(__file__).resolve().parents[1] / "data"
BAD_FIELDS = tomllib.loads((DATA / "wrong_reasons.toml").read_text(encoding="utf-8"))

NO_REFERENCE = Reference("all_training_rows", 1, 0.2, {}, {})


def reasons_for(
    schema: Schema, card: Scorecard, applicant: Applicant, *, cutoff: float = CUTOFF
) -> tuple[float, dict[str, float], tuple[Reason, ...]]:
    """Give an applicant's probability of default, impacts and reasons."""
    matrix = schema.matrix([applicant], card.predictors)
    probability = float(card.probability_of_default(matrix)[0])
    impacts = dict(zip(card.predictors, card.impacts(matrix)[0].tolist(), strict=True))
    reasons = principal_reasons(
        applicant.values,
        impacts,
        schema=schema,
        reference=card.reference,
        refused=probability >= cutoff,
    )
    return probability, impacts, reasons


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reasons_are_the_fields_that_raised_the_probability_most_in_words(
    model: Model, card: Scorecard, data: st.DataObject
) -> None:
    applicant = data.draw(applicants(model.schema, card))

    probability, impacts, reasons = reasons_for(model.schema, card, applicant)

    assert len(reasons) <= 4
    assert probability < CUTOFF or reasons
    reason_impacts = [reason.impact for reason in reasons]
    assert reason_impacts == sorted(reason_impacts, reverse=True)
    assert all(impact >= 0.005 for impact in reason_impacts) or (
        probability >= CUTOFF and len(reason_impacts) == 1
    )
    assert len({reason.field for reason in reasons}) == len(reasons)
    rest = [impacts[name] for name in impacts if name not in {reason.field for reason in reasons}]
    assert max(rest, default=0) < 0.005 or max(rest) <= min(reason_impacts)
    assert max(rest, default=0) < 0.005 or len(reason_impacts) == 4
    for reason in reasons:
        assert reason.impact == impacts[reason.field]
        assert reason.value == applicant.values[reason.field]
        assert reason.actionable == (model.schema.fields[reason.field].change is not None)
        check_wording(model.schema, reason)


def check_wording(schema: Schema, reason: Reason) -> None:
    """Check that code and texts are fit for people, and are about this field and value."""
    assert re.fullmatch(f"{re.escape(reason.field)}_[A-Z0-9]+(_[A-Z0-9]+)*", reason.code)
    assert set(reason.text) == {"en", "id"}
    assert reason.text["en"] != reason.text["id"]
    for text in reason.text.values():
        assert not {"{", "}"} & set(text)
        assert len(text) > 20


def test_every_value_of_every_field_has_words_of_its_own(model: Model, card: Scorecard) -> None:
    for name in card.predictors:
        rule = model.schema.fields[name].rule
        for value in some_values(rule, card.reference.medians.get(name)):
            reason = reason_of(model.schema, card.reference, name, value)

            check_wording(model.schema, reason)
            codes = {wording.code for wording in model.schema.fields[name].reasons}
            assert reason.code.removeprefix(f"{name}_") in codes
            if isinstance(value, int) and value > 1 and not rule.labels.get(rule.counts_as(value)):
                assert f"{value:,}" in reason.text["en"]
                assert f"{value:,}".replace(",", ".") in reason.text["id"]


def some_values(rule: Rule, median: float | None) -> list[Value]:
    """List all codes, or whole numbers at the ends, around the median and with names."""
    if isinstance(rule, CodeList):
        return [*rule.labels, *rule.merged_codes]
    assert median is not None
    ends = [number for number in (rule.low, rule.high) if number is not None]
    middle = [int(median), int(median) + 1, -2, -1, 0, 1, 2, 3, 30_000, 1_234_567]
    return [rule.accept(number) for number in [*ends, *middle] if rule.contains(number)]


def reason_of(schema: Schema, reference: Reference, name: str, value: Value) -> Reason:
    """Word the reason that a field with a value gives."""
    (reason,) = principal_reasons(
        {name: value}, {name: 0.1}, schema=schema, reference=reference, refused=True
    )
    return reason


@pytest.mark.parametrize(
    ("name", "value", "code", "english", "indonesian"),
    [
        (
            "LIMIT_BAL",
            30000,
            "LIMIT_BAL_LOW",
            "Credit limit: 30,000 New Taiwan dollars raised the estimated risk by 10.0 "
            "percentage points, compared with approved customers",
            "Limit kredit: 30.000 dolar Taiwan Baru menaikkan perkiraan risiko sebesar 10,0 poin "
            "persentase dibandingkan dengan nasabah yang disetujui",
        ),
        (
            "PAY_1",
            1,
            "PAY_1_LATE",
            "The last monthly payment was 1 month late, which raised the estimated risk by 10.0 "
            "percentage points, compared with approved customers",
            "Pembayaran bulan lalu terlambat 1 bulan; hal ini menaikkan perkiraan risiko sebesar "
            "10,0 poin persentase dibandingkan dengan nasabah yang disetujui",
        ),
        (
            "PAY_1",
            3,
            "PAY_1_LATE",
            "The last monthly payment was 3 months late, which raised the estimated risk by 10.0 "
            "percentage points, compared with approved customers",
            "Pembayaran bulan lalu terlambat 3 bulan; hal ini menaikkan perkiraan risiko sebesar "
            "10,0 poin persentase dibandingkan dengan nasabah yang disetujui",
        ),
        (
            "EDUCATION",
            3,
            "EDUCATION_HIGH_SCHOOL",
            "Education: high school raised the estimated risk by 10.0 percentage points, compared "
            "with approved customers",
            "Pendidikan: sekolah menengah menaikkan perkiraan risiko sebesar 10,0 poin persentase "
            "dibandingkan dengan nasabah yang disetujui",
        ),
    ],
)
def test_reasons_read_like_this(
    model: Model, name: str, value: Value, code: str, english: str, indonesian: str
) -> None:
    reference = model.scorecards["behavioural"].reference

    reason = reason_of(model.schema, reference, name, value)

    assert reason.code == code
    assert reason.text == {"en": english, "id": indonesian}


def fit_tenth(schema: Schema, ratio: float, exclude: list[str], group: str) -> Scorecard:
    """Train the application scorecard on every tenth bundled row."""
    card, _ = fit(
        bundled_rows().rows(np.arange(0, len(bundled_rows()), 10)),
        schema,
        schema.scorecards["application"],
        policy=Policy.from_ratio(ratio),
        exclude=exclude,
        reference_group=group,
        seed=1,
    )
    return card


def test_only_predictors_are_named(model: Model) -> None:
    card = fit_tenth(model.schema, 3, ["LIMIT_BAL", "SEX"], "approved")

    fields = set()
    for row in range(0, 3000, 10):
        applicant = applicant_of(bundled_rows(), row, model.schema, "application")
        _, impacts, reasons = reasons_for(model.schema, card, applicant)
        fields |= {reason.field for reason in reasons}
        assert set(impacts) == {"EDUCATION", "MARRIAGE", "AGE"}

    assert fields == {"EDUCATION", "MARRIAGE", "AGE"}


@pytest.fixture(scope="module")
def against_all(schema: Schema) -> Scorecard:
    """Train with everybody as the reference group, so that a strict cut-off lies below."""
    return fit_tenth(schema, 9, [], "all")


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_refusal_has_a_reason_even_where_the_baseline_is_beyond_the_cutoff(
    schema: Schema, against_all: Scorecard, data: st.DataObject
) -> None:
    applicant = data.draw(applicants(schema, against_all))

    probability, _, reasons = reasons_for(schema, against_all, applicant, cutoff=0.1)

    assert against_all.reference.baseline > 0.1
    assume(probability >= 0.1)
    assert 1 <= len(reasons) <= 4


def test_what_lowered_the_probability_least_is_not_said_to_have_raised_it(model: Model) -> None:
    impacts = {"LIMIT_BAL": -0.05, "EDUCATION": -0.01, "AGE": -0.02}
    values: dict[str, Value] = {"LIMIT_BAL": 200_000, "EDUCATION": 1, "AGE": 40}

    (reason,) = principal_reasons(
        values, impacts, schema=model.schema, reference=NO_REFERENCE, refused=True
    )

    assert (reason.code, reason.impact) == ("EDUCATION_GRADUATE_SCHOOL", -0.01)
    assert reason.text["en"].startswith(
        "Education: graduate school lowered the estimated risk by 1.0 "
    )
    assert reason.text["id"].startswith(
        "Pendidikan: pascasarjana menurunkan perkiraan risiko sebesar "
    )
    assert reason.text["en"].endswith("compared with all customers in the training data")


@pytest.mark.parametrize(
    ("impacts", "refused", "fields"),
    [
        ([-0.1, -0.2, -0.01], False, []),
        # Less than half a percentage point is no reason, unless a refusal had none without it.
        ([0.005, 0.00499, 0.0], True, ["LIMIT_BAL"]),
        ([0.001, 0.00499, 0.0], False, []),
        ([0.001, 0.00499, 0.0], True, ["EDUCATION"]),
        # Equal impacts keep the order of the schema.
        ([0.1, 0.1, 0.1], True, ["LIMIT_BAL", "EDUCATION", "AGE"]),
    ],
)
def test_only_what_raised_the_probability_is_named(
    model: Model, impacts: list[float], refused: bool, fields: list[str]
) -> None:
    values: dict[str, Value] = {"LIMIT_BAL": 20_000, "EDUCATION": 1, "AGE": 40}

    reasons = principal_reasons(
        values,
        dict(zip(values, impacts, strict=True)),
        schema=model.schema,
        reference=NO_REFERENCE,
        refused=refused,
    )

    assert [reason.field for reason in reasons] == fields


def test_strengths_are_the_fields_that_lowered_the_probability_most_in_words(model: Model) -> None:
    values: dict[str, Value] = {"LIMIT_BAL": 200_000, "EDUCATION": 1, "AGE": 40, "SEX": 2}
    impacts = {"LIMIT_BAL": -0.006, "EDUCATION": -0.0049, "AGE": -0.1234, "SEX": 0.2}

    strengths = principal_strengths(values, impacts, schema=model.schema, reference=NO_REFERENCE)

    assert [(strength.field, strength.impact) for strength in strengths] == [
        ("AGE", -0.1234),
        ("LIMIT_BAL", -0.006),
    ]
    assert strengths[0].text == {
        "en": "Age: 40 years lowered the estimated risk by 12.3 percentage points, compared with "
        "all customers in the training data",
        "id": "Usia: 40 tahun menurunkan perkiraan risiko sebesar 12,3 poin persentase "
        "dibandingkan dengan seluruh nasabah dalam data pelatihan",
    }


def test_no_text_speaks_of_what_others_with_that_value_did(model: Model, language: str) -> None:
    population = re.compile(
        "more often|less often|went with|card holders|holders of|people|lebih sering|lebih jarang"
        "|disertai|pemegang|orang"
    )
    reference = model.scorecards["behavioural"].reference
    for name, field in model.schema.fields.items():
        for value in some_values(field.rule, reference.medians.get(name)):
            text = reason_of(model.schema, reference, name, value).text[language]
            size = {"en": "by 10.0 percentage points", "id": "sebesar 10,0 poin persentase"}

            assert size[language] in text
            assert not population.search(text)


# Fields without words of their own, in a schema of one's own.


def own_schema(**field: Any) -> Schema:
    """Make a schema with one field that the test describes, and another one."""
    document = {
        "dataset": {"name": "own", "title": "Own"},
        "label": {"column": "bad", "good": 0, "bad": 1, "title": "Bad"},
        "scorecards": {"own": {"title": "Own", "fields": ["x", "y"]}},
        "fields": {
            "x": {"kind": "number", "title": {"en": "Income", "id": "Gaji"}, "example": 1, **field},
            "y": {"kind": "number", "title": "Y", "example": 1},
        },
    }
    return read_schema(document, "own.toml")


def words_of(schema: Schema, value: Value) -> tuple[str, str, str]:
    """Return the code of the own field with a value, and how its texts begin."""
    reason = reason_of(schema, replace(NO_REFERENCE, medians={"x": 100.0}), "x", value)
    english, indonesian = reason.text["en"], in_language(reason.text, "id")
    return (
        reason.code,
        english.partition(" the estimated risk by 10.0 percentage points, compared with ")[0],
        indonesian.partition(" perkiraan risiko sebesar 10,0 poin persentase ")[0],
    )


def test_a_number_without_words_is_worded_by_its_title_value_and_unit() -> None:
    schema = own_schema(unit={"en": "rupiah", "id": "rupiah"})

    assert words_of(schema, 30_000) == (
        "x_HIGH",
        "Income: 30,000 rupiah raised",
        "Gaji: 30.000 rupiah menaikkan",
    )
    assert words_of(schema, 12.5)[:2] == ("x_LOW", "Income: 12.5 rupiah raised")
    assert words_of(schema, 12.5)[2] == "Gaji: 12,5 rupiah menaikkan"
    assert words_of(schema, 100)[0] == "x_LOW"


def test_a_code_without_words_is_worded_by_its_label() -> None:
    codes = [{"value": "a", "en": "rents a flat", "id": "menyewa"}, {"value": "b", "en": "owns"}]
    schema = own_schema(kind="coded", codes=codes, example="a")

    assert words_of(schema, "a") == (
        "x_RENTS_A_FLAT",
        "Income: rents a flat raised",
        "Gaji: menyewa menaikkan",
    )
    assert words_of(schema, "b")[2] == "Gaji: owns menaikkan"


def test_a_named_number_without_words_is_worded_by_its_name() -> None:
    schema = own_schema(codes=[{"value": -1, "en": "paid in full"}], unit="months")

    assert words_of(schema, -1)[:2] == ("x_PAID_IN_FULL", "Income: paid in full raised")


LABELS = st.one_of(
    st.sampled_from(["low", "High", "code 1", "code 2", "Code-2", "其他", "", "a b", "a-b", "{x}"]),
    st.text(max_size=8),
)


@given(kind=st.sampled_from(["number", "coded"]), labels=st.lists(LABELS, min_size=1, max_size=5))
def test_codes_are_unique_per_value_whatever_the_labels_are(kind: str, labels: list[str]) -> None:
    codes = [{"value": index - 2, "en": label} for index, label in enumerate(labels)]
    schema = own_schema(kind=kind, codes=codes, example=-2)

    reason_codes = [words_of(schema, index - 2)[0] for index in range(len(labels))]
    if kind == "number":
        reason_codes += [words_of(schema, value)[0] for value in (50, 150)]

    assert len(set(reason_codes)) == len(reason_codes)
    assert all(re.fullmatch("x_[A-Z0-9]+(_[A-Z0-9]+)*", code) for code in reason_codes)


WORDING = {"code": "OWN", "describes": {"en": "own words for {value}"}}


@pytest.mark.parametrize(
    ("condition", "fitting", "other_values"),
    [
        ({"values": [3, 5]}, [3, 5], [4, 3.5]),
        ({"minimum": 3}, [3, 99], [2.9]),
        ({"maximum": 3}, [3, -1], [3.1]),
        ({"minimum": 2, "maximum": 3}, [2, 3], [1, 4]),
        ({"side": "low"}, [99, 100], [101]),
        ({"side": "high"}, [101], [99, 100]),
        ({"side": "high", "maximum": 200}, [200], [100, 201]),
        ({}, [1, 1000], []),
    ],
)
def test_a_wording_is_used_where_its_condition_fits(
    condition: dict[str, Any], fitting: Sequence[Value], other_values: Sequence[Value]
) -> None:
    schema = own_schema(reasons=[{**WORDING, **condition}])

    assert {words_of(schema, value)[0] for value in fitting} == {"x_OWN"}
    assert "x_OWN" not in {words_of(schema, value)[0] for value in other_values}
    assert words_of(schema, fitting[-1])[1] == f"own words for {fitting[-1]:,}, which raised"


def test_the_first_wording_that_fits_is_used() -> None:
    schema = own_schema(reasons=[{**WORDING, "minimum": 10}, {"code": "REST"}])

    assert [words_of(schema, value)[0] for value in (9, 10)] == ["x_REST", "x_OWN"]


@pytest.mark.parametrize(("field", "key", "text"), BAD_FIELDS.values(), ids=BAD_FIELDS)
def test_a_schema_file_with_wrong_words_or_advice_is_refused_by_key(
    field: dict[str, Any], key: str, text: str
) -> None:
    with pytest.raises(SchemaError) as refused:
        own_schema(**copy.deepcopy(field))

    assert str(refused.value).startswith("own.toml: ")
    assert refused.value.key.endswith(key)
    assert text in str(refused.value)
