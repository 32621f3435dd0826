"""Algorithmic recourse: the nearest eligible applicant that a refused one could become.

Only fields that the schema marks as changeable are changed, only in the direction and as far as it
says, and never beyond the training range. Nearest means fewest fields, then the smallest sum of
changes, each divided by the spread of its field. A forest's probability is constant between its
thresholds, so only the first value behind each threshold has to be tried.

References
----------
Ustun, Spangher & Liu (2019), Actionable Recourse in Linear Classification, FAT* '19.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from creditscore.i18n.catalogue import Text, in_language, say
from creditscore.i18n.number_format import say_number
from creditscore.schema import Applicant, Change, Field, NumericRange, Schema, Value
from creditscore.scorecard.reason_codes import value_in_words
from creditscore.scorecard.scorecard import Scorecard

#: Changes of one field, at most, that are combined with those of others.
MAX_CHANGES = 12

#: Pairs of changes, at most, that are tried to find a nearer pair than the first.
MAX_PAIRS = 4000

#: Fields that are changed at once, at most: no one acts on a longer list.
MAX_FIELDS = 4


@dataclass(frozen=True)
class FieldChange:
    """One field changed to one value.

    Attributes
    ----------
    field : str
        The field.
    value : int or float
        Its new value.
    cost : float
        Distance from the applicant's value, in spreads of the field.
    """

    field: str
    value: Value
    cost: float


@dataclass(frozen=True)
class Recourse:
    """What would have to change for another decision.

    Attributes
    ----------
    before : Applicant
        The refused applicant.
    after : Applicant
        The eligible one.
    probability_of_default : float
        Of the eligible one, scored like any other applicant.
    """

    before: Applicant
    after: Applicant
    probability_of_default: float

    @property
    def changes(self) -> dict[str, tuple[Value, Value]]:
        """Value before and after of each field that differs."""
        return {
            name: (value, after)
            for name, value in self.before.values.items()
            if value is not None and (after := self.after.values[name]) not in (None, value)
        }


def find_recourse(
    applicant: Applicant, *, scorecard: Scorecard, schema: Schema, cutoff: float
) -> Recourse | None:
    """Find the nearest eligible applicant that this one could become.

    One field is searched exhaustively; two over the most effective changes, and then over the
    nearer pairs; three and four greedily, by adding the best field to the best so far. Then every
    change is reduced as far as the applicant stays eligible.

    Returns
    -------
    Recourse or None
        None if no change that is allowed would do; without changes if the applicant is eligible
        already.
    """
    scorer = _CandidateScorer(applicant, scorecard, schema)
    probability = scorer.probabilities([()])[0]
    if probability < cutoff:
        return Recourse(applicant, applicant, probability)
    changes = {
        name: allowed
        for name in scorecard.predictors
        if (allowed := list(_changes(schema.fields[name], applicant.values[name], scorecard)))
    }
    single_changes = [(change,) for options in changes.values() for change in options]
    plan = scorer.nearest(single_changes, cutoff)
    if plan is None:
        effective = {name: scorer.most_effective(options) for name, options in changes.items()}
        plan = _two_fields(scorer, changes, effective, cutoff)
        plan = plan or _more_fields(scorer, effective, cutoff)
    if plan is None:
        return None
    nearest = _reduce(scorer, plan, changes, cutoff)
    return Recourse(applicant, scorer.changed(nearest), scorer.probabilities([nearest])[0])


def explain_recourse(recourse: Recourse | None, schema: Schema, language: str) -> dict[str, Any]:
    """Return the recourse as plain data, with a text in one language."""
    if recourse is None:
        return {
            "possible": False,
            "text": in_language(say("no_change"), language),
            "changes": [],
            "probability_of_default": None,
        }
    return {
        "possible": True,
        "text": in_language(say("some_change" if recourse.changes else "needless"), language),
        "changes": [
            {
                "field": name,
                "from": before,
                "to": after,
                "text": in_language(_in_words(schema.fields[name], before, after), language),
            }
            for name, (before, after) in recourse.changes.items()
        ],
        "probability_of_default": recourse.probability_of_default,
    }


Plan = Sequence[FieldChange]


class _CandidateScorer:
    """Scores one applicant with some fields changed."""

    def __init__(self, applicant: Applicant, scorecard: Scorecard, schema: Schema) -> None:
        self.applicant = applicant
        self.scorecard = scorecard
        self.schema = schema
        self.column = {name: index for index, name in enumerate(scorecard.predictors)}
        self.row = schema.matrix([applicant], scorecard.predictors)[0]

    def probabilities(self, plans: Sequence[Plan]) -> list[float]:
        """Compute the probability of default after each plan."""
        matrix = np.repeat(self.row[np.newaxis], len(plans), axis=0)
        for row, plan in zip(matrix, plans, strict=True):
            for change in plan:
                encode = self.schema.fields[change.field].encode
                row[self.column[change.field]] = encode(change.value)
        probabilities: list[float] = self.scorecard.probability_of_default(matrix).tolist()
        return probabilities

    def nearest(self, plans: Iterable[Plan], cutoff: float) -> Plan | None:
        """Return the cheapest plan that makes the applicant eligible."""
        by_cost = sorted(plans, key=_cost)
        probabilities = zip(by_cost, self.probabilities(by_cost), strict=True)
        return next((plan for plan, after in probabilities if after < cutoff), None)

    def most_effective(self, changes: Sequence[FieldChange]) -> list[FieldChange]:
        """Keep the changes that lower the probability more than every cheaper one."""
        lowest = self.probabilities([()])[0]
        effective = []
        probabilities = self.probabilities([(change,) for change in changes])
        pairs = zip(changes, probabilities, strict=True)
        for change, after in sorted(pairs, key=lambda pair: pair[0].cost):
            if after < lowest:
                effective.append(change)
                lowest = after
        every = max(1, math.ceil(len(effective) / MAX_CHANGES))
        # The last one lowers it most: thin the list out from its end.
        return effective[::-1][::every][::-1]

    def changed(self, plan: Plan) -> Applicant:
        """Return the applicant after a plan."""
        values = {**self.applicant.values, **{change.field: change.value for change in plan}}
        return Applicant(self.applicant.scorecard, values)


#: Changes by field.
Changes = Mapping[str, Sequence[FieldChange]]


def _two_fields(
    scorer: _CandidateScorer, changes: Changes, effective: Changes, cutoff: float
) -> Plan | None:
    plans = [
        pair
        for first, second in itertools.combinations(effective.values(), 2)
        for pair in itertools.product(first, second)
    ]
    plan = scorer.nearest(plans, cutoff)
    if plan is None:
        return None
    return scorer.nearest([*_nearer_pairs(changes, _cost(plan)[1]), plan], cutoff)


def _nearer_pairs(changes: Changes, limit: float) -> list[Plan]:
    """List the nearest pairs of changes that together cost less than a limit."""
    cost = {
        name: np.array([change.cost for change in options]) for name, options in changes.items()
    }
    totals = [
        (first, second, np.add.outer(cost[first], cost[second]))
        for first, second in itertools.combinations(changes, 2)
    ]
    nearer = np.concatenate([total[total < limit] for _, _, total in totals])
    if len(nearer) > MAX_PAIRS:
        limit = float(np.partition(nearer, MAX_PAIRS)[MAX_PAIRS])
    return [
        (changes[first][row], changes[second][column])
        for first, second, total in totals
        for row, column in np.argwhere(total < limit).tolist()
    ]


def _more_fields(scorer: _CandidateScorer, effective: Changes, cutoff: float) -> Plan | None:
    """Add the change that lowers the probability most, field after field."""
    plan: tuple[FieldChange, ...] = ()
    for _ in range(MAX_FIELDS):
        fields = {change.field for change in plan}
        unused = (options for name, options in effective.items() if name not in fields)
        longer = [(*plan, change) for options in unused for change in options]
        if not longer:
            return None
        probabilities = scorer.probabilities(longer)
        best = min(range(len(longer)), key=probabilities.__getitem__)
        plan = longer[best]
        if probabilities[best] < cutoff:
            return plan
    return None


def _reduce(scorer: _CandidateScorer, plan: Plan, changes: Changes, cutoff: float) -> Plan:
    """Reduce each change as far as the applicant stays eligible, the dearest first."""
    for change in sorted(plan, key=lambda change: -change.cost):
        rest = [step for step in plan if step.field != change.field]
        cheaper = [(*rest, less) for less in changes[change.field] if less.cost < change.cost]
        plan = scorer.nearest([rest, *cheaper, (*rest, change)], cutoff) or plan
    return plan


def _changes(field: Field, value: Value | None, scorecard: Scorecard) -> Iterable[FieldChange]:
    """Yield a change to the first value behind each threshold, in the allowed direction."""
    change, rule = field.change, field.rule
    if change is None or not isinstance(rule, NumericRange) or isinstance(value, str):
        return
    # What is missing stays so, and nothing is ever advised to be left out.
    if value is None or field.is_missing(value) or field.name not in scorecard.reference.spreads:
        return
    forest, column = scorecard.forest, scorecard.predictors.index(field.name)
    inner = forest.left != np.arange(len(forest.left))
    cuts = forest.threshold[inner & (forest.column == column)]
    # An infinite one asks whether the value is missing.
    thresholds = np.unique(cuts[np.isfinite(cuts)])
    spread = scorecard.reference.spreads[field.name]
    low, high = _allowed(change, value, scorecard.training_ranges[field.name])
    # No advice to pay 1,234.5678: whole values, or tenths, hundredths and so on where the whole
    # field spreads over less than ten.
    digits = 0 if rule.integral else max(0, math.ceil(1 - math.log10(spread)))
    for threshold in thresholds.tolist():
        target = _behind(threshold, change.direction, digits)
        if low <= target <= high and target != value and rule.contains(target):
            yield FieldChange(field.name, rule.accept(target), abs(target - value) / spread)


def _behind(threshold: float, direction: str, digits: int) -> float:
    """Return the first value of some digits that is behind a threshold in single precision."""
    edge = np.float32(threshold)
    # As Python's numbers: numpy would compare in single precision.
    if direction == "increase":
        if float(edge) <= threshold:
            edge = np.nextafter(edge, np.float32(np.inf))
        return math.ceil(float(edge) * 10.0**digits) / 10.0**digits
    if float(edge) > threshold:
        edge = np.nextafter(edge, -np.float32(np.inf))
    return math.floor(float(edge) * 10.0**digits) / 10.0**digits


def _allowed(change: Change, value: int | float, bounds: Sequence[Value]) -> tuple[float, float]:
    """Return the lowest and highest value that may be advised, by schema and training range."""
    lowest, highest = float(bounds[0]), float(bounds[1])
    if change.direction == "increase":
        return value, highest if change.limit is None else min(highest, change.limit)
    return lowest if change.limit is None else max(lowest, change.limit), value


def _cost(plan: Plan) -> tuple[int, float]:
    return len(plan), sum(change.cost for change in plan)


def _in_words(field: Field, before: Value, after: Value) -> Text:
    """Write a change in the words of the form; a unit that both values have is written once."""
    if isinstance(before, str) or field.label_of(before) or field.label_of(after):
        before_text = value_in_words(field, before)
    else:
        before_text = say_number(before)
    return say("change", title=field.title, before=before_text, after=value_in_words(field, after))
