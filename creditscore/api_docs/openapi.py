"""The OpenAPI 3.1 description of the service: a template, filled in for a schema and settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import creditscore
from creditscore.api_docs.examples import example_applicants, example_table
from creditscore.decision_log.log import MAX_PAGE_SIZE, PAGE_SIZE
from creditscore.decision_log.overrides import MAX_NAME_LENGTH, MAX_REASON_LENGTH
from creditscore.decision_log.search import OUTCOMES
from creditscore.decisions.assessor import Decision
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.evaluation.fairness import MIN_GROUP_ROWS
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, LANGUAGES, in_language
from creditscore.monitoring.backtest import BANDS
from creditscore.monitoring.course import TRIGGERS
from creditscore.monitoring.monitor import DEFAULT_DAYS, MAX_DAYS
from creditscore.monitoring.periods import PERIODS
from creditscore.monitoring.verdicts import VERDICTS
from creditscore.schema import MAX_FAULTS, Schema
from creditscore.schema.csv_cells import to_line
from creditscore.schema.descriptions import applicant_schema
from creditscore.schema.reference import (
    LINE_PATTERN,
    MAX_REFERENCE_LENGTH,
    REFERENCE,
    REFERENCE_PATTERN,
)
from creditscore.settings import Settings
from creditscore.tables.outcome_rows import REPORT

JsonObject = dict[str, Any]

PLACEHOLDER = re.compile(r"{{(\w+)}}")

#: The two headers that an API key may come in.
KEY_HEADERS: list[JsonObject] = [{"bearer": []}, {"header": []}]


def build_openapi(
    schema: Schema,
    settings: Settings,
    decisions: Mapping[str, Decision],
    *,
    key_needed: bool,
) -> JsonObject:
    """Return the description of every route.

    Parameters
    ----------
    schema : Schema
        Of the applicants.
    settings : Settings
        For the limits.
    decisions : mapping of str to Decision
        On each scorecard's example applicant.
    key_needed : bool
        Whether a decision needs an API key. A key that is taken but not needed is not described:
        Swagger UI draws a closed padlock for it.
    """
    values = template_values(schema, settings, decisions, key_needed=key_needed)
    document: JsonObject = fill(read_template(), values)
    return document


@cache
def read_template() -> Any:
    """Read the template once, so that a reload of the model takes no newer one."""
    path = Path(__file__).with_name("openapi.template.json")
    return json.loads(path.read_text(encoding="utf-8"))


def template_values(
    schema: Schema,
    settings: Settings,
    decisions: Mapping[str, Decision],
    *,
    key_needed: bool,
) -> JsonObject:
    """Return what goes into each placeholder of the template."""
    applicants = example_applicants(schema)
    array_example = {"summary": "Several at once", "value": list(applicants.values())}
    columns = DecisionColumns(logged=True, language=DEFAULT_LANGUAGE).types
    answers = {name: d.to_dict(DEFAULT_LANGUAGE) for name, d in decisions.items()}
    explorations = {name: d.to_what_if(DEFAULT_LANGUAGE) for name, d in decisions.items()}
    return {
        "version": creditscore.__version__,
        "notice": schema.notice[DEFAULT_LANGUAGE],
        "languages": list(LANGUAGES),
        "decision_security": KEY_HEADERS if key_needed else [],
        "applicant": applicant_schema(schema),
        "fields": list(schema.fields),
        "field_count": len(schema.fields),
        # What a browser sends is text as the page's language writes it, and empty or away if it is
        # not given.
        "form_fields": {
            name: {"type": "string"}
            for name in [*schema.fields, REFERENCE, "explore", "api-key", "csrf_token"]
        },
        "scorecards": list(schema.scorecards),
        "max_reference_length": MAX_REFERENCE_LENGTH,
        "reference_pattern": REFERENCE_PATTERN,
        "line_pattern": LINE_PATTERN,
        "max_reason_length": MAX_REASON_LENGTH,
        "max_name_length": MAX_NAME_LENGTH,
        "event": in_language(schema.label.event, DEFAULT_LANGUAGE),
        "outcome": in_language(schema.label.title, DEFAULT_LANGUAGE),
        "applicant_examples": {**_examples(schema, applicants), "array": array_example},
        "table_example": "".join(f"{to_line(row)}\n" for row in example_table(schema)),
        "decision_examples": _examples(schema, answers),
        "what_if_examples": _examples(schema, explorations),
        "decision_columns": ", ".join(columns),
        "report_columns": ", ".join(REPORT),
        "max_applicants": settings.max_applicants,
        "max_faults": MAX_FAULTS,
        "outcome_filters": list(OUTCOMES),
        "usual_page": PAGE_SIZE,
        "largest_page": MAX_PAGE_SIZE,
        "usual_days": DEFAULT_DAYS,
        "max_days": MAX_DAYS,
        "fewest_rows": schema.triggers.min_decisions,
        "periods": list(PERIODS),
        "verdicts": list(VERDICTS),
        "triggers": list(TRIGGERS),
        "min_group_rows": MIN_GROUP_ROWS,
        "bands": BANDS,
        # Python 3.13 gave these two statuses the phrases of RFC 9110.
        "phrase_413": HTTPStatus(413).phrase,
        "phrase_422": HTTPStatus(422).phrase,
    }


def fill(node: Any, values: Mapping[str, Any]) -> Any:
    """Return a copy of a JSON value with its placeholders replaced.

    A text that is a placeholder alone becomes the value itself, of whatever type; within a longer
    text it becomes the value's text.

    Raises
    ------
    KeyError
        If a placeholder has no value.
    """
    if isinstance(node, dict):
        return {name: fill(member, values) for name, member in node.items()}
    if isinstance(node, list):
        return [fill(item, values) for item in node]
    if not isinstance(node, str):
        return node
    if match := PLACEHOLDER.fullmatch(node):
        return values[match[1]]
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), node)


def _examples(schema: Schema, values: Mapping[str, JsonObject]) -> JsonObject:
    return {
        name: {"summary": schema.scorecards[name].title[DEFAULT_LANGUAGE], "value": value}
        for name, value in values.items()
    }
