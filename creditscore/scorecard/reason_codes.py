"""The principal reasons for a decision, and the strengths of an applicant, in words.

A text says what was computed: the field, its value, and by how much it moved this applicant's
probability of default, compared with the reference group. It says nothing about other people with
that value, as a Shapley value knows nothing about them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from creditscore.i18n.catalogue import (
    DEFAULT_LANGUAGE,
    Text,
    in_language,
    say,
)
from creditscore.i18n.number_format import say_number, say_points
from creditscore.schema import CodeList, Field, Schema, Value, Wording
from creditscore.scorecard.scorecard import Reference

#: Reasons given, at most: more than four help no one (12 CFR 1002.9, comment 9(b)(2)-1).
MAX_REASONS = 4

#: Worded reasons that are kept at hand: most applicants share their codes and many amounts.
MAX_WORDED = 16384

#: A smaller impact is no reason and no strength: half a percentage point.
MIN_IMPACT = 0.005

#: What is smaller than this may be rounding.
ROUNDING = 1e-12


class Reason(NamedTuple):
    """A field that moved an applicant's probability of default away from the baseline.

    As a reason it raised the probability, as a strength it lowered it.

    Attributes
    ----------
    code : str
        Stable name of field and direction, such as ``LIMIT_BAL_LOW``.
    field : str
        The field.
    value : int, float, str or None
        What the applicant has there; None for a missing value.
    impact : float
        The field's Shapley value, in probability of default.
    actionable : bool
        Whether an applicant can change it.
    text : Text
        The reason in plain words.
    """

    code: str
    field: str
    value: Value | None
    impact: float
    actionable: bool
    text: Text


def principal_reasons(
    values: Mapping[str, Value | None],
    impacts: Mapping[str, float],
    *,
    schema: Schema,
    reference: Reference,
    refused: bool,
    min_impact: float = MIN_IMPACT,
) -> tuple[Reason, ...]:
    """Return the fields that raised the probability of default, most first.

    Parameters
    ----------
    values : mapping of str to value
        The applicant.
    impacts : mapping of str to float
        Each predictor's Shapley value.
    schema : Schema
        For the words.
    reference : Reference
        The group that the applicant was compared with.
    refused : bool
        A refusal is never without a reason: where no impact is large enough, the largest is named,
        even if it is negative, which it can be where the baseline is itself beyond the cut-off.
    min_impact : float
        The smallest impact that is a reason, in probability of default.
    """
    # Sorting keeps schema order among equals.
    ranked = sorted(impacts, key=impacts.__getitem__, reverse=True)[:MAX_REASONS]
    names = [name for name in ranked if impacts[name] >= min_impact]
    if refused and not names:
        names = ranked[:1]
    return _worded_reasons(names, values, impacts, schema, reference)


def principal_strengths(
    values: Mapping[str, Value | None],
    impacts: Mapping[str, float],
    *,
    schema: Schema,
    reference: Reference,
) -> tuple[Reason, ...]:
    """Return the fields that lowered the probability of default, most first.

    Parameters are those of `principal_reasons`.
    """
    ranked = sorted(impacts, key=impacts.__getitem__)[:MAX_REASONS]
    names = [name for name in ranked if impacts[name] <= -MIN_IMPACT]
    return _worded_reasons(names, values, impacts, schema, reference)


def _worded_reasons(
    names: Sequence[str],
    values: Mapping[str, Value | None],
    impacts: Mapping[str, float],
    schema: Schema,
    reference: Reference,
) -> tuple[Reason, ...]:
    fields, medians, group = schema.fields, reference.medians, reference.group
    reasons = []
    for name in names:
        field, value, impact = fields[name], values[name], impacts[name]
        tenths = round(1000 * impact)
        code, actionable, text = _worded(
            field, value, medians.get(name), tenths, impact >= ROUNDING, group
        )
        reasons.append(Reason(code, name, value, impact, actionable, text))
    return tuple(reasons)


@lru_cache(maxsize=MAX_WORDED, typed=True)
def _worded(
    field: Field, value: Value | None, median: float | None, tenths: int, raised: bool, group: str
) -> tuple[str, bool, Text]:
    """Return the code of a reason, whether an applicant can change it, and its text.

    Parameters
    ----------
    field : Field
    value : int, float, str or None
    median : float or None
        Of the reference group.
    tenths : int
        Tenths of a percentage point that the probability of default was moved by.
    raised : bool
        Whether it was raised.
    group : str
        Name of the reference group.
    """
    value, description = field.counts_as(value), None
    if value is None:
        code, description = "MISSING", say("is_not_stated", title=field.title)
    elif field.is_missing(value):
        code = _slug(field.label_of(value) or {}) or "MISSING"
    else:
        side = _side(value, median)
        wording = next((w for w in field.reasons if _fits(w, value, side)), None)
        code = _general_code(field, value, side) if wording is None else wording.code
        description = wording.description if wording else None
    if description:
        value_text = _value_text(field, value)
        subject: Text = {
            language: words.replace("{value}", in_language(value_text, language))
            for language, words in description.items()
        }
    else:
        subject = say("titled_value", title=field.title, value=value_in_words(field, value))
    key = f"{'raised' if raised else 'lowered'}{'_by_described' if description else '_by_value'}"
    points = say_points(tenths / 1000) if tenths else say("less_than_a_tenth")
    group_text = say("approved_customers" if group.startswith("approved") else "all_customers")
    text = say(key, what=subject, points=points, group=group_text)
    # No one is advised to change what they have left out.
    return f"{field.code_name}_{code}", field.actionable and not field.is_missing(value), text


def _fits(wording: Wording, value: Value, side: str) -> bool:
    if wording.values and value not in wording.values:
        return False
    if isinstance(value, str):
        return True
    if wording.low is not None and value < wording.low:
        return False
    if wording.high is not None and value > wording.high:
        return False
    return wording.side is None or wording.side == side


def _general_code(field: Field, value: Value, side: str) -> str:
    """Return the code of a value for which the schema file has none of its own."""
    return _codes(field)[value] if value in field.rule.labels else side.upper()


def _codes(field: Field) -> dict[Value, str]:
    """Name a field's codes by their labels; by their places where that would not be unique."""
    slugs = {value: _slug(label) for value, label in field.rule.labels.items()}
    numbers = [] if isinstance(field.rule, CodeList) else ["LOW", "HIGH"]
    names = [*numbers, *slugs.values()]
    if all(slug and names.count(slug) == 1 for slug in slugs.values()):
        return slugs
    return {value: f"CODE_{number}" for number, value in enumerate(slugs, start=1)}


