"""The Postman collection (v2.1): a request for every operation, and for the typical mistakes.

The saved examples are the service's own answers, and the tests of each request hold for every
model: newman runs them against a live service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from creditscore.api_docs.examples import EXAMPLE_ID, EXAMPLE_TIME
from creditscore.decisions.assessor import timestamp
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE
from creditscore.schema import Schema
from creditscore.scorecard.policy import ELIGIBLE
from tools.postman_requests import (
    Call,
    about_calls,
    decision_calls,
    indent,
    log_calls,
    mistake_calls,
    read_script,
)

JsonObject = dict[str, Any]

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

SHOW_KEY: JsonObject = {
    "type": "apikey",
    "apikey": [
        {"key": "key", "value": "X-API-Key", "type": "string"},
        {"key": "value", "value": "{{apiKey}}", "type": "string"},
        {"key": "in", "value": "header", "type": "string"},
    ],
}

#: Parts of long answers that are worth saving; the rest differs from machine to machine.
EXAMPLE_KEYS = {
    "/model": ("title", "notice", "label", "policy"),
    "/openapi.json": ("openapi", "info"),
    "/health": ("status", "model"),
    "/monitoring?days=30": ("since", "until"),
}

#: What differs each time, and what stands there in a saved answer.
STILL = {
    "decision_id": EXAMPLE_ID,
    "decided_at": timestamp(EXAMPLE_TIME),
    "recorded_at": timestamp(EXAMPLE_TIME),
    "since": timestamp(EXAMPLE_TIME - timedelta(days=30)),
    "until": timestamp(EXAMPLE_TIME),
    "request_id": "0123456789abcdef",
    "key_id": "key-01234567",
    "next": "/decisions?limit=1&cursor=1",
}

#: The same in a table.
ID_AND_TIME = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12},[0-9:.TZ-]{24}"

#: The line of the counts that is kept as an example.
COUNTED = "# TYPE creditscore_decisions_total"


@dataclass(frozen=True)
class Answer:
    """What the service said to a call."""

    status: str
    code: int
    media_type: str
    body: str


def build_collection(schema: Schema, answer: Callable[[Call], Answer]) -> JsonObject:
    """Return the collection.

    Parameters
    ----------
    schema : Schema
        Of the applicants.
    answer : callable
        Sends a call to the service.
    """
    title = schema.title[DEFAULT_LANGUAGE]
    folders = {
        "Decisions": decision_calls(schema),
        "The log of decisions": log_calls(),
        "Typical mistakes": mistake_calls(schema),
        "About the service": about_calls(),
    }
    return {
        "info": {
            "name": f"Credit decisions ({title})",
            "description": (
                "Set baseUrl to where the service runs, and apiKey if it asks for one. "
                + schema.notice[DEFAULT_LANGUAGE]
            ),
            "schema": FORMAT,
        },
        "variable": [
            {"key": "baseUrl", "value": "http://127.0.0.1:8000", "type": "string"},
            {"key": "apiKey", "value": "", "type": "string"},
            {"key": "decisionId", "value": EXAMPLE_ID, "type": "string"},
            {"key": "otherLabel", "value": ELIGIBLE, "type": "string"},
        ],
        "auth": SHOW_KEY,
        "item": [
            {"name": name, "item": [_item(call, answer(call)) for call in calls]}
            for name, calls in folders.items()
        ],
    }


def to_text(content: JsonObject) -> str:
    """Return a collection as text, the way it is kept under version control."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _item(call: Call, answer: Answer) -> JsonObject:
    request = _request(call)
    return {
        "name": call.title,
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": _script(call)}}],
        "request": request,
        "response": [
            {
                "name": f"{answer.code} {answer.status}",
                "originalRequest": request,
                "status": answer.status,
                "code": answer.code,
                "_postman_previewlanguage": _preview(answer.media_type),
                "header": [{"key": "Content-Type", "value": answer.media_type}],
                "cookie": [],
                "body": _keep_lasting(call, answer),
            }
        ],
    }


def _request(call: Call) -> JsonObject:
    path, _, query = call.path.partition("?")
    request: JsonObject = {
        "method": call.method,
        "header": [],
        "url": {
            "raw": f"{{{{baseUrl}}}}{call.path}",
            "host": ["{{baseUrl}}"],
            "path": path.strip("/").split("/"),
        },
    }
    if query:
        pairs = (pair.split("=") for pair in query.split("&"))
        request["url"]["query"] = [{"key": key, "value": value} for key, value in pairs]
    if call.needs_key:
        request["auth"] = SHOW_KEY if call.shows_key else {"type": "noauth"}
    if call.body is not None:
        request["header"] = [{"key": "Content-Type", "value": call.media_type}]
        request["body"] = {
            "mode": "raw",
            "raw": call.body,
            "options": {"raw": {"language": _preview(call.media_type or "")}},
        }
    return request


def _keep_lasting(call: Call, answer: Answer) -> str:
    """Return what is the same every time of an answer's body."""
    if "csv" in answer.media_type:
        still = f"{STILL['decision_id']},{STILL['decided_at']}"
        return re.sub(ID_AND_TIME, still, answer.body)
    if answer.media_type.startswith("text/plain"):
        # Counts: only what is counted stays the same.
        return next(line for line in answer.body.splitlines() if COUNTED in line)
    if "json" not in answer.media_type:
        return answer.body
    body = json.loads(answer.body)
    if call.path in EXAMPLE_KEYS:
        body = {name: body[name] for name in EXAMPLE_KEYS[call.path]}
    return json.dumps(_still(body), indent=2, ensure_ascii=False)


def _preview(media_type: str) -> str:
    """Return the name of the language that Postman shows an answer in."""
    kinds = {"html": "html", "csv": "text", "plain": "text"}
    return next((kinds[kind] for kind in kinds if kind in media_type), "json")


def _still(value: Any) -> Any:
    """Return a JSON value with the same in the place of whatever differs each time."""
    if isinstance(value, list):
        return [_still(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: STILL[name] if name in STILL and member is not None else _still(member)
        for name, member in value.items()
    }


def _script(call: Call) -> list[str]:
    """Return the checks of an answer; where they need a key, they are made only with one."""
    if not (call.needs_key and call.shows_key):
        return [*read_script("status", status=call.status), *call.script]
    return [
        *read_script("status_with_key", status=call.status),
        'if (pm.variables.get("apiKey")) {',
        *indent(call.script),
        "}",
    ]
