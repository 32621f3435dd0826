"""Missing and special values, and codes that nobody has listed."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import pytest

from creditscore.errors import InvalidApplicants, SchemaError
from creditscore.schema import Schema, read_schema
from creditscore.schema.constraints import from_text
from creditscore.schema.descriptions import applicant_schema

FIELDS: dict[str, Any] = {
    "income": {
        "kind": "number",
        "minimum": 0,
        "missing": True,
        "missing_values": ["NA", "?", -7, {"value": -8, "en": "no record", "id": "tanpa catatan"}],
        "example": 100,
        "title": "Income",
    },
    "job": {
        "kind": "coded",
        "codes": ["clerk", "ditjén", "other"],
        "other": "other",
        "missing_values": ["n/a"],
        "example": "clerk",
        "title": "Job",
    },
    "owner": {"kind": "coded", "codes": ["True", "False"], "example": "True", "title": "Owner"},
    "debt": {"kind": "integer", "missing": True, "example": 1, "title": "Debt"},
}


def schema_of(**changes: dict[str, Any]) -> Schema:
    """Return a schema of two scorecards, the larger one with the debt."""
    fields = {name: content | changes.get(name, {}) for name, content in FIELDS.items()}
    document = {
        "dataset": {"name": "shop", "title": "Shop"},
        "label": {"column": "paid", "good": "yes", "bad": "no", "title": "Stopped paying"},
        "scorecards": {
            "small": {"title": "Small", "fields": ["income", "job", "owner"]},
            "large": {"title": "Large", "fields": list(FIELDS)},
        },
        "fields": fields,
    }
    return read_schema(document, "shop.toml")


@pytest.fixture(scope="module")
def schema() -> Schema:
    """Return the schema."""
    return schema_of()


APPLICANT = {"income": 50, "job": "clerk", "owner": "True"}


@pytest.mark.parametrize("raw", [None, "", "  ", "NA", " NA ", "?", -7, -7.0])
def test_all_that_stands_for_a_missing_number_is_one_and_the_same(
    schema: Schema, raw: object
) -> None:
    applicant = schema.parse(APPLICANT | {"income": raw})

    assert dict(applicant.values) == APPLICANT | {"income": None}
    assert math.isnan(schema.row(applicant, ["income"])[0])


def test_a_field_that_is_left_out_is_missing_too(schema: Schema) -> None:
    applicant = schema.parse({"owner": "True", "job": "clerk"})

    assert list(applicant.values.items()) == [("income", None), ("job", "clerk"), ("owner", "True")]


def test_a_special_value_with_a_title_is_kept_but_is_no_number(schema: Schema) -> None:
    applicant = schema.parse(APPLICANT | {"income": -8.0})

    assert applicant.values["income"] == -8
    assert math.isnan(schema.row(applicant, ["income"])[0])
    assert schema.fields["income"].label_of(-8) == {"en": "no record", "id": "tanpa catatan"}


def test_cells_are_read_as_json_values_are(schema: Schema) -> None:
    field = schema.fields["income"]

    values = [field.accept(from_text(field.rule, cell)) for cell in ("", "NA", "-7", "-8", "12.5")]

    assert values == [None, None, None, -8, 12.5]


@pytest.mark.parametrize("raw", [-9, "N/A", True, [], {}])
def test_other_values_are_refused_as_before(schema: Schema, raw: object) -> None:
    with pytest.raises(InvalidApplicants) as refused:
        schema.parse(APPLICANT | {"income": raw})

    assert "or null if it is not stated" in refused.value.faults[0].text["en"]


def test_a_field_that_must_be_stated_must_not_be_missing(schema: Schema) -> None:
    for body in ({"job": "clerk"}, {"job": "clerk", "owner": None}, APPLICANT | {"owner": ""}):
        with pytest.raises(InvalidApplicants) as refused:
            schema.parse(body)
        assert [fault.pointer for fault in refused.value.faults] == ["/owner"]


def test_a_missing_value_asks_for_no_larger_scorecard(schema: Schema) -> None:
    assert schema.parse(APPLICANT | {"debt": None}).scorecard == "small"
    assert "debt" not in schema.parse(APPLICANT | {"debt": None}).values
    assert schema.parse(APPLICANT | {"debt": 3}).scorecard == "large"
    assert schema.parse({"owner": "False", "debt": 3}).values["income"] is None


def test_a_code_that_nobody_has_listed_counts_as_the_other_one(schema: Schema) -> None:
    applicant = schema.parse(APPLICANT | {"job": "astronaut"})
    field = schema.fields["job"]

    assert applicant.values["job"] == "astronaut"
    assert field.counts_as("astronaut") == "other"
    assert schema.row(applicant, ["job"]) == [3.0]
    for raw in (7, True, "x" * 201):
        with pytest.raises(InvalidApplicants):
            schema.parse(APPLICANT | {"job": raw})


def test_codes_are_compared_without_outer_spaces_and_in_one_form(schema: Schema) -> None:
    decomposed = unicodedata.normalize("NFD", "ditjén")

    assert decomposed != "ditjén"
    assert schema.parse(APPLICANT | {"job": f" {decomposed} "}).values["job"] == "ditjén"


def test_true_and_false_are_the_codes_that_are_written_so(schema: Schema) -> None:
    assert schema.parse(APPLICANT | {"owner": False}).values["owner"] == "False"
    with pytest.raises(InvalidApplicants):
        schema.parse(APPLICANT | {"job": False})


def test_json_schema_says_what_may_be_missing(schema: Schema) -> None:
    described = applicant_schema(schema)

    assert described["required"] == ["owner"]
    either = described["properties"]["income"]["anyOf"]
    assert either == [{"type": "number", "minimum": 0}, {"enum": [None, -7, "?", "NA", -8, ""]}]
    assert "enum" not in described["properties"]["job"]["anyOf"][0]


@pytest.mark.parametrize(
    ("field", "change", "problem"),
    [
        ("income", {"missing_values": "NA"}, "missing_values must be a list"),
        ("income", {"missing_values": [True]}, "missing_values must be a list"),
        ("income", {"missing_values": [{"value": -8, "id": "x"}]}, "en is missing"),
        ("income", {"missing": False}, "must be true where there are missing_values"),
        ("job", {"missing_values": ["clerk"]}, "is one of the field's codes"),
        ("job", {"other": "pilot"}, "other must be one of the field's codes"),
        ("job", {"other": 1}, "other must be one of the field's codes"),
        ("income", {"other": 1}, "other is not a key here"),
    ],
)
def test_the_schema_file_is_checked(field: str, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(SchemaError) as refused:
        schema_of(**{field: change})

    assert problem in str(refused.value)
