"""Describe fields and their values: texts in one language, names of groups, JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, Text, in_language, say
from creditscore.i18n.number_format import say_number
from creditscore.schema.constraints import CodeList, format_number
from creditscore.schema.fields import Field
from creditscore.schema.number_text import read_amount
from creditscore.schema.reference import MAX_REFERENCE_LENGTH, REFERENCE, REFERENCE_PATTERN
from creditscore.schema.schema import Schema

#: Sentences that name a band of numbers, the more particular ones first.
BANDS = ("band_all", "band_under", "band_from", "band_from_to_under", "band_from_to")


def schema_texts(schema: Schema, language: str) -> dict[str, Any]:
    """Return title and notice, what label and fields mean, and the scorecards' titles."""
    label = schema.label
    return {
        "title": in_language(schema.title, language),
        "notice": in_language(schema.notice, language),
        "label": {
            "column": label.column,
            "good": _one_or_all(label.good),
            "bad": _one_or_all(label.bad),
            "title": in_language(label.title, language),
            "event": in_language(label.event, language),
        },
        "fields": {name: _field_texts(field, language) for name, field in schema.fields.items()},
        "scorecards": {
            name: {"title": in_language(spec.title, language)}
            for name, spec in schema.scorecards.items()
        },
    }


def _one_or_all(values: tuple[int | float | str, ...]) -> object:
    """Return the only value, or the list of them."""
    return values[0] if len(values) == 1 else list(values)


def _field_texts(field: Field, language: str) -> dict[str, Any]:
    return {
        "title": in_language(field.title, language),
        "unit": in_language(field.unit, language) if field.unit else None,
        "accepted": in_language(field.allowed, language),
        "codes": {str(c): in_language(text, language) for c, text in field.rule.labels.items()},
        "protected": field.protected,
        "actionable": field.actionable,
        "expected_risk": field.risk,
    }


def field_meaning(field: Field, language: str) -> str:
    """Return what a field means, with its unit and its codes, in one line."""
    title = in_language(field.title, language)
    unit = f", {in_language(field.unit, language)}" if field.unit else ""
    labels = ", ".join(
        f"{code} {in_language(text, language)}" for code, text in field.rule.labels.items()
    )
    if isinstance(field.rule, CodeList) and field.merged_codes:
        labels += f"; {in_language(field.rule.merged_text, language)}"
    if field.missing is not None:
        special = field.missing.titled.items()
        titles = [f"{value} {in_language(text, language)}" for value, text in special]
        labels = "; ".join([labels, *titles] if labels else titles)
    return f"{title}{unit}{f': {labels}' if labels else ''}"


def named_values(field: Field, language: str) -> list[str]:
    """Return the values with a meaning of their own that `Field.allowed` does not name."""
    labels = {} if isinstance(field.rule, CodeList) else field.rule.labels
    special = field.missing.titled if field.missing is not None else {}
    return [
        f"{value} {in_language(text, language)}" for value, text in {**labels, **special}.items()
    ]


# JSON Schema


def applicant_schema(schema: Schema) -> dict[str, Any]:
    """Describe an applicant in JSON Schema 2020-12."""
    described: dict[str, Any] = {
        "type": "object",
        "title": "Applicant",
        "required": [name for name in schema.base_fields if is_required(schema, name)],
        "additionalProperties": False,
        "properties": {
            **{name: field_schema(field) for name, field in schema.fields.items()},
            REFERENCE: {
                "title": "Your own reference",
                "description": "Such as an application number. Logged with the decision, which "
                "does not depend on it; the blanks around it are removed.",
                "type": ["string", "null"],
                "maxLength": MAX_REFERENCE_LENGTH,
                "pattern": REFERENCE_PATTERN,
                "examples": ["A-17"],
            },
        },
    }
    for spec in list(schema.scorecards.values())[1:]:
        # One field of a larger scorecard asks for all that it adds to the smallest one.
        added = [name for name in spec.fields if name not in schema.base_fields]
        for name in spec.added_fields:
            described.setdefault("dependentRequired", {})[name] = [
                required for required in added if required != name and is_required(schema, required)
            ]
    return described


def is_required(schema: Schema, name: str) -> bool:
    """Return whether a scorecard that asks for a field has to have it."""
    return name not in schema.optional and schema.fields[name].missing is None


def field_schema(field: Field) -> dict[str, Any]:
    """Describe one field in JSON Schema 2020-12."""
    accepted = field.rule.json_schema()
    if field.missing is not None:
        special = [None, *sorted(field.missing.untitled, key=str), *field.missing.titled]
        accepted = {"anyOf": [accepted, {"enum": list(dict.fromkeys([*special, ""]))}]}
    return {
        "title": in_language(field.title, DEFAULT_LANGUAGE),
        "description": field_meaning(field, DEFAULT_LANGUAGE),
        **accepted,
        "examples": [field.example],
    }


# Groups of applicants


def band_text(low: float | None, high: float | None, *, integral: bool) -> Text:
    """Name the band from `low` to below `high`: "under 25", "25 to 29", "62 and over"."""
    if low is None or high is None:
        if high is not None:
            return say("band_under", high=_number(high))
        return say("band_all") if low is None else say("band_from", low=_number(low))
    last = high - 1 if integral and high.is_integer() else high
    if last <= low:
        return _number(low)
    return say(
        "band_from_to" if last < high else "band_from_to_under",
        low=_number(low),
        high=_number(last),
    )


def band_texts(edges: Sequence[float], *, integral: bool) -> list[Text]:
    """Name the bands that some edges part."""
    return [band_text(*bounds, integral=integral) for bounds in pairwise([None, *edges, None])]


def group_text(field: Field, label: str) -> Text:
    """Return a group's name in every language, from the English one in cards and monitoring."""
    for text in (*field.rule.labels.values(), say("not_stated")):
        if text[DEFAULT_LANGUAGE] == label:
            return text
    numbers = field.rule.python_type is not str
    return band_label_text(label) or (_grouped(label) if numbers else {DEFAULT_LANGUAGE: label})


def band_label_text(label: str) -> Text | None:
    """Return a band's name in every language, from the English one; None for what is no band."""
    for band in BANDS:
        pattern = in_language(
            say(band, low=r"(?P<low>\S+)", high=r"(?P<high>\S+)"), DEFAULT_LANGUAGE
        )
        if match := re.fullmatch(pattern, label):
            return say(band, **{name: _grouped(bound) for name, bound in match.groupdict().items()})
    return None


def _number(number: float) -> Text:
    """Return a number as labels hold it, without groups of thousands; pages add them."""
    return {DEFAULT_LANGUAGE: format_number(float(number))}


def _grouped(text: str) -> Text:
    """Return a number of an English label as each language writes it; other texts as they are."""
    number = read_amount(text)
    return {DEFAULT_LANGUAGE: text} if number is None else say_number(number)
