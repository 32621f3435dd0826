"""What the schema and the model say of themselves: tables, examples, JSON Schema, model card."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from creditscore.decisions.assessor import Assessor, Decision
from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import CATALOGUE, FALLBACK_LANGUAGE, in_language
from creditscore.i18n.document_texts import (
    FIELD_COLUMNS,
    INDONESIAN_SETTINGS,
    NONE,
    SETTING_COLUMNS,
)
from creditscore.i18n.statements import LEGAL_SENTENCE, card_words
from creditscore.schema.constraints import LARGEST_NUMBER, CodeList, NumericRange, Value
from creditscore.schema.descriptions import schema_texts, value_labels
from creditscore.schema.schema import Field, Schema
from creditscore.scorecard.artifact import Model
from creditscore.scorecard.policy import Policy
from creditscore.settings import PROJECT, ROWS, Settings

#: When and under which id the decisions of examples were made: never changing, and nobody's.
EXAMPLE_TIME = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
EXAMPLE_ID = "019b7c8a-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Mistake:
    """A typical mistake: a body, and what the service says to it."""

    title: str
    body: dict[str, Any]
    pointers: tuple[str, ...]


def example_applicants(schema: Schema) -> dict[str, dict[str, Value]]:
    """Give an applicant for each scorecard, made of the fields' examples; no more than it needs."""
    return {
        name: {
            field: schema.fields[field].example
            for field in spec.fields
            if field not in schema.optional
        }
        for name, spec in schema.scorecards.items()
    }


def example_decisions(assessor: Assessor) -> dict[str, Decision]:
    """Decide on the example applicants, with this very model, at a fixed time."""
    still = replace(assessor, now=lambda: EXAMPLE_TIME, new_id=lambda _: EXAMPLE_ID)
    return {
        name: still.assess(assessor.model.schema.parse(applicant))
        for name, applicant in example_applicants(assessor.model.schema).items()
    }


def mistakes(schema: Schema) -> list[Mistake]:
    """Give the mistakes that clients make, each on the smallest scorecard's example."""
    good = next(iter(example_applicants(schema).values()))
    first, last = next(iter(good)), list(good)[-1]
    rest = {name: value for name, value in good.items() if name != first}
    bodies: dict[str, dict[str, Any]] = {
        "A field is missing": {name: value for name, value in good.items() if name != last},
        "A name is misspelt": {f"{first}{first[-1]}": good[first], **rest},
        "Everything is null": dict.fromkeys(good),
    }
    for name in good:
        rule = schema.fields[name].rule
        if isinstance(rule, NumericRange):
            bodies["A number is sent as text"] = {**good, name: str(good[name])}
            bodies["A number is out of range"] = {**good, name: _beyond(rule)}
        else:
            bodies["A code does not exist"] = {**good, name: _no_code(rule)}
    return [
        Mistake(title, body, tuple(fault.pointer for fault in _faults(schema, body)))
        for title, body in bodies.items()
    ]


def applicant_schema(schema: Schema) -> dict[str, Any]:
    """Describe an applicant in JSON Schema 2020-12."""
    groups = [schema.added_fields(spec) for spec in schema.scorecards.values()][1:]
    described: dict[str, Any] = {
        "type": "object",
        "title": "Applicant",
        "required": [name for name in schema.base_fields if name not in schema.optional],
        "additionalProperties": False,
        "properties": {name: _property(field) for name, field in schema.fields.items()},
    }
    smaller: list[str] = []
    for group in groups:
        # One field of a larger scorecard asks for all of it.
        for name in group:
            others = (other for other in [*smaller, *group] if other != name)
            needed = [other for other in others if other not in schema.optional]
            described.setdefault("dependentRequired", {})[name] = needed
        smaller += group
    return described


def field_table(schema: Schema, language: str) -> str:
    """Describe the fields as a Markdown table."""
    rows = [
        (
            f"`{name}`",
            _property(field)["type"],
            _accepted(field, language),
            _meaning(field, language),
        )
        for name, field in schema.fields.items()
    ]
    return _table(FIELD_COLUMNS[language], rows)


