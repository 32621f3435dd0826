"""The requests of the Postman collection over the log of decisions; every one needs an API key."""

from __future__ import annotations

import json

from creditscore.api_docs.examples import EXAMPLE_ID
from creditscore.api_docs.postman_calls import Call, refused

ONE = "/decisions/{{decisionId}}"

MEDIA_TYPE = "application/json"


def log_calls() -> list[Call]:
    """Read, explain and follow up the decision that was made last, and make some mistakes."""
    return [
        Call(
            "The newest decision",
            "GET",
            "/decisions?limit=1",
            script=(
                'pm.test("it is a page of one", () => {',
                "    const page = pm.response.json();",
                "    pm.expect(page.decisions).to.have.lengthOf(1);",
                "    pm.expect(page.next).to.match(/^[/]decisions[?].*cursor=[0-9]+/);",
                '    pm.expect(pm.response.headers.get("Link")).to.include(page.next);',
                "});",
            ),
            needs_key=True,
        ),
        Call(
            "A decision, as it was logged",
            "GET",
            ONE,
            script=(
                'pm.test("it is the one that was asked for, with its inputs", () => {',
                "    const decision = pm.response.json();",
                "    pm.expect(decision.decision_id)",
                '        .to.equal(pm.collectionVariables.get("decisionId"));',
                "    pm.expect(decision.inputs).to.be.an('object').and.not.empty;",
                "});",
            ),
            needs_key=True,
        ),
        Call(
            "Why was it decided so?",
            "GET",
            f"{ONE}/explanation",
            script=(
                'pm.test("baseline and impacts add up to the probability", () => {',
                "    const told = pm.response.json();",
                "    const sum = told.impacts.reduce((so, each) => so + each.impact, 0);",
                "    pm.expect(told.baseline + sum)",
                "        .to.be.closeTo(told.probability_of_default, 1e-12);",
                "});",
                'pm.test("it says what would have changed it", () =>',
                "    pm.expect(pm.response.json().recourse.text).to.be.a('string'));",
            ),
            needs_key=True,
        ),
        _outcome(
            "What became of it",
            {"defaulted": False},
            script=(
                'pm.test("it is logged", () =>',
                "    pm.expect(pm.response.json().defaulted).to.equal(false));",
            ),
        ),
        _outcome("What became of it: the same once more", {"defaulted": False}, script=()),
        _outcome(
            "What became of it: something else",
            {"defaulted": True},
            status=409,
            script=refused(),
        ),
        _outcome("What became of it: no outcome", {}, status=422, script=refused()),
        Call(
            "A decision that nobody made",
            "GET",
            f"/decisions/{EXAMPLE_ID}",
            status=404,
            script=refused(),
            needs_key=True,
        ),
        Call(
            "Do the scorecards still do what they did in training?",
            "GET",
            "/monitoring?days=30",
            script=(
                'pm.test("it compares each scorecard with its training", () => {',
                "    const found = pm.response.json();",
                "    for (const one of Object.values(found.scorecards)) {",
                "        pm.expect(one.score.verdict)",
                "            .to.be.oneOf(['insufficient', 'little', 'moderate', 'large']);",
                "    }",
                "});",
            ),
            needs_key=True,
        ),
        Call(
            "What Prometheus watches",
            "GET",
            "/metrics",
            script=(
                'pm.test("it counts decisions", () =>',
                '    pm.expect(pm.response.text()).to.include("creditscore_decisions_total{"));',
            ),
            needs_key=True,
        ),
        Call(
            "The log without a key",
            "GET",
            "/decisions",
            status=401,
            script=refused(),
            needs_key=True,
            shows_key=False,
        ),
    ]


def _outcome(
    title: str, body: dict[str, bool], *, script: tuple[str, ...], status: int = 200
) -> Call:
    return Call(
        title,
        "POST",
        f"{ONE}/outcome",
        json.dumps(body),
        MEDIA_TYPE,
        status,
        script,
        needs_key=True,
    )
