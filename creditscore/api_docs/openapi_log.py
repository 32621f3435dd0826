"""The OpenAPI description of the routes over the log of decisions."""

from __future__ import annotations

from creditscore.api_docs.openapi_parts import (
    LANGUAGE,
    MOMENT,
    SHARE,
    TIME,
    WITH_KEY,
    JsonObject,
    array_of,
    good,
    in_query,
    nullable,
    record,
    reference,
    refusals,
)
from creditscore.decision_log.log import MAX_PAGE_SIZE, PAGE_SIZE
from creditscore.schema.schema import Schema
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE

TAG = "The log of decisions"

DECISION_ID: JsonObject = {
    "name": "decision_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}


def log_paths(schema: Schema) -> JsonObject:
    """Describe the routes."""
    one = "/decisions/{decision_id}"
    return {
        "/decisions": {"get": _list(schema)},
        one: {
            "get": _operation(
                "read_decision",
                "A logged decision, its inputs and its outcome",
                good("The decision", reference("LoggedDecision"), "Content-Language"),
            )
        },
        f"{one}/explanation": {
            "get": _operation(
                "explain_decision",
                "What each field did to a decision, and what would have changed it",
                good("The explanation", reference("Explanation"), "Content-Language"),
            )
        },
        f"{one}/outcome": {"post": _state_outcome()},
    }


def log_schemas(schema: Schema) -> JsonObject:
    """Describe what the routes answer."""
    return {
        "LoggedDecision": {
            "allOf": [
                reference("Decision"),
                record(
                    {
                        "inputs": {"type": "object", "description": "The applicant"},
                        "impacts": {
                            "type": "object",
                            "description": "Of every field, in probability of default",
                            "additionalProperties": {"type": "number"},
                        },
                        "request_id": {"type": "string"},
                        "key_id": {"type": ["string", "null"]},
                        "outcome": nullable(reference("Outcome")),
                    }
                ),
            ]
        },
        "Outcome": record(
            {
                "defaulted": {"type": "boolean"},
                "recorded_at": TIME,
                "key_id": {"type": ["string", "null"]},
            }
        ),
        "Explanation": _explanation(schema),
    }


def _operation(name: str, summary: str, answer: JsonObject) -> JsonObject:
    return {
        "operationId": name,
        "tags": [TAG],
        "security": WITH_KEY,
        "summary": summary,
        "parameters": [DECISION_ID, LANGUAGE],
        "responses": {"200": answer, **refusals("401", "404", "503")},
    }


def _list(schema: Schema) -> JsonObject:
    parameters: dict[str, tuple[str, JsonObject]] = {
        "limit": (
            "Most decisions of a page",
            {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE},
        ),
        "cursor": ("From an earlier page", {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"}),
        "label": ("Only these", {"enum": [ELIGIBLE, NOT_ELIGIBLE]}),
        "scorecard": ("Only these", {"enum": list(schema.scorecards)}),
        "since": ("Only from then on", MOMENT),
        "until": ("Only before then", MOMENT),
    }
    page = record(
        {
            "decisions": array_of(reference("LoggedDecision"), maxItems=MAX_PAGE_SIZE),
            "next": {"type": ["string", "null"], "description": "Path of the next page"},
        }
    )
    return {
        "operationId": "list_decisions",
        "tags": [TAG],
        "security": WITH_KEY,
        "summary": "Logged decisions, newest first",
        "description": (
            "Follow `next`, or the `Link` header: each decision comes once, and all that there "
            "were at the first page, whatever is logged meanwhile."
        ),
        "parameters": [
            *in_query(parameters),
            LANGUAGE,
        ],
        "responses": {
            "200": good("A page", page, "Content-Language", "Link"),
            **refusals("401", "422", "503"),
        },
    }


def _state_outcome() -> JsonObject:
    stated = record({"decision_id": {"type": "string", "format": "uuid"}})
    body = {**record({"defaulted": {"type": "boolean"}}), "additionalProperties": False}
    described = _operation(
        "write_outcome",
        "Tell what became of a decision",
        good("What is logged", {"allOf": [stated, reference("Outcome")]}),
    )
    return {
        **described,
        "description": "The same once more changes nothing; another one is refused.",
        "parameters": [DECISION_ID],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body, "example": {"defaulted": False}}},
        },
        "responses": {
            **described["responses"],
            **refusals("400", "401", "404", "409", "413", "415", "422", "503"),
        },
    }


def _explanation(schema: Schema) -> JsonObject:
    value = {"type": ["number", "string"]}
    impact = record(
        {
            "field": {"type": "string"},
            "value": value,
            "impact": {"type": "number", "description": "In probability of default"},
            "text": {"type": "string"},
        }
    )
    change = record(
        {"field": {"type": "string"}, "from": value, "to": value, "text": {"type": "string"}}
    )
    recourse = record(
        {
            "possible": {
                "type": ["boolean", "null"],
                "description": "null if the model that decided is not in service any more",
            },
            "text": {"type": "string"},
            "changes": array_of(change),
            "probability_of_default": {
                "type": ["number", "null"],
                "description": "After these changes",
            },
        }
    )
    return record(
        {
            "decision_id": {"type": "string", "format": "uuid"},
            "decided_at": TIME,
            "label": {"enum": [ELIGIBLE, NOT_ELIGIBLE]},
            "probability_of_default": SHARE,
            "cutoff": SHARE,
            "scorecard": {"type": "string"},
            "model_version": {"type": "string"},
            "baseline": SHARE,
            "impacts": {
                **array_of(impact, maxItems=len(schema.fields)),
                "description": "Of every field, what raised the probability most first; with "
                "the baseline they add up to it",
            },
            "recourse": {
                **recourse,
                "description": "The nearest applicant that this one could become and who would "
                "have been eligible",
            },
        }
    )
