"""Applicants drawn from a schema: valid ones, and ones with a single fault that is known.

Nothing about a field is written here; bounds, codes and names all come from the schema.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answers import Body
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from creditscore.schema import Field, Schema, ScorecardSpec
from creditscore.schema.constraints import MAX_NUMBER, CodeList, NumericRange, Rule
from creditscore.schema.reader import load_schema

#: The schema that the tests' model is trained with; at hand while tests are collected.
BUNDLED = load_schema(Path(__file__).resolve().parents[2] / "data" / "schema.toml")

#: JSON values that are neither number nor text.
NO_SCALARS = st.sampled_from([None, True, False, [], {}, [1], {"value": 1}])


@dataclass(frozen=True)
class Broken:
    """A body with one fault, and how the fault must be named."""

    body: Body
    pointer: str
    code: str


def values(rule: Rule) -> SearchStrategy[Any]:
    """Draw JSON values that a field accepts, whole numbers also written as 35.0."""
    if isinstance(rule, CodeList):
        codes = [*rule.labels, *rule.merged_codes]
        return st.sampled_from(codes if rule.python_type is str else [*codes, *map(float, codes)])
    low, high = bounds(rule)
    integers = st.integers(
        math.floor(low) + 1 if rule.low_open else math.ceil(low),
        math.ceil(high) - 1 if rule.high_open else math.floor(high),
    )
    choices: list[SearchStrategy[Any]] = [integers]
    if max(abs(low), abs(high)) < 2**53:
        choices.append(integers.map(float))
    if rule.labels:
        choices.append(st.sampled_from(list(rule.labels)))
    if not rule.integral:
        choices.append(_fractions(rule))
    return st.one_of(choices)


def applicants(schema: Schema, scorecard: str | None = None) -> SearchStrategy[Body]:
    """Draw valid applicants, of one scorecard or of any."""
    if scorecard is None:
        return st.one_of([applicants(schema, name) for name in schema.scorecards])
    names = schema.scorecards[scorecard].fields
    members = st.fixed_dictionaries({name: values(schema.fields[name].rule) for name in names})
    # Members come in any order.
    return st.one_of(members, members.map(lambda body: dict(reversed(body.items()))))


def broken_applicants(schema: Schema) -> SearchStrategy[Broken]:
    """Draw applicants with exactly one fault, in any field and of any kind."""
    kinds = [kind for spec in schema.scorecards.values() for kind in _kinds(schema, spec)]
    return st.one_of(kinds)


def bounds(rule: NumericRange) -> tuple[float, float]:
    """Give the bounds of an interval, whether or not it has any of its own."""
    low = -MAX_NUMBER if rule.low is None else rule.low
    high = MAX_NUMBER if rule.high is None else rule.high
    return low, high


def escaped(name: str) -> str:
    """Give a member's name as a part of a JSON Pointer (RFC 6901, section 3)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _kinds(schema: Schema, spec: ScorecardSpec) -> Iterator[SearchStrategy[Broken]]:
    """Give every kind of single fault that an applicant of a scorecard can have."""
    good = applicants(schema, spec.name)
    for name in spec.fields:
        field = schema.fields[name]
        for code, wrong in _wrong(field.rule):
            yield st.builds(_with, good, st.just(field), wrong, st.just(code))
        if _is_missed(schema, spec, name):
            yield st.builds(_without, good, st.just(name))
    names = st.text(max_size=40).filter(lambda name: name not in schema.fields)
    yield st.builds(
        lambda body, name, value: Broken({**body, name: value}, escaped(name), "unknown_field"),
        good,
        names,
        st.one_of(NO_SCALARS, st.integers(), st.text(max_size=5)),
    )


def _wrong(rule: Rule) -> Iterator[tuple[str, SearchStrategy[Any]]]:
    """Draw JSON values that a rule refuses, by the code of the refusal."""
    if isinstance(rule, CodeList):
        codes = {*rule.labels, *rule.merged_codes}
        if rule.python_type is str:
            yield "wrong_type", st.one_of(NO_SCALARS, st.integers())
            yield "unknown_code", st.text(max_size=50).filter(lambda text: text not in codes)
        else:
            fractions = st.floats(-100, 100).filter(lambda number: not number.is_integer())
            numbers = st.sampled_from(list(codes)).map(str)
            yield "wrong_type", st.one_of(NO_SCALARS, st.text(max_size=50), numbers, fractions)
            unknown = st.one_of(st.integers(-10, 10), st.integers(-(10**30), 10**30))
            yield "unknown_code", unknown.filter(lambda code: code not in codes)
        return
    yield "wrong_type", st.one_of(NO_SCALARS, st.text(max_size=50), values(rule).map(str))
    if rule.integral:
        yield "wrong_type", _fractions(rule)
    yield "out_of_range", _beyond(rule)


def _beyond(rule: NumericRange) -> SearchStrategy[Any]:
    """Draw numbers outside an interval, those next to it among them."""
    low, high = bounds(rule)
    below: list[float] = [math.nextafter(low, -math.inf), math.floor(low) - 1]
    above: list[float] = [math.nextafter(high, math.inf), math.ceil(high) + 1]
    return st.one_of(
        st.sampled_from([*below, *([low] if rule.low_open else [])]),
        st.sampled_from([*above, *([high] if rule.high_open else [])]),
        st.floats(max_value=below[0], allow_infinity=False),
        st.floats(min_value=above[0], allow_infinity=False),
        st.integers(max_value=math.floor(low) - 1),
        st.integers(min_value=math.ceil(high) + 1),
    )


def _fractions(rule: NumericRange) -> SearchStrategy[float]:
    low, high = bounds(rule)
    numbers = st.floats(low, high, exclude_min=rule.low_open, exclude_max=rule.high_open)
    return numbers.filter(lambda number: not number.is_integer())


def _with(body: Body, field: Field, value: object, code: str) -> Broken:
    return Broken({**body, field.name: value}, escaped(field.name), code)


def _without(body: Body, name: str) -> Broken:
    rest = {key: value for key, value in body.items() if key != name}
    return Broken(rest, escaped(name), "missing")


def _is_missed(schema: Schema, spec: ScorecardSpec, name: str) -> bool:
    """Tell whether an applicant lacks a field, or asks for a smaller scorecard without it."""
    return name in schema.base_fields or len(spec.added_fields) > 1
