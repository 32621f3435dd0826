"""The OpenAPI 3.1 description of the service, from its schema and its own decisions."""

from __future__ import annotations

from collections.abc import Mapping

import creditscore
from creditscore.api_docs.openapi_decisions import TAG as DECISIONS
from creditscore.api_docs.openapi_decisions import decision_paths, decision_schemas
from creditscore.api_docs.openapi_log import TAG as LOG
from creditscore.api_docs.openapi_log import log_paths, log_schemas
from creditscore.api_docs.openapi_monitoring import monitoring_paths, monitoring_schema
from creditscore.api_docs.openapi_parts import (
    WITH_KEY,
    JsonObject,
    good,
    headers_of,
    record,
    reference,
    refusals,
)
from creditscore.i18n.catalogue import FALLBACK_LANGUAGE
from creditscore.schema import MOST_FAULTS, Schema
from creditscore.schema.descriptions import applicant_schema
from creditscore.settings import Settings

ABOUT = "About the service"


def build_openapi(
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
            **decision_paths(schema, settings, decisions),
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
                "get": _page("home", "The form, for a browser"),
                "post": _form(schema),
            },
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
            "schemas": {
                "Applicant": applicant_schema(schema),
                **decision_schemas(schema),
                **log_schemas(schema),
                "Monitoring": monitoring_schema(),
                "Problem": _problem(),
                "Health": _health(),
                "ModelCard": _model_card(),
            },
        },
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


def _form(schema: Schema) -> JsonObject:
    """Describe what a browser sends: every field as text, left empty or away if not given."""
    fields = {name: {"type": "string"} for name in [*schema.fields, "explore"]}
    page = _page("decide", "Decide on what was typed into the form; with `explore`, log nothing")
    shown = page["responses"]["200"]
    media_type = "application/x-www-form-urlencoded"
    return {
        **page,
        "security": [{}, *WITH_KEY],
        "requestBody": {
            "required": True,
            "content": {media_type: {"schema": {"type": "object", "properties": fields}}},
        },
        "responses": {
            "200": shown,
            "422": {**shown, "description": "The page, with the faults at their fields"},
            **refusals("400", "401", "403", "413", "415", "503"),
        },
    }


def _health() -> JsonObject:
    well = {"enum": ["ok"]}
    versions = {"type": "object", "additionalProperties": {"type": "string"}}
    kind = {"enum": ["sqlite", "postgresql"]}
    described = record({"status": well, "versions": versions})
    refused = "Why the last reload kept the model that was there; only if it did"
    described["properties"]["refused"] = {"type": "string", "description": refused}
    whole = record(
        {
            "status": well,
            "model": described,
            "database": record({"status": well, "kind": kind}),
        }
    )
    warning = "That everybody is let in; only if other machines can ask and there is no key"
    whole["properties"]["warning"] = {"type": "string", "description": warning}
    return whole


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