def _slug(label: Text) -> str:
    return re.sub("[^A-Z0-9]+", "_", label[DEFAULT_LANGUAGE].upper()).strip("_")


def _side(value: Value, median: float | None) -> str:
    if median is None or isinstance(value, str):
        return "low"
    return "high" if value > median else "low"


def reason_code_fingerprint(field: Field) -> list[Any]:
    """Give all in a field that decides which reason code it gets, as plain data."""
    wordings = [[w.code, list(w.values), w.low, w.high, w.side] for w in field.reasons]
    fingerprint = [wordings, [[code, name] for code, name in _codes(field).items()]]
    if field.missing is not None:
        special = [[value, _slug(title)] for value, title in field.missing.titled.items()]
        fingerprint.append([sorted(map(repr, field.missing.untitled)), special])
    return fingerprint


def value_in_words(field: Field, value: Value | None) -> Text:
    """Write a value as people read it: a code by its label, a number with its unit."""
    value = field.counts_as(value)
    words = _value_text(field, value)
    if value is None or field.label_of(value) or not (unit := field.unit_of(value)):
        return words
    return {language: f"{text} {in_language(unit, language)}" for language, text in words.items()}


def _value_text(field: Field, value: Value | None) -> Text:
    label = field.label_of(value)
    if label is not None or value is None:
        return label or {}
    return {DEFAULT_LANGUAGE: value} if isinstance(value, str) else say_number(value)