def settings_table(language: str) -> str:
    """Describe the settings as a Markdown table."""
    usual = Settings()
    rows = []
    for row in ROWS:
        said = row if language == FALLBACK_LANGUAGE else INDONESIAN_SETTINGS[row.name]
        fallback = _shown_setting(getattr(usual, row.name), language)
        rows.append((f"`{row.variable}`", said.allowed, fallback, said.sentence))
    return _table(SETTING_COLUMNS[language], rows)


def model_card(model: Model, policy: Policy, language: str) -> dict[str, Any]:
    """Give a model's card, its texts in a language, with the policy in force.

    Parameters
    ----------
    model : Model
    policy : Policy
        The one in force.
    language : str
        Of the texts.
    """
    texts, sections = schema_texts(model.schema, language), model.card["scorecards"]
    legal = LEGAL_SENTENCE if model.protected_predictors() else None
    about = model.schema.files.get(model.card["data"]["sha256"])
    return {
        **model.card,
        **card_words(language),
        **texts,
        "legal": legal and in_language(legal, language),
        "policy": policy.to_dict(),
        "data": {**model.card["data"], "about": about and in_language(about, language)},
        "scorecards": {
            name: {**section, **texts["scorecards"][name]} for name, section in sections.items()
        },
    }


def _property(field: Field) -> dict[str, Any]:
    """Describe one field in JSON Schema."""
    rule = field.rule
    described: dict[str, Any] = {
        "title": in_language(field.title, FALLBACK_LANGUAGE),
        "description": _meaning(field, FALLBACK_LANGUAGE),
    }
    if isinstance(rule, CodeList):
        described["type"] = "string" if rule.textual else "integer"
        described["enum"] = list(rule.labels)
    else:
        described["type"] = "integer" if rule.integral else "number"
        if rule.low is not None:
            described["exclusiveMinimum" if rule.low_open else "minimum"] = rule.low
        if rule.high is not None:
            described["exclusiveMaximum" if rule.high_open else "maximum"] = rule.high
    return {**described, "examples": [field.example]}


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _accepted(field: Field, language: str) -> str:
    rule = field.rule
    if isinstance(rule, CodeList):
        return ", ".join(f"`{code}`" if rule.textual else str(code) for code in rule.labels)
    text = in_language(replace(rule, unit={}).allowed, language)
    # Its kind has a column of its own. In Indonesian an integer is a number and a word more.
    for kind in ("integer", "number"):
        text = text.removeprefix(f"{CATALOGUE[language][kind]} ")
    return text


def _meaning(field: Field, language: str) -> str:
    """Say what a field means, with its unit and its codes."""
    title = in_language(field.title, language)
    unit = f", {in_language(field.unit, language)}" if field.unit else ""
    labels = ", ".join(
        f"{code} {in_language(text, language)}" for code, text in value_labels(field).items()
    )
    return f"{title}{unit}{f': {labels}' if labels else ''}"


def _beyond(rule: NumericRange) -> Value:
    if rule.high is not None:
        return rule.high + 30
    return LARGEST_NUMBER * 10 if rule.low is None else rule.low - 30


def _no_code(rule: CodeList) -> Value:
    numbers = [code for code in rule.labels if isinstance(code, int)]
    return max(numbers) + 5 if numbers else "no such code"


def _faults(schema: Schema, body: object) -> tuple[Fault, ...]:
    try:
        schema.parse(body)
    except InvalidApplicants as error:
        return error.faults
    return ()


def _shown_setting(value: object, language: str) -> str:
    if value is None or value == ():
        return in_language(NONE, language)
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return str(value)
    # Places in the project are shown as seen from there, wherever it is.
    return f"`{str(value).replace(f'{PROJECT}{os.sep}', '').replace(os.sep, '/')}`"
