"""The Postman collection (v2.1): a request for every operation, and for the typical mistakes.

The saved examples are the service's own answers, and the tests of each request hold for every
model: newman runs them against a live service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from creditscore.assessment import timestamp
from creditscore.describe import (
    EXAMPLE_ID,
    EXAMPLE_TIME,
    example_applicants,
    mistakes,
)
from creditscore.schema import Schema
from creditscore.texts import FALLBACK_LANGUAGE

JsonObject = dict[str, Any]

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

#: Parts of long answers that are worth saving; the rest differs from machine to machine.
KEPT = {"/model": ("title", "notice", "label", "policy"), "/openapi.json": ("openapi", "info")}


@dataclass(frozen=True)
class Call:
    """One request of the collection, and what must be true of its answer."""

    title: str
    method: str
    path: str
    body: str | None = None
    media_type: str | None = None
    status: int = 200
    script: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What the service said to a call."""

    status: str
    code: int
    media_type: str
    body: str


def collection(schema: Schema, answer: Callable[[Call], Answer]) -> JsonObject:
    """Build the collection.

    Parameters
    ----------
    schema : Schema
        Of the applicants.
    answer : callable
        Sends a call to the service.
    """
    title = schema.title[FALLBACK_LANGUAGE]
    folders = {
        "Decisions": decisions(schema),
        "Typical mistakes": refusals(schema),
        "About the service": about(),
    }
    return {
        "info": {
            "name": f"Credit decisions ({title})",
            "description": (
                "Set baseUrl to where the service runs, and apiKey if it asks for one. "
                + schema.notice[FALLBACK_LANGUAGE]
            ),
            "schema": FORMAT,
        },
        "variable": [
            {"key": "baseUrl", "value": "http://127.0.0.1:8000", "type": "string"},
            {"key": "apiKey", "value": "", "type": "string"},
        ],
        "auth": {
            "type": "apikey",
            "apikey": [
                {"key": "key", "value": "X-API-Key", "type": "string"},
                {"key": "value", "value": "{{apiKey}}", "type": "string"},
                {"key": "in", "value": "header", "type": "string"},
            ],
        },
        "item": [
            {"name": name, "item": [_item(call, answer(call)) for call in calls]}
            for name, calls in folders.items()
        ],
    }


def decisions(schema: Schema) -> list[Call]:
    """Ask for decisions: one for each scorecard's example, and an array of them all."""
    applicants = example_applicants(schema)
    single = [
        _post(
            f"Decide: {schema.scorecards[name].title[FALLBACK_LANGUAGE].lower()}",
            applicant,
            script=(
                "const decision = pm.response.json();",
                f'pm.test("the {name} scorecard answers", () =>',
                f'    pm.expect(decision.scorecard).to.equal("{name}"));',
                *_sound("decision"),
            ),
        )
        for name, applicant in applicants.items()
    ]
    array = _post(
        "Decide: several at once",
        list(applicants.values()),
        script=(
            "const decisions = pm.response.json();",
            'pm.test("there is a decision for each applicant, in order", () =>',
            "    pm.expect(decisions.map((decision) => decision.scorecard))",
            f"        .to.eql({json.dumps(list(applicants))}));",
            "for (const decision of decisions) {",
            *(f"    {line}" for line in _sound("decision")),
            "}",
        ),
    )
    return [*single, array]


def refusals(schema: Schema) -> list[Call]:
    """Make the typical mistakes."""
    good = next(iter(example_applicants(schema).values()))
    first = next(iter(good))
    text = json.dumps(good)
    wrong = [
        _post(mistake.title, mistake.body, status=422, script=_faults(mistake.pointers))
        for mistake in mistakes(schema)
    ]
    return [
        *wrong,
        _post("An empty array", [], status=422, script=_faults([""])),
        _call("Not JSON", body=text.rstrip("}"), status=400, script=_faults([""])),
        _call(
            "A name stands twice",
            body=f'{{"{first}": {json.dumps(good[first])}, {text[1:]}',
            status=400,
            script=_faults([""]),
        ),
        _call("Not a media type for it", body=text, media_type="application/xml", status=415),
        Call("Not the method for it", "GET", "/predict", status=405, script=_refused()),
        Call("Not a route", "GET", "/nothing-here", status=404, script=_refused()),
    ]


