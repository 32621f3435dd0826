"""What every answer must be, of the service or of the server in front of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import RFC_4122, UUID

from werkzeug.test import TestResponse

Body = dict[str, Any]

PROJECT = Path(__file__).resolve().parents[2]
LEAKS = ("Traceback", "site-packages", "<html", "<!doctype", str(PROJECT), "/python3")
SANE_ID = re.compile("[A-Za-z0-9._-]{1,64}", re.ASCII)
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", re.ASCII)
DECISION = {
    "decision_id": str,
    "decided_at": str,
    "label": str,
    "probability": float,
    "probability_of_default": float,
    "cutoff": float,
    "score": int,
    "scorecard": str,
    "model_version": str,
    "baseline": float,
    "reasons": list,
    "strengths": list,
    "warnings": list,
}


@dataclass(frozen=True)
class Answer:
    """A status, headers (names in lower case) and a body, from whichever client."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)


def read(response: TestResponse) -> Answer:
    """Take over an answer of Flask's test client."""
    headers = {name.lower(): value for name, value in response.headers}
    return Answer(response.status_code, headers, response.get_data())


def problem_of(answer: TestResponse | Answer, status: int) -> Body:
    """Check that an answer is the one problem shape with a status, and return it."""
    if isinstance(answer, TestResponse):
        answer = read(answer)
    text = answer.body.decode("ascii")
    assert answer.status == status, text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert SANE_ID.fullmatch(answer.headers["x-request-id"])
    problem: Body = answer.json
    assert problem.keys() - {"errors"} == {"type", "title", "status", "detail"}
    assert problem["type"] == "about:blank"
    assert problem["title"] == HTTPStatus(status).phrase
    assert problem["status"] == status
    assert problem["detail"]
    for fault in problem.get("errors", []):
        assert fault.keys() - {"line"} == {"pointer", "code", "detail"}
        assert all(isinstance(fault[name], str) for name in ("pointer", "code", "detail"))
        assert fault.get("line", 1) >= 1
    assert 1 <= len(problem.get("errors", ["none"])) <= 100
    assert not [leak for leak in LEAKS if leak.lower() in text.lower()]
    return problem


def faults_of(answer: TestResponse | Answer, status: int) -> list[tuple[str, str]]:
    """Check that an answer is a problem, and return each fault's place and kind."""
    errors = problem_of(answer, status)["errors"]
    return [(fault["pointer"], fault["code"]) for fault in errors]


def json_of(answer: TestResponse | Answer) -> Any:
    """Check that an answer is JSON as it was asked for, and return it."""
    if isinstance(answer, TestResponse):
        answer = read(answer)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    return answer.json


def decision_of(answer: TestResponse | Answer) -> Body:
    """Check that an answer is one decision, and return it."""
    decision: Body = json_of(answer)
    check_decision(decision)
    return decision


def decisions_of(answer: TestResponse | Answer) -> list[Body]:
    """Check that an answer is an array of decisions, and return it."""
    decisions: list[Body] = json_of(answer)
    assert isinstance(decisions, list)
    for decision in decisions:
        check_decision(decision)
    return decisions


def check_decision(decision: Body) -> None:
    """Check one decision against all that the contract says of any."""
    assert {name: type(value) for name, value in decision.items()} == DECISION
    assert list(decision) == list(DECISION)
    eligible = decision["probability_of_default"] < decision["cutoff"]
    assert decision["label"] == ("eligible" if eligible else "not_eligible")
    assert decision["probability"] == 1 - decision["probability_of_default"]
    assert all(0 <= decision[name] <= 1 for name in DECISION if DECISION[name] is float)
    assert re.fullmatch(f"{decision['scorecard']}-[0-9a-f]{{8}}", decision["model_version"])
    assert TIME.fullmatch(decision["decided_at"])
    decision_id = UUID(decision["decision_id"])
    assert str(decision_id) == decision["decision_id"]
    assert (decision_id.version, decision_id.variant) == (7, RFC_4122)
    # A UUIDv7 begins with its time, in milliseconds.
    decided_at = datetime.fromisoformat(decision["decided_at"])
    assert decision_id.int >> 80 == round(decided_at.timestamp() * 1e3)
    check_reasons(decision)
    for warning in decision["warnings"]:
        assert warning.keys() == {"code", "field", "value", "text"}


def check_reasons(decision: Body) -> None:
    """Check that reasons and strengths are the weightiest first, and that no refusal lacks one."""
    reasons, strengths = decision["reasons"], decision["strengths"]
    assert max(len(reasons), len(strengths)) <= 4
    refused = decision["label"] == "not_eligible"
    assert reasons or not refused
    impacts, lowered = (
        [reason["impact"] for reason in entries] for entries in (reasons, strengths)
    )
    assert impacts == sorted(impacts, reverse=True)
    assert lowered == sorted(lowered)
    assert all(impact >= 0.005 for impact in impacts) or (refused and len(impacts) == 1)
    assert all(impact <= -0.005 for impact in lowered)
    for reason in [*reasons, *strengths]:
        assert list(reason) == ["code", "field", "value", "impact", "actionable", "text"]
        assert reason["code"].startswith(f"{reason['field']}_")
        assert -1 < reason["impact"] < 1
        assert type(reason["actionable"]) is bool
        assert reason["text"]
    assert len({reason["field"] for reason in reasons}) == len(reasons)


def lasting(decision: Body) -> Body:
    """Give what must be the same each time the same applicant is decided on."""
    return {
        name: value for name, value in decision.items() if name not in {"decision_id", "decided_at"}
    }
