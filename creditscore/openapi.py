"""The OpenAPI 3.1 description of the service, from its schema and its own decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import creditscore
from creditscore.config import Settings
from creditscore.csv_text import to_line
from creditscore.decision_columns import DecisionColumns
from creditscore.describe import applicant_schema, example_applicants
from creditscore.openapi_log import TAG as LOG
from creditscore.openapi_log import log_paths, log_schemas
from creditscore.openapi_monitoring import monitoring_paths, monitoring_schema
from creditscore.openapi_parts import (
    LANGUAGE,
    SHARE,
    WITH_KEY,
    JsonObject,
    good,
    headers_of,
    record,
    reference,
    refusals,
)
from creditscore.policy import ELIGIBLE, NOT_ELIGIBLE
from creditscore.schema import MOST_FAULTS, Schema
from creditscore.texts import FALLBACK_LANGUAGE

DECISIONS = "Decisions"

CSV = "text/csv"
ABOUT = "About the service"


def describe_service(
    schema: Schema, settings: Settings, decisions: Mapping[str, JsonObject]
) -> JsonObject:
    """Describe every route.

    Parameters
    ----------
    schema : Schema
        Of the applicants.
    settings : Settings
        For the limits.
    decisions : mapping of str to dict
        The answer to each scorecard's example applicant.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Credit decisions",
            "version": creditscore.__version__,
            "summary": "Probability of default, decision and its reasons for credit applicants",
            "description": schema.notice[FALLBACK_LANGUAGE],
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": DECISIONS}, {"name": LOG}, {"name": ABOUT}],
        "paths": {
            "/predict": {"post": _predict(schema, settings, decisions)},
            **log_paths(schema),
            **monitoring_paths(),
            "/health": {
                "get": _get(
                    "health", "Whether decisions can be given", "Health", "A sound service", "503"
                )
            },
            "/model": {"get": _get("model", "What the model is", "ModelCard", "The model card")},
            "/openapi.json": {
                "get": _get("openapi", "This description", None, "An OpenAPI 3.1 document")
            },
            "/docs": {"get": _page("docs", "This description, for a browser")},
            "/": {
                "get": {
                    "operationId": "home",
                    "tags": [ABOUT],
                    "summary": "Leads to /docs",
                    "responses": {"302": {"description": "Go to /docs", "headers": headers_of()}},
                }
            },
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
            "schemas": {
                "Applicant": applicant_schema(schema),
                "Decision": _decision(schema),
                "Reason": _reason(schema),
                "Warning": _warning(schema),
                **log_schemas(schema),
                "Monitoring": monitoring_schema(),
                "Problem": _problem(),
                "Health": _health(),
                "ModelCard": _model_card(),
            },
        },
    }


def _predict(schema: Schema, settings: Settings, decisions: Mapping[str, JsonObject]) -> JsonObject:
    applicants = example_applicants(schema)
    array = {"array": {"summary": "Several at once", "value": list(applicants.values())}}
    return {
        "operationId": "predict",
        "tags": [DECISIONS],
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
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _one_or_many("Applicant", settings.max_applicants),
                    "examples": {**_examples(schema, applicants), **array},
                },
                CSV: _table(list(applicants.values())),
            },
        },
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


def _get(name: str, summary: str, component: str | None, answer: str, *statuses: str) -> JsonObject:
    content = reference(component) if component else {"type": "object"}
    return {
        "operationId": name,
        "tags": [ABOUT],
        "summary": summary,
        "responses": {"200": good(answer, content), **refusals(*statuses)},
    }


def _page(name: str, summary: str) -> JsonObject:
    return {
        "operationId": name,
        "tags": [ABOUT],
        "summary": summary,
        "responses": {
            "200": {
                "description": "A page",
                "headers": headers_of(),
                "content": {"text/html": {"schema": {"type": "string"}}},
            }
        },
    }


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
    return record(
        {
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
    )


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


def _problem() -> JsonObject:
    fault = record(
        {
            "pointer": {"type": "string", "description": "JSON Pointer into the body"},
            "code": {"type": "string"},
            "detail": {"type": "string"},
        }
    )
    fault["properties"]["line"] = {
        "type": "integer",
        "minimum": 1,
        "description": "Of a table, the line; the pointer goes into the row",
    }
    described = record(
        {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        }
    )
    described["description"] = "RFC 9457"
    described["properties"]["errors"] = {"type": "array", "maxItems": MOST_FAULTS, "items": fault}
    return described


def _health() -> JsonObject:
    well = {"enum": ["ok"]}
    versions = {"type": "object", "additionalProperties": {"type": "string"}}
    kind = {"enum": ["sqlite", "postgresql"]}
    return record(
        {
            "status": well,
            "model": record({"status": well, "versions": versions}),
            "database": record({"status": well, "kind": kind}),
        }
    )


def _model_card() -> JsonObject:
    sentences = {"type": "array", "items": {"type": "string"}}
    return record(
        {
            "title": {"type": "string"},
            "notice": {"type": "string", "description": "What to know before using this model"},
            "label": {"type": "object", "description": "What the model foretells"},
            "fields": {"type": "object"},
            "scorecards": {
                "type": "object",
                "description": "Of each: predictors and monitored attributes, performance beside "
                "other models, decision, fairness, explanation and behaviour, with intervals",
            },
            "intended_use": sentences,
            "out_of_scope": sentences,
            "limits": sentences,
            "oversight": sentences,
            "law": sentences,
            "legal": {"type": ["string", "null"], "description": "Of its protected predictors"},
            "policy": {"type": "object", "description": "Cut-off and scale of the score, in force"},
            "data": {"type": "object"},
            "method": {"type": "object", "description": "How the figures were measured"},
            "trained_at": {"type": "string", "format": "date-time"},
            "seed": {"type": "integer"},
            "software": {"type": "object"},
        }
    )
