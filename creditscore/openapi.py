"""The OpenAPI 3.1 description of the service, from its schema and its own decisions."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import creditscore
from creditscore.config import Settings
from creditscore.describe import applicant_schema, example_applicants
from creditscore.policy import ELIGIBLE, NOT_ELIGIBLE
from creditscore.schema import MOST_FAULTS, Schema
from creditscore.texts import FALLBACK_LANGUAGE, LANGUAGES

JsonObject = dict[str, Any]

DECISIONS = "Decisions"
ABOUT = "About the service"

REFUSALS = {
    "400": "The body is not JSON, not UTF-8, has a duplicate key, is nested too deeply, or did "
    "not come whole",
    "401": "The route needs an API key, and none or a wrong one came",
    "403": "A browser on another site sent it, without a key",
    "413": "The body is over the limit",
    "415": "The body is of a media type that is not JSON, or has a content coding",
    "422": "Well-formed, but not a valid applicant or array of them; `errors` lists every fault",
}


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
        "tags": [{"name": DECISIONS}, {"name": ABOUT}],
        "paths": {
            "/predict": {"post": _predict(schema, settings, decisions)},
            "/health": {
                "get": _get("health", "Whether decisions can be given", "Health", "A sound service")
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
                    "responses": {"302": {"description": "Go to /docs", "headers": _headers()}},
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
        # The empty one: without keys in the settings it is open.
        "security": [{}, {"bearer": []}, {"header": []}],
        "summary": "Decide on an applicant, or on each of an array",
        "description": (
            "All fields of a scorecard, or none: the largest scorecard whose fields are all given "
            "answers. In an array one bad applicant fails them all."
        ),
        "parameters": [
            {
                "name": "Accept-Language",
                "in": "header",
                "description": "Language of the texts",
                "schema": {"type": "string", "examples": list(LANGUAGES)},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _one_or_many("Applicant", settings.max_applicants),
                    "examples": {**_examples(schema, applicants), **array},
                }
            },
        },
        "responses": {
            "200": {
                "description": "The decision, or an array of decisions in the same order",
                "headers": _headers("Content-Language"),
                "content": {
                    "application/json": {
                        "schema": _one_or_many("Decision", settings.max_applicants),
                        "examples": _examples(schema, decisions),
                    }
                },
            },
            **{
                status: _refusal(text, HTTPStatus(int(status))) for status, text in REFUSALS.items()
            },
            "default": _refusal("Any other error"),
        },
    }


def _get(name: str, summary: str, component: str | None, answer: str) -> JsonObject:
    content = _reference(component) if component else {"type": "object"}
    return {
        "operationId": name,
        "tags": [ABOUT],
        "summary": summary,
        "responses": {
            "200": {
                "description": answer,
                "headers": _headers(),
                "content": {"application/json": {"schema": content}},
            },
            "default": _refusal("Any error"),
        },
    }


def _page(name: str, summary: str) -> JsonObject:
    return {
        "operationId": name,
        "tags": [ABOUT],
        "summary": summary,
        "responses": {
            "200": {
                "description": "A page",
                "headers": _headers(),
                "content": {"text/html": {"schema": {"type": "string"}}},
            }
        },
    }


def _refusal(text: str, status: HTTPStatus | None = None) -> JsonObject:
    content: JsonObject = {"schema": _reference("Problem")}
    if status is not None:
        content["example"] = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": text,
        }
    return {
        "description": text,
        "headers": _headers("Content-Language"),
        "content": {"application/problem+json": content},
    }


def _headers(*more: str) -> JsonObject:
    texts = {
        "X-Request-ID": "The client's own if it sent a sane one, else a new one",
        "Content-Language": "Language of the texts",
    }
    return {
        name: {"description": texts[name], "schema": {"type": "string"}}
        for name in ("X-Request-ID", *more)
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
    one = _reference(component)
    return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": most}]}


def _reference(component: str) -> JsonObject:
    return {"$ref": f"#/components/schemas/{component}"}


def _object(properties: JsonObject) -> JsonObject:
    return {"type": "object", "required": list(properties), "properties": properties}


def _decision(schema: Schema) -> JsonObject:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    return _object(
        {
            "decision_id": {"type": "string", "format": "uuid", "description": "A UUIDv7"},
            "decided_at": {"type": "string", "format": "date-time"},
            "label": {
                "enum": [ELIGIBLE, NOT_ELIGIBLE],
                "description": "eligible exactly when probability_of_default < cutoff",
            },
            "probability": {**share, "description": "That the applicant pays"},
            "probability_of_default": share,
            "cutoff": share,
            "score": {"type": "integer", "description": "In points; higher is better"},
            "scorecard": {"enum": list(schema.scorecards)},
            "model_version": {"type": "string"},
            "baseline": {
                **share,
                "description": "Mean probability of default of the reference group",
            },
            "reasons": {"type": "array", "maxItems": 4, "items": _reference("Reason")},
            "warnings": {"type": "array", "items": _reference("Warning")},
        }
    )


def _reason(schema: Schema) -> JsonObject:
    return _object(
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
    return _object(
        {
            "code": {"enum": ["outside_training_range", "outside_training_codes"]},
            "field": {"enum": list(schema.fields)},
            "value": {"type": ["number", "string"]},
            "text": {"type": "string"},
        }
    )


def _problem() -> JsonObject:
    fault = _object(
        {
            "pointer": {"type": "string", "description": "JSON Pointer into the body"},
            "code": {"type": "string"},
            "detail": {"type": "string"},
        }
    )
    described = _object(
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
    part = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
    return _object({"status": {"enum": ["ok"]}, "model": part, "database": part})


def _model_card() -> JsonObject:
    sentences = {"type": "array", "items": {"type": "string"}}
    return _object(
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
