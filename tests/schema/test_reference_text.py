"""What a client's own reference may be is the same for the schema document and for the service."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from creditscore.schema.constraints import Rejected
from creditscore.schema.descriptions import applicant_schema
from creditscore.schema.reference import MAX_REFERENCE_LENGTH, REFERENCE, accept_reference
from creditscore.schema.schema import Schema


@pytest.mark.parametrize(
    "text",
    [
        "A-17",
        "",
        "   ",
        " A-17 ",
        "a" * MAX_REFERENCE_LENGTH,
        "a" * (MAX_REFERENCE_LENGTH + 1),
        " " * (MAX_REFERENCE_LENGTH + 1),
        "café № 17",
        "\U0001f600",
        "A\n17",
        "\x00",
        "\x1f",
        "\x7f",
        "\x85",
        "\x99",
        "\u2028",
        "A\u2029",
    ],
)
def test_the_document_and_the_service_accept_the_same_references(schema: Schema, text: str) -> None:
    described = Draft202012Validator(applicant_schema(schema)["properties"][REFERENCE])

    try:
        accept_reference(text)
        accepted = True
    except Rejected:
        accepted = False

    assert described.is_valid(text) is accepted


@pytest.mark.parametrize(
    # Python's own reading of "$" lets a line end through, that of JSON Schema does not.
    "text",
    ["A-17\n", "\ud800"],
)
def test_a_line_end_and_half_a_surrogate_pair_are_refused(text: str) -> None:
    with pytest.raises(Rejected):
        accept_reference(text)
