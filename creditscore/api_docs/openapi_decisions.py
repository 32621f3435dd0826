"""The routes that decide, in OpenAPI 3.1: with a log entry, and without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from creditscore.api_docs.examples import example_applicants
from creditscore.api_docs.openapi_parts import (
    LANGUAGE,
    SHARE,
    WITH_KEY,
    JsonObject,
    good,
    record,
    reference,
    refusals,
)
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.i18n.catalogue import FALLBACK_LANGUAGE
from creditscore.schema import Schema
from creditscore.schema.csv_cells import to_line
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE
from creditscore.settings import Settings

TAG = "Decisions"

CSV = "text/csv"


def decision_paths(
    schema: Schema, settings: Settings, decisions: Mapping[str, JsonObject]
) -> JsonObject:
    """Describe the routes; `decisions` are the answers to the scorecards' example applicants."""
    return {
        "/predict": {"post": _predict(schema, settings, decisions)},
        "/what-if": {"post": _what_if(schema, settings, decisions)},
    }


def decision_schemas(schema: Schema) -> JsonObject:
    """Describe the objects of these routes."""
    decision = _decision(schema)
    explored = {name: each for name, each in decision.items() if name != "decision_id"}
    return {
        "Decision": record(decision),
        "WhatIf": record({"what_if": {"const": True}, **explored}),
        "Reason": _reason(schema),
        "Warning": _warning(schema),
    }


def _predict(schema: Schema, settings: Settings, decisions: Mapping[str, JsonObject]) -> JsonObject:
    return {
        "operationId": "predict",
        "tags": [TAG],
        # The empty one: as long as there is no key, it is open.
        "security": [{}, *WITH_KEY],
        "summary": "Decide on an applicant, or on each of an array or a table",
        "description": (
            "All fields of a scorecard, or none: the largest scorecard whose fields are all given "
            "answers. In an array or a table one bad applicant fails them all."
        ),
        "parameters": [
            LANGUAGE,
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key with the same body gets the first answer again, "
                "and nothing is logged twice",
                "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
            },
        ],
        "requestBody": _body_or_table(schema, settings),
        "responses": {
            "200": _decided(schema, settings, decisions),
            **refusals("400", "401", "403", "413", "415", "422", "503"),
        },
    }


def _decided(schema: Schema, settings: Settings, decisions: Mapping[str, JsonObject]) -> JsonObject:
    described = good(
        "The decision, or an array of decisions in the same order, or the table with the "
        "decisions' columns behind each row",
        _one_or_many("Decision", settings.max_applicants),
        "Content-Language",
        "Idempotent-Replayed",
        examples=_examples(schema, decisions),
    )
    columns = DecisionColumns(logged=True, language=FALLBACK_LANGUAGE).types
    described["content"][CSV] = {
        "schema": {
            "type": "string",
            "description": f"Behind the columns that came: {', '.join(columns)}",
        }
    }
    return described


def _table(applicants: Sequence[Mapping[str, Any]]) -> JsonObject:
    names = list(dict.fromkeys(name for each in applicants for name in each))
    rows: list[list[Any]] = [["customer", *names]]
    for number, each in enumerate(applicants, start=1):
        rows.append([f"C-{number}", *(each.get(name) for name in names)])
    return {
        "schema": {
            "type": "string",
            "description": "A header of field names in any order, and an applicant on each line; "
            "an empty cell is a field that is left out, and other columns are passed through",
        },
        "example": "".join(f"{to_line(row)}\n" for row in rows),
    }


def _what_if(schema: Schema, settings: Settings, decisions: Mapping[str, JsonObject]) -> JsonObject:
    explored = {name: _explored(decision) for name, decision in decisions.items()}
    return {
        "operationId": "whatIf",
        "tags": [TAG],
        "security": [{}, *WITH_KEY],
        "summary": "See what the decision would be, and log nothing",
        "description": (
            "For exploration: takes what /predict takes and computes the same, but there is no "
            "decision_id, and nothing of it can be read back."
        ),
        "parameters": [LANGUAGE],
        "requestBody": _body(schema, settings),
        "responses": {
            "200": good(
                "What the decision would be, or an array of them in the same order",
                _one_or_many("WhatIf", settings.max_applicants),
                "Content-Language",
                examples=_examples(schema, explored),
            ),
            **refusals("400", "401", "403", "413", "415", "422", "503"),
        },
    }


def _explored(decision: JsonObject) -> JsonObject:
    rest = {name: value for name, value in decision.items() if name != "decision_id"}
    return {"what_if": True, **rest}


def _body(schema: Schema, settings: Settings) -> JsonObject:
    applicants = example_applicants(schema)
    array = {"array": {"summary": "Several at once", "value": list(applicants.values())}}
    return {
        "required": True,
        "content": {
            "application/json": {
                "schema": _one_or_many("Applicant", settings.max_applicants),
                "examples": {**_examples(schema, applicants), **array},
            }
        },
    }


def _body_or_table(schema: Schema, settings: Settings) -> JsonObject:
    body = _body(schema, settings)
    body["content"][CSV] = _table(list(example_applicants(schema).values()))
    return body


def _examples(schema: Schema, values: Mapping[str, Any]) -> JsonObject:
    return {
        name: {
            "summary": schema.scorecards[name].title[FALLBACK_LANGUAGE],
            "value": value,
        }
        for name, value in values.items()
    }


def _one_or_many(component: str, most: int) -> JsonObject:
    one = reference(component)
    return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": most}]}


def _decision(schema: Schema) -> JsonObject:
    return {
        "decision_id": {"type": "string", "format": "uuid", "description": "A UUIDv7"},
        "decided_at": {"type": "string", "format": "date-time"},
        "label": {
            "enum": [ELIGIBLE, NOT_ELIGIBLE],
            "description": "eligible exactly when probability_of_default < cutoff",
        },
        "probability": {**SHARE, "description": "That the applicant pays"},
        "probability_of_default": SHARE,
        "cutoff": SHARE,
        "score": {"type": "integer", "description": "In points; higher is better"},
        "scorecard": {"enum": list(schema.scorecards)},
        "model_version": {"type": "string"},
        "baseline": {
            **SHARE,
            "description": "Mean probability of default of the reference group",
        },
        "reasons": {"type": "array", "maxItems": 4, "items": reference("Reason")},
        "warnings": {"type": "array", "items": reference("Warning")},
    }


def _reason(schema: Schema) -> JsonObject:
    return record(
        {
            "code": {"type": "string"},
            "field": {"enum": list(schema.fields)},
            "value": {"type": ["number", "string"]},
            "impact": {"type": "number", "description": "In probability of default"},
            "actionable": {"type": "boolean"},
            "text": {"type": "string"},
        }
    )


def _warning(schema: Schema) -> JsonObject:
    return record(
        {
            "code": {"enum": ["outside_training_range", "outside_training_codes"]},
            "field": {"enum": list(schema.fields)},
            "value": {"type": ["number", "string"]},
            "text": {"type": "string"},
        }
    )
