"""Everything that depends on one field value alone, cached: encoding, bin, warnings.

Most applicants share most of their values, so a decision on many is mostly looking up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from creditscore.i18n.catalogue import Text, say
from creditscore.i18n.number_format import say_number
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import CodeList, Value
from creditscore.scorecard.bins import Bins
from creditscore.scorecard.scorecard import Scorecard

#: Values of one field whose features are kept.
MAX_CACHED_VALUES = 4096


class Warning(NamedTuple):
    """A warning of a decision: of a value, or of the probability, which is of no one field."""

    code: str
    field: str | None
    value: Value | None
    text: Text


class ValueFeatures(NamedTuple):
    """Everything that depends on one field value alone.

    Attributes
    ----------
    encoded : float
        What the model sees; NaN for a missing value and for a field that was not given.
    bin_code : str
        The training bin that the value falls into.
    warnings : tuple of Warning
        If the value counts as another one, or training has never seen such a value.
    """

    encoded: float
    bin_code: str
    warnings: tuple[Warning, ...]


#: Returns the features of a value of one field; None stands for one that is missing or not given.
FeatureCache = Callable[[Value | None], ValueFeatures]


def feature_cache(field: Field, bins: Bins, training_range: Sequence[Value]) -> FeatureCache:
    """Return a function from a value of a field to its features, which keeps its results.

    Parameters
    ----------
    field : Field
    bins : Bins
        How the training rows were spread over the field.
    training_range : sequence
        What training saw of it: the smallest and the largest number, or the codes.
    """

    # typed: 35 and 35.0 are equal, and a warning quotes the value as it was given.
    @lru_cache(maxsize=MAX_CACHED_VALUES, typed=True)
    def features(value: Value | None) -> ValueFeatures:
        if value is None or field.is_missing(value):
            bin_code = bins.bin_code(None)
            is_unseen = bins.has_missing and bins.is_outside(bin_code)
            text = say("missing_unseen", field=field.title)
            warning = Warning("missing_unseen", field.name, value, text)
            return ValueFeatures(math.nan, bin_code, (warning,) if is_unseen else ())
        counted_value = field.rule.counts_as(value)
        warnings = [] if counted_value == value else [_folded_warning(field, value, counted_value)]
        if not _is_in_training_range(field, counted_value, training_range):
            warnings.append(_unseen_warning(field, value, training_range))
        return ValueFeatures(
            field.rule.encode(value), bins.bin_code(counted_value), tuple(warnings)
        )

    return features


def feature_caches(card: Scorecard, schema: Schema) -> dict[str, FeatureCache]:
    """Return a cache for each field of a scorecard, in schema order."""
    return {
        name: feature_cache(schema.fields[name], bins, card.training_ranges[name])
        for name, bins in card.training_bins.fields.items()
    }


def near_cutoff() -> Warning:
    """Return the warning that training again could change the label."""
    return Warning("near_cutoff", None, None, say("near_cutoff"))


def _is_in_training_range(field: Field, value: Value, training_range: Sequence[Value]) -> bool:
    if isinstance(field.rule, CodeList):
        return value in training_range
    return bool(float(training_range[0]) <= float(value) <= float(training_range[1]))


def _folded_warning(field: Field, value: Value, counted_value: Value) -> Warning:
    target = {
        language: f"{counted_value} ({label})"
        for language, label in field.rule.labels[counted_value].items()
    }
    is_other = isinstance(field.rule, CodeList) and value not in field.rule.merged_codes
    code = "counted_as_other" if is_other else "folded"
    return Warning(
        code, field.name, value, say(code, field=field.title, got=str(value), target=target)
    )


def _unseen_warning(field: Field, value: Value, training_range: Sequence[Value]) -> Warning:
    if isinstance(field.rule, CodeList):
        text = say("outside_training_codes", field=field.title, got=str(value))
        return Warning("outside_training_codes", field.name, value, text)
    text = say(
        "outside_training_range",
        field=field.title,
        got=say_number(float(value)),
        low=say_number(float(training_range[0])),
        high=say_number(float(training_range[1])),
        unit={language: f" {unit}" for language, unit in field.unit.items()} or "",
    )
    return Warning("outside_training_range", field.name, value, text)
