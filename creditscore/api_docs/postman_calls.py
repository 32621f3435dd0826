"""The requests of the Postman collection: what is asked, and what must be true of the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from creditscore.api_docs.examples import example_applicants, mistakes
from creditscore.i18n.catalogue import FALLBACK_LANGUAGE
from creditscore.schema import Schema
from creditscore.schema.constraints import Value
from creditscore.schema.csv_cells import to_line


@dataclass(frozen=True)
class Call:
    """One request of the collection, and what must be true of its answer.

    Attributes
    ----------
    title, method, path : str
        The path may hold variables of the collection.
    body, media_type : str or None
        None without a body.
    status : int
        Of the answer.
    script : tuple of str
        Checks in JavaScript.
    needs_key : bool
        Whether it is refused without an API key, also where the service has none yet.
    shows_key : bool
        Whether it shows the collection's key.
    """

    title: str
    method: str
    path: str
    body: str | None = None
    media_type: str | None = None
    status: int = 200
    script: tuple[str, ...] = ()
    needs_key: bool = False
    shows_key: bool = True


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
                # For the requests over the log.
                'pm.collectionVariables.set("decisionId", decision.decision_id);',
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
    return [*single, array, _table(applicants), _what_if(next(iter(applicants.values())))]


def _table(applicants: Mapping[str, Mapping[str, Value]]) -> Call:
    """Ask for decisions on a table: CSV in, CSV out."""
    names = list(dict.fromkeys(name for each in applicants.values() for name in each))
    header: list[object] = ["customer", *names]
    rows = [header]
    for number, applicant in enumerate(applicants.values(), start=1):
        rows.append([f"C-{number}", *map(applicant.get, names)])
    return _call(
        "Decide: a table",
        body="".join(f"{to_line(row)}\n" for row in rows),
        media_type="text/csv",
        status=200,
        script=(
            'const lines = pm.response.text().trim().split("\\n");',
            'pm.test("there is a line for each applicant, behind the header", () =>',
            f"    pm.expect(lines.length).to.equal({len(rows)}));",
            'pm.test("the columns that came stand first", () =>',
            f"    pm.expect(lines[0]).to.match(/^{to_line(header)},/));",
        ),
    )


def _what_if(applicant: Mapping[str, Value]) -> Call:
    """Explore: the same answer, and nothing of it in the log."""
    script = (
        "const explored = pm.response.json();",
        'pm.test("it says that it is no decision", () =>',
        "    pm.expect(explored.what_if).to.equal(true));",
        'pm.test("it is not in the log", () =>',
        "    pm.expect(explored).not.to.have.property('decision_id'));",
    )
    body = json.dumps(applicant, indent=2)
    return Call("What if?", "POST", "/what-if", body, "application/json", script=script)


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
        Call("Not the method for it", "GET", "/predict", status=405, script=refused()),
        Call("Not a route", "GET", "/nothing-here", status=404, script=refused()),
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
    checks = refused() if script is None else script
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


def refused() -> tuple[str, ...]:
    """Check that an answer is a problem."""
    return (
        'pm.test("it is a problem (RFC 9457)", () => {',
        '    pm.expect(pm.response.headers.get("Content-Type"))',
        '        .to.include("application/problem+json");',
        "    pm.expect(pm.response.json().status).to.equal(pm.response.code);",
        "});",
    )


def _faults(pointers: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (
        *refused(),
        'pm.test("it names every fault", () =>',
        "    pm.expect(pm.response.json().errors.map((fault) => fault.pointer))",
        f"        .to.have.members({json.dumps(list(pointers))}));",
    )
