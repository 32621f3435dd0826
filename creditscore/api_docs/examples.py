"""Examples of the documentation: applicants, decisions on them, typical mistakes; JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from creditscore.decisions.assessor import Assessor, Decision
from creditscore.errors import Fault, InvalidApplicants
from creditscore.schema import Schema
from creditscore.schema.constraints import MAX_NUMBER, CodeList, NumericRange, Value

#: When and under which id the decisions of examples were made: never changing, and of no client.
EXAMPLE_TIME = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
EXAMPLE_ID = "019b7c8a-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Mistake:
    """A typical mistake: a body, and what the service says to it."""

    title: str
    body: dict[str, Any]
    pointers: tuple[str, ...]


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


def mistakes(schema: Schema) -> list[Mistake]:
    """Return the mistakes that clients make, each on the smallest scorecard's example."""
    applicant = next(iter(example_applicants(schema).values()))
    first_name, last_name = next(iter(applicant)), list(applicant)[-1]
    rest = {name: value for name, value in applicant.items() if name != first_name}
    bodies: dict[str, dict[str, Any]] = {
        "A field is missing": {
            name: value for name, value in applicant.items() if name != last_name
        },
        "A name is misspelt": {f"{first_name}{first_name[-1]}": applicant[first_name], **rest},
        "Everything is null": dict.fromkeys(applicant),
    }
    for name in applicant:
        rule = schema.fields[name].rule
        if isinstance(rule, NumericRange):
            bodies["A number is sent as text"] = {**applicant, name: str(applicant[name])}
            bodies["A number is out of range"] = {**applicant, name: _out_of_range(rule)}
        else:
            bodies["A code does not exist"] = {**applicant, name: _unknown_code(rule)}
    return [
        Mistake(title, body, tuple(fault.pointer for fault in _faults(schema, body)))
        for title, body in bodies.items()
    ]


def _out_of_range(rule: NumericRange) -> Value:
    if rule.high is not None:
        return rule.high + 30
    return MAX_NUMBER * 10 if rule.low is None else rule.low - 30


def _unknown_code(rule: CodeList) -> Value:
    numbers = [code for code in (*rule.labels, *rule.merged_codes) if isinstance(code, int)]
    return max(numbers) + 5 if numbers else "no such code"


def _faults(schema: Schema, body: object) -> tuple[Fault, ...]:
    try:
        schema.parse(body)
    except InvalidApplicants as error:
        return error.faults
    return ()
