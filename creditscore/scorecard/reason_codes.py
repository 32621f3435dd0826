"""The principal reasons for a decision: the fields that raised the probability most, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, Text, in_language, say, say_number
from creditscore.schema import CodeList, Field, Schema, Value, Wording
from creditscore.scorecard.scorecard import Reference

#: Reasons given, at most: more than four help nobody (12 CFR 1002.9, comment 9(b)(2)-1).
MOST_REASONS = 4

#: Worded reasons that are kept at hand: most applicants share their codes and many amounts.
MOST_WORDED = 4096

#: What is smaller than this may be rounding, and is nobody's reason.
LEAST_IMPACT = 1e-12


class Reason(NamedTuple):
    """A field that raised an applicant's probability of default above the baseline.

    Attributes
    ----------
    code : str
        Stable name of field and direction, such as ``LIMIT_BAL_LOW``.
    field : str
        The field.
    value : int, float or str
        What the applicant has there.
    impact : float
        The field's Shapley value, in probability of default.
    actionable : bool
        Whether an applicant can change it.
    text : Text
        The reason in plain words.
    """

    code: str
    field: str
    value: Value
    impact: float
    actionable: bool
    text: Text

    def to_dict(self, language: str) -> dict[str, Any]:
        """Return the reason as an answer has it: as in the log, with its text in one language."""
        return {**self.to_log(), "text": in_language(self.text, language)}

    def to_log(self) -> dict[str, Any]:
        """Return the reason as the log keeps it: with its text in every language."""
        return {
            "code": self.code,
            "field": self.field,
            "value": self.value,
            "impact": self.impact,
            "actionable": self.actionable,
            "text": self.text,
        }

    @classmethod
    def from_log(cls, content: Mapping[str, Any]) -> Reason:
        """Rebuild a reason from `to_log`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is not as `to_log` writes it.
        """
        reason = cls(
            code=content["code"],
            field=content["field"],
            value=content["value"],
            impact=content["impact"],
            actionable=content["actionable"],
            text=content["text"],
        )
        if len(content) != len(reason):
            raise ValueError("a reason has parts that none has")
        return reason


def principal_reasons(
    values: Mapping[str, Value],
    impacts: Mapping[str, float],
    *,
    schema: Schema,
    reference: Reference,
    refused: bool,
) -> tuple[Reason, ...]:
    """Name the fields that raised the probability of default, most first.

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
        A refusal is never without a reason: where nothing raised the probability above a baseline
        that is itself beyond the cut-off, what lowered it least is named, in words that say so.
    """
    # Sorting keeps schema order among equals.
    ranked = sorted(impacts, key=impacts.__getitem__, reverse=True)[:MOST_REASONS]
    raising = [name for name in ranked if impacts[name] >= LEAST_IMPACT]
    chosen = raising or (ranked[:1] if refused else [])
    fields, medians = schema.fields, reference.medians
    reasons = [
        _reason(fields[name], values[name], impacts[name], medians.get(name)) for name in chosen
    ]
    if raising:
        return tuple(reasons)
    return tuple([_least(reason, fields[reason.field]) for reason in reasons])


def _least(reason: Reason, field: Field) -> Reason:
    """Word what lowered the probability least, where nothing raised it."""
    shown = value_in_words(field, reason.value)
    return reason._replace(text=say("reason_least", title=field.title, value=shown))


def _reason(field: Field, value: Value, impact: float, median: float | None) -> Reason:
    code, actionable, text = _worded(field, value, median)
    return Reason(code, field.name, value, impact, actionable, text)


@lru_cache(maxsize=MOST_WORDED, typed=True)
def _worded(field: Field, value: Value, median: float | None) -> tuple[str, bool, Text]:
    """Word a reason: its code, whether an applicant can change it, and its text."""
    value = field.rule.counts_as(value)
    side = _side(value, median)
    wording = next((w for w in field.reasons if _fits(w, value, side)), None)
    if wording is None:
        code, text = _general(field, value, side)
    else:
        code = wording.code
        text = _filled_in(wording, field, value) if wording.shows_value else wording.text
    return f"{field.name}_{code}", field.actionable, text


def _filled_in(wording: Wording, field: Field, value: Value) -> Text:
    shown = _shown(field, value)
    return {
        language: words.replace("{value}", in_language(shown, language))
        for language, words in wording.text.items()
    }


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


def _general(field: Field, value: Value, side: str) -> tuple[str, Text]:
    """Word a reason for which the schema file has no words of its own."""
    labels = field.rule.labels
    if value in labels:
        text = say("reason_code", title=field.title, label=labels[value])
        return _codes(field)[value], text
    text = say("reason_number", title=field.title, value=value_in_words(field, value))
    return side.upper(), text


def _codes(field: Field) -> dict[Value, str]:
    """Name a field's codes by their labels; by their places where that would not be unique."""
    slugs = {value: _slug(label) for value, label in field.rule.labels.items()}
    numbers = [] if isinstance(field.rule, CodeList) else ["LOW", "HIGH"]
    taken = [*numbers, *slugs.values()]
    if all(slug and taken.count(slug) == 1 for slug in slugs.values()):
        return slugs
    return {value: f"CODE_{place}" for place, value in enumerate(slugs, start=1)}


def _slug(label: Text) -> str:
    return re.sub("[^A-Z0-9]+", "_", label[FALLBACK_LANGUAGE].upper()).strip("_")


def _side(value: Value, median: float | None) -> str:
    if median is None or isinstance(value, str):
        return "low"
    return "high" if value > median else "low"


def reason_code_fingerprint(field: Field) -> list[Any]:
    """Give all in a field that decides which reason code it gets, as plain data."""
    wordings = [[w.code, list(w.values), w.low, w.high, w.side] for w in field.reasons]
    return [wordings, [[code, name] for code, name in _codes(field).items()]]


def value_in_words(field: Field, value: Value) -> Text:
    """Write a value as people read it: a code by its label, a number with its unit."""
    value = field.rule.counts_as(value)
    shown = _shown(field, value)
    unit = field.unit_of(value)
    if value in field.rule.labels or not unit:
        return shown
    return {language: f"{text} {in_language(unit, language)}" for language, text in shown.items()}


def _shown(field: Field, value: Value) -> Text:
    label = field.rule.labels.get(value)
    if label is not None:
        return label
    return {FALLBACK_LANGUAGE: value} if isinstance(value, str) else say_number(value)