def about() -> list[Call]:
    """Ask the service about itself."""
    return [
        Call(
            "Is it well?",
            "GET",
            "/health",
            script=(
                'pm.test("it is", () => pm.expect(pm.response.json().status).to.equal("ok"));',
            ),
        ),
        Call(
            "Which model is it?",
            "GET",
            "/model",
            script=(
                'pm.test("it names its scorecards", () =>',
                "    pm.expect(pm.response.json().scorecards).to.be.an('object').and.not.empty);",
            ),
        ),
        Call(
            "What can it do?",
            "GET",
            "/openapi.json",
            script=(
                'pm.test("it is OpenAPI 3.1", () =>',
                "    pm.expect(pm.response.json().openapi).to.match(/^3[.]1[.]/));",
            ),
        ),
        Call("What can it do? For a browser", "GET", "/docs"),
    ]


def to_text(content: JsonObject) -> str:
    """Write a collection the way it is kept under version control."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _post(title: str, body: object, *, status: int = 200, script: tuple[str, ...]) -> Call:
    return _call(title, body=json.dumps(body, indent=2), status=status, script=script)


def _call(
    title: str,
    *,
    body: str,
    status: int,
    media_type: str = "application/json",
    script: tuple[str, ...] | None = None,
) -> Call:
    checks = _refused() if script is None else script
    return Call(title, "POST", "/predict", body, media_type, status, checks)


def _sound(name: str) -> tuple[str, ...]:
    """Check a decision against what every decision promises."""
    return (
        'pm.test("label, probability and cut-off agree", () => {',
        f"    const eligible = {name}.probability_of_default < {name}.cutoff;",
        f'    pm.expect({name}.label).to.equal(eligible ? "eligible" : "not_eligible");',
        f"    pm.expect({name}.probability + {name}.probability_of_default)",
        "        .to.be.closeTo(1, 1e-12);",
        "});",
        'pm.test("it can be told apart and traced", () => {',
        f"    pm.expect({name}.decision_id).to.match(/^[0-9a-f]{{8}}-[0-9a-f]{{4}}-7/);",
        f"    pm.expect({name}.model_version).to.be.a('string').that.is.not.empty;",
        "});",
    )


def _refused() -> tuple[str, ...]:
    return (
        'pm.test("it is a problem (RFC 9457)", () => {',
        '    pm.expect(pm.response.headers.get("Content-Type"))',
        '        .to.include("application/problem+json");',
        "    pm.expect(pm.response.json().status).to.equal(pm.response.code);",
        "});",
    )


def _faults(pointers: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (
        *_refused(),
        'pm.test("it names every fault", () =>',
        "    pm.expect(pm.response.json().errors.map((fault) => fault.pointer))",
        f"        .to.have.members({json.dumps(list(pointers))}));",
    )


def _item(call: Call, answer: Answer) -> JsonObject:
    request = _request(call)
    script = [
        f'pm.test("the status is {call.status}", () =>',
        f"    pm.response.to.have.status({call.status}));",
        'pm.test("it carries a request id", () =>',
        '    pm.response.to.have.header("X-Request-ID"));',
        *call.script,
    ]
    return {
        "name": call.title,
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}],
        "request": request,
        "response": [
            {
                "name": f"{answer.code} {answer.status}",
                "originalRequest": request,
                "status": answer.status,
                "code": answer.code,
                "_postman_previewlanguage": "html" if "html" in answer.media_type else "json",
                "header": [{"key": "Content-Type", "value": answer.media_type}],
                "cookie": [],
                "body": _saved(call, answer),
            }
        ],
    }


def _request(call: Call) -> JsonObject:
    request: JsonObject = {
        "method": call.method,
        "header": [],
        "url": {
            "raw": f"{{{{baseUrl}}}}{call.path}",
            "host": ["{{baseUrl}}"],
            "path": call.path.strip("/").split("/"),
        },
    }
    if call.body is not None:
        request["header"] = [{"key": "Content-Type", "value": call.media_type}]
        request["body"] = {
            "mode": "raw",
            "raw": call.body,
            "options": {"raw": {"language": "json"}},
        }
    return request


def _saved(call: Call, answer: Answer) -> str:
    """Keep of an answer what is the same every time."""
    if "json" not in answer.media_type:
        return answer.body
    body = json.loads(answer.body)
    if call.path in KEPT:
        body = {name: body[name] for name in KEPT[call.path]}
    for decision in body if isinstance(body, list) else [body]:
        _still(decision)
    return json.dumps(body, indent=2, ensure_ascii=False)


def _still(decision: Mapping[str, Any]) -> None:
    if isinstance(decision, dict) and "decision_id" in decision:
        decision["decision_id"] = str(EXAMPLE_ID)
        decision["decided_at"] = timestamp(EXAMPLE_TIME)
