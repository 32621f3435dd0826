"""Examples of the documentation: applicants, and decisions on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from creditscore.decisions.assessor import Assessor, Decision
from creditscore.schema import Schema
from creditscore.schema.constraints import Value

#: When and under which id the decisions of examples were made: never changing, and of no client.
EXAMPLE_TIME = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
EXAMPLE_ID = "019b7c8a-0000-7000-8000-000000000000"


def example_applicants(schema: Schema) -> dict[str, dict[str, Value]]:
    """Return an applicant for each scorecard, no larger than it needs."""
    return {
        name: {
            field: schema.fields[field].example
            for field in spec.fields
            if field not in schema.optional
        }
        for name, spec in schema.scorecards.items()
    }


def example_table(schema: Schema) -> list[list[object]]:
    """Return a table of the example applicants: a header, and a row each, None for no value."""
    applicants = example_applicants(schema).values()
    names = list(dict.fromkeys(name for applicant in applicants for name in applicant))
    rows: list[list[object]] = [
        [f"C-{number}", *map(applicant.get, names)]
        for number, applicant in enumerate(applicants, start=1)
    ]
    return [["customer", *names], *rows]


def example_decisions(assessor: Assessor) -> dict[str, Decision]:
    """Return the decisions of a model on the example applicants, at a fixed time and id."""
    fixed_assessor = replace(
        assessor, now=lambda: EXAMPLE_TIME, new_ids=lambda _, count: [EXAMPLE_ID] * count
    )
    return {
        name: fixed_assessor.assess(assessor.model.schema.parse(applicant))
        for name, applicant in example_applicants(assessor.model.schema).items()
    }
