"""The requests of the Postman collection: what is asked, and what must be true of the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from creditscore.api_docs.examples import (
    EXAMPLE_ID,
    example_applicants,
    example_table,
)
from creditscore.errors import InvalidApplicants
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE
from creditscore.schema import Schema
from creditscore.schema.constraints import MAX_NUMBER, CodeList, NumericRange, Value
from creditscore.schema.csv_cells import to_line

JSON_TYPE = "application/json"

#: The decision that was made last.
DECISION_PATH = "/decisions/{{decisionId}}"


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


def read_script(name: str, **values: object) -> tuple[str, ...]:
    """Return the lines of a file of checks, with ``__name__`` replaced by a value."""
    path = Path(__file__).parent / "postman_tests" / f"{name}.js"
    text = path.read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"__{key}__", str(value))
    return tuple(text.splitlines())


def indent(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return lines that stand one level deeper."""
    return tuple(f"    {line}" for line in lines)


def decision_calls(schema: Schema) -> list[Call]:
    """Ask for decisions: one for each scorecard's example, an array and a table of them all."""
    applicants = example_applicants(schema)
    each_decision = indent(read_script("decision"))
    table = example_table(schema)
    return [
        *(
            _predict(
                f"Decide: {schema.scorecards[name].title[DEFAULT_LANGUAGE].lower()}",
                _indent(applicant),
                script=(
                    *read_script("decide_one", scorecard=name),
                    *read_script("decision"),
                    *read_script("remember_decision"),
                ),
            )
            for name, applicant in applicants.items()
        ),
        _predict(
            "Decide: several at once",
            _indent(list(applicants.values())),
            script=(
                *read_script("decide_several", scorecards=json.dumps(list(applicants))),
                "for (const decision of decisions) {",
                *each_decision,
                "}",
            ),
        ),
        _predict(
            "Decide: a table",
            "".join(f"{to_line(row)}\n" for row in table),
            media_type="text/csv",
            script=read_script("decide_table", lines=len(table), header=to_line(table[0])),
        ),
        Call(
            "What if?",
            "POST",
            "/what-if",
            _indent(next(iter(applicants.values()))),
            JSON_TYPE,
            script=read_script("what_if"),
        ),
    ]


def log_calls() -> list[Call]:
    """Read, explain and follow up the decision that was made last, and make some mistakes.

    Every one needs an API key.
    """
    problem = read_script("problem")
    return [
        _log("The newest decision", "/decisions?limit=1", script=read_script("newest_decision")),
        _log("A decision, as it was logged", DECISION_PATH, script=read_script("logged_decision")),
        _log(
            "Why this decision?", f"{DECISION_PATH}/explanation", script=read_script("explanation")
        ),
        _outcome("Record the outcome", {"defaulted": False}, script=read_script("outcome")),
        _outcome("Record the same outcome again", {"defaulted": False}),
        _outcome("Record a different outcome", {"defaulted": True}, status=409, script=problem),
        Call(
            "Override the decision",
            "POST",
            f"{DECISION_PATH}/override",
            _indent({"label": "{{otherLabel}}", "reason": "A guarantor with a steady income"}),
            JSON_TYPE,
            script=read_script("override"),
            needs_key=True,
        ),
        Call(
            "Record several outcomes",
            "POST",
            "/outcomes",
            _indent([{"decision_id": "{{decisionId}}", "defaulted": False}]),
            JSON_TYPE,
            script=read_script("outcomes"),
            needs_key=True,
        ),
        Call("The form for outcomes: for a browser", "GET", "/outcomes", needs_key=True),
        _outcome("Record an outcome without a value", {}, status=422, script=problem),
        _log(
            "A decision that does not exist", f"/decisions/{EXAMPLE_ID}", status=404, script=problem
        ),
        _log(
            "Monitoring: do predictions still hold?",
            "/monitoring?days=30",
            script=read_script("monitoring"),
        ),
        _log("Metrics for Prometheus", "/metrics", script=read_script("metrics")),
        _log("The log without a key", "/decisions", status=401, script=problem, shows_key=False),
    ]


