"""The OpenAPI description of what monitoring answers."""

from __future__ import annotations

from creditscore.api_docs.openapi_log import TAG
from creditscore.api_docs.openapi_parts import (
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
from creditscore.monitoring.backtest import BANDS
from creditscore.monitoring.drift import INSUFFICIENT, LARGE, LITTLE, MIN_ROWS, MODERATE
from creditscore.monitoring.monitor import DEFAULT_DAYS, MAX_DAYS

COUNT: JsonObject = {"type": "integer", "minimum": 0}

RATE = nullable(record({"value": SHARE, "low": SHARE, "high": SHARE}))


def monitoring_paths() -> JsonObject:
    """Describe the route."""
    days = {"type": "integer", "minimum": 1, "maximum": MAX_DAYS, "default": DEFAULT_DAYS}
    parameters: dict[str, tuple[str, JsonObject]] = {
        "days": ("So many before the end of the window; not beside `since`", days),
        "since": ("Only decisions from then on", MOMENT),
        "until": ("Only decisions before then; now, if nobody says", MOMENT),
    }
    described = {
        "operationId": "monitor",
        "tags": [TAG],
        "security": WITH_KEY,
        "summary": "Whether the scorecards still do what they did in training",
        "description": (
            "From the log of decisions: the drift of every field and of the score, approvals by "
            "day and by protected group, and what was said beside what happened, as far as "
            "outcomes are known."
        ),
        "parameters": in_query(parameters),
        "responses": {
            "200": good("The figures of the window", reference("Monitoring")),
            **refusals("401", "422", "503"),
        },
    }
    return {"/monitoring": {"get": described}, "/metrics": {"get": _metrics()}}


def _metrics() -> JsonObject:
    """Describe what Prometheus reads: its text, with figures of all processes."""
    text = {"schema": {"type": "string"}}
    answer = good("The figures since the start of the service", {})
    return {
        "operationId": "metrics",
        "tags": [TAG],
        "security": WITH_KEY,
        "summary": "What Prometheus is to watch: requests, decisions, errors and times",
        "responses": {"200": {**answer, "content": {"text/plain": text}}, **refusals("401")},
    }


def monitoring_schema() -> JsonObject:
    """Describe the answer."""
    return record(
        {
            "since": TIME,
            "until": TIME,
            "decisions": COUNT,
            "scorecards": {"type": "object", "additionalProperties": _scorecard()},
            "other_versions": {
                "type": "object",
                "description": "Decisions by models that are not in service any more",
                "additionalProperties": COUNT,
            },
        }
    )


def _scorecard() -> JsonObject:
    day = record({"day": {"type": "string", "format": "date"}, "decisions": COUNT, "rate": RATE})
    group = record(
        {
            "group": {"type": "string"},
            "decisions": COUNT,
            "rate": RATE,
            "verdict": {"enum": ["conclusive", "inconclusive"]},
        }
    )
    part = record({"part": {"enum": ["predictor", "monitored"]}})
    return record(
        {
            "model_version": {"type": "string"},
            "decisions": COUNT,
            "approval_rate": RATE,
            "approvals_by_day": array_of(day),
            "approvals_by_group": {"type": "object", "additionalProperties": array_of(group)},
            "score": _shift(),
            "fields": {
                "type": "object",
                "additionalProperties": {"allOf": [part, _shift()]},
            },
            "outcomes": _outcomes(),
        }
    )


def _shift() -> JsonObject:
    each = record(
        {"label": {"type": "string"}, "training": SHARE, "live": nullable(SHARE)},
    )
    return record(
        {
            "rows": COUNT,
            "psi": {
                "type": ["number", "null"],
                "description": "Population stability index; null under "
                f"{MIN_ROWS} rows, which are too few",
            },
            "verdict": {"enum": [INSUFFICIENT, LITTLE, MODERATE, LARGE]},
            "significant": {
                "type": ["boolean", "null"],
                "description": "Whether chance alone would hardly have done it",
            },
            "outside_training": nullable(SHARE),
            "bins": array_of(each),
        }
    )


def _outcomes() -> JsonObject:
    number: JsonObject = {"type": "number", "minimum": 0}
    counts = record({"expected": number, "observed": COUNT})
    one = record(
        {
            "decisions": COUNT,
            "said": SHARE,
            "happened": SHARE,
            "interval": array_of(SHARE, minItems=2, maxItems=2),
        }
    )
    return record(
        {
            "matured": {**COUNT, "description": "Decisions whose outcome is known"},
            "defaults": nullable(counts),
            "auc": nullable(SHARE),
            "brier": nullable(SHARE),
            "bands": array_of(one, maxItems=BANDS),
        }
    )
