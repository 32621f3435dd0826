"""The pieces that descriptions of routes are made of, in OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from creditscore.i18n.catalogue import LANGUAGES

JsonObject = dict[str, Any]

#: What each status means, whatever the route.
REFUSALS = {
    "400": "The body is not JSON, not UTF-8, has a duplicate key, is nested too deeply, or did "
    "not come whole; or the Idempotency-Key is none",
    "401": "The route needs an API key, and none or a wrong one came",
    "403": "A browser on another site sent it, without a key",
    "404": "No decision of this id is logged",
    "408": "The body came too slowly",
    "409": "Another outcome of this decision is logged already",
    "413": "The body is over the limit",
    "415": "The body is neither JSON nor CSV, or has a content coding",
    "422": "Well-formed, but not valid; `errors` lists every fault",
    "429": "The client asked more often than it may",
    "503": "The log of decisions cannot be used, and an unlogged decision is never given; or there "
    "is too much to do",
}

#: What each header tells, and whether every answer that it is described for carries it.
HEADERS = {
    "X-Request-ID": ("The client's own if it sent a sane one, else a new one", True),
    "Content-Language": ("Language of the texts", True),
    "Idempotent-Replayed": ("true if it is the first answer to the Idempotency-Key again", False),
    "Link": ('Where the next page is (rel="next"); the last page has none', False),
    "RateLimit-Policy": ("How many requests (q) the client has in how many seconds (w)", False),
    "RateLimit": ("How many are left (r), and the seconds until all are back (t)", False),
    "Retry-After": ("Seconds after which it is worth trying again", True),
}

LANGUAGE: JsonObject = {
    "name": "Accept-Language",
    "in": "header",
    "description": "Language of the texts",
    "schema": {"type": "string", "examples": list(LANGUAGES)},
}

#: Either way of showing an API key.
WITH_KEY: list[JsonObject] = [{"bearer": []}, {"header": []}]

TIME: JsonObject = {"type": "string", "format": "date-time"}

#: A parameter: a date stands for its beginning in UTC.
MOMENT: JsonObject = {"anyOf": [TIME, {"type": "string", "format": "date"}]}

SHARE: JsonObject = {"type": "number", "minimum": 0, "maximum": 1}


def good(text: str, schema: JsonObject, *headers: str, **more: JsonObject) -> JsonObject:
    """Describe a good answer, in JSON; `more` goes beside its schema."""
    return {
        "description": text,
        "headers": headers_of(*headers),
        "content": {"application/json": {"schema": schema, **more}},
    }


def refusals(*statuses: str) -> JsonObject:
    """Describe what some statuses mean, and that any other error looks alike."""
    # Whoever reads a body can wait for it too long; and all routes have a limit of rate.
    statuses = tuple(sorted({*statuses, "429", *({"408"} if "413" in statuses else ())}))
    described = {status: _refusal(REFUSALS[status], HTTPStatus(int(status))) for status in statuses}
    return {**described, "default": _refusal("Any other error")}


def headers_of(*more: str) -> JsonObject:
    """Describe the headers of an answer."""
    return {
        name: {
            "description": HEADERS[name][0],
            "schema": {"type": "string"},
            "required": HEADERS[name][1],
        }
        for name in ("X-Request-ID", "RateLimit-Policy", "RateLimit", *more)
    }


def in_query(parameters: Mapping[str, tuple[str, JsonObject]]) -> list[JsonObject]:
    """Describe the parameters of a query, each by a text and a schema; none has to be there."""
    return [
        {"name": name, "in": "query", "description": text, "schema": schema}
        for name, (text, schema) in parameters.items()
    ]


def reference(component: str) -> JsonObject:
    """Point to a component."""
    return {"$ref": f"#/components/schemas/{component}"}


def record(properties: JsonObject) -> JsonObject:
    """Describe an object that has all of its members."""
    return {"type": "object", "required": list(properties), "properties": properties}


def nullable(schema: JsonObject) -> JsonObject:
    """Describe what a schema does, or null."""
    return {"oneOf": [schema, {"type": "null"}]}


def array_of(schema: JsonObject, **bounds: Sequence[str] | int) -> JsonObject:
    """Describe an array."""
    return {"type": "array", "items": schema, **bounds}


def _refusal(text: str, status: HTTPStatus | None = None) -> JsonObject:
    content: JsonObject = {"schema": reference("Problem")}
    if status is not None:
        content["example"] = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": text,
        }
    waits = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}
    more = ["Retry-After"] if status in waits else []
    return {
        "description": text,
        "headers": headers_of("Content-Language", *more),
        "content": {"application/problem+json": content},
    }