def mistake_calls(schema: Schema) -> list[Call]:
    """Make the typical mistakes."""
    good = next(iter(example_applicants(schema).values()))
    first = next(iter(good))
    text = json.dumps(good)
    twice = f'{{"{first}": {json.dumps(good[first])}, {text[1:]}'
    whole_body, problem = _faults([""]), read_script("problem")
    wrong = [
        _predict(title, _indent(body), status=422, script=_faults(_fault_pointers(schema, body)))
        for title, body in _mistaken_bodies(schema).items()
    ]
    return [
        *wrong,
        _predict("An empty array", "[]", status=422, script=whole_body),
        _predict("Not JSON", text.rstrip("}"), status=400, script=whole_body),
        _predict("A name appears twice", twice, status=400, script=whole_body),
        _predict(
            "Wrong media type",
            text,
            media_type="application/xml",
            status=415,
            script=problem,
        ),
        Call("Wrong method", "GET", "/predict", status=405, script=problem),
        Call("Unknown route", "GET", "/nothing-here", status=404, script=problem),
    ]


def _mistaken_bodies(schema: Schema) -> dict[str, dict[str, Any]]:
    """Return the mistakes that clients make, each on the smallest scorecard's example."""
    applicant = next(iter(example_applicants(schema).values()))
    first_name, last_name = next(iter(applicant)), list(applicant)[-1]
    rest = {name: value for name, value in applicant.items() if name != first_name}
    bodies: dict[str, dict[str, Any]] = {
        "A field is missing": {
            name: value for name, value in applicant.items() if name != last_name
        },
        "A name is misspelt": {f"{first_name}{first_name[-1]}": applicant[first_name], **rest},
        "Everything is null": dict.fromkeys(applicant),
    }
    for name in applicant:
        rule = schema.fields[name].rule
        if isinstance(rule, NumericRange):
            bodies["A number is sent as text"] = {**applicant, name: str(applicant[name])}
            bodies["A number is out of range"] = {**applicant, name: _out_of_range(rule)}
        else:
            bodies["A code does not exist"] = {**applicant, name: _unknown_code(rule)}
    return bodies


def _out_of_range(rule: NumericRange) -> Value:
    if rule.high is not None:
        return rule.high + 30
    return MAX_NUMBER * 10 if rule.low is None else rule.low - 30


def _unknown_code(rule: CodeList) -> Value:
    numbers = [code for code in (*rule.labels, *rule.merged_codes) if isinstance(code, int)]
    return max(numbers) + 5 if numbers else "no such code"


def _fault_pointers(schema: Schema, body: dict[str, Any]) -> list[str]:
    """Return where a body is wrong, as the service says it."""
    try:
        schema.parse(body)
    except InvalidApplicants as error:
        return [fault.pointer for fault in error.faults]
    return []


def about_calls() -> list[Call]:
    """Ask the service about itself."""
    return [
        Call("Is the service healthy?", "GET", "/health", script=read_script("health")),
        Call("Which model decides?", "GET", "/model", script=read_script("model")),
        Call("The API, described", "GET", "/openapi.json", script=read_script("openapi")),
        Call("The API, for a browser", "GET", "/docs"),
    ]


def _predict(
    title: str,
    body: str,
    *,
    script: tuple[str, ...],
    media_type: str = JSON_TYPE,
    status: int = 200,
) -> Call:
    return Call(title, "POST", "/predict", body, media_type, status, script)


def _log(
    title: str,
    path: str,
    *,
    script: tuple[str, ...],
    status: int = 200,
    shows_key: bool = True,
) -> Call:
    return Call(
        title, "GET", path, status=status, script=script, needs_key=True, shows_key=shows_key
    )


def _outcome(
    title: str, body: dict[str, bool], *, script: tuple[str, ...] = (), status: int = 200
) -> Call:
    text = json.dumps(body)
    return Call(
        title, "POST", f"{DECISION_PATH}/outcome", text, JSON_TYPE, status, script, needs_key=True
    )


def _indent(body: object) -> str:
    return json.dumps(body, indent=2)


def _faults(pointers: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    names = json.dumps(list(pointers))
    return (*read_script("problem"), *read_script("faults", pointers=names))
