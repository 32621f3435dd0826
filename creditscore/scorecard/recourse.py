"""What would have to change: the nearest eligible applicant that a refused one could become.

Only fields that the schema lets an applicant change are moved, only in the direction and as far
as it says, and never beyond what training has seen. Near means few fields first, then small
changes, each measured against the spread of its field. A forest's probability is constant between
its thresholds, so only the first value behind each threshold has to be tried.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from creditscore.i18n.catalogue import Text, in_language, say, say_number
from creditscore.schema import Applicant, Change, Field, NumericRange, Schema, Value
from creditscore.scorecard.scorecard import Scorecard

#: Steps of one field that are combined with those of others; they are the ones worth most.
MOST_STEPS = 12

#: Pairs of steps that are tried, at most, to find a pair that is nearer than the one found.
MOST_PAIRS = 3000

#: Fields that are moved at once, at most: nobody acts on a longer list.
MOST_FIELDS = 4


@dataclass(frozen=True)
class Step:
    """One field moved to one value.

    Attributes
    ----------
    field : str
        The field.
    value : int or float
        Its new value.
    cost : float
        How far that is, in spreads of the field.
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
        Who was refused.
    after : Applicant
        Who would be eligible.
    probability_of_default : float
        Of the latter, scored like any other applicant.
    """

    before: Applicant
    after: Applicant
    probability_of_default: float

    @property
    def changes(self) -> dict[str, tuple[Value, Value]]:
        """What differs: each field's value before and after."""
        return {
            name: (value, self.after.values[name])
            for name, value in self.before.values.items()
            if value != self.after.values[name]
        }


def find_recourse(
    applicant: Applicant, *, scorecard: Scorecard, schema: Schema, cutoff: float
) -> Recourse | None:
    """Find the nearest eligible applicant that this one could become.

    One field is searched exhaustively; two over the steps that are worth most, and then over the
    nearer pairs; up to four by adding the best field to the best so far. Then every change is
    taken back as far as it can be.

    Returns
    -------
    Recourse or None
        None if nothing that the applicant can change would do; without any change if the
        applicant is eligible already.
    """
    judge = _Judge(applicant, scorecard, schema)
    said = judge.probabilities([()])[0]
    if said < cutoff:
        return Recourse(applicant, applicant, said)
    steps = {
        name: found
        for name in scorecard.predictors
        if (found := list(_steps(schema.fields[name], applicant.values[name], scorecard)))
    }
    plan = _one_field(judge, steps, cutoff)
    if plan is None:
        worth = {name: judge.worth(found) for name, found in steps.items()}
        plan = _two_fields(judge, steps, worth, cutoff) or _more_fields(judge, worth, cutoff)
    if plan is None:
        return None
    nearest = _taken_back(judge, plan, steps, cutoff)
    return Recourse(applicant, judge.moved(nearest), judge.probabilities([nearest])[0])


def explain_recourse(recourse: Recourse | None, schema: Schema, language: str) -> dict[str, Any]:
    """Say in plain words what would have to change, or that nothing would do."""
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


Plan = Sequence[Step]


class _Judge:
    """Scores one applicant with some fields moved."""

    def __init__(self, applicant: Applicant, scorecard: Scorecard, schema: Schema) -> None:
        self.applicant = applicant
        self.scorecard = scorecard
        self.schema = schema
        self.column = {name: place for place, name in enumerate(scorecard.predictors)}
        self.row = schema.matrix([applicant], scorecard.predictors)[0]

    def probabilities(self, plans: Sequence[Plan]) -> list[float]:
        matrix = np.repeat(self.row[np.newaxis], len(plans), axis=0)
        for place, plan in enumerate(plans):
            for step in plan:
                encode = self.schema.fields[step.field].rule.encode
                matrix[place, self.column[step.field]] = encode(step.value)
        said: list[float] = self.scorecard.probability_of_default(matrix).tolist()
        return said

    def nearest(self, plans: Iterable[Plan], cutoff: float) -> Plan | None:
        """Give the cheapest plan that makes the applicant eligible."""
        sorted_plans = sorted(plans, key=_cost)
        said = self.probabilities(sorted_plans)
        return next(
            (p for p, after in zip(sorted_plans, said, strict=True) if after < cutoff), None
        )

    def worth(self, steps: Sequence[Step]) -> list[Step]:
        """Keep the steps that lower the probability more than every cheaper one."""
        lowest = self.probabilities([()])[0]
        kept = []
        said = self.probabilities([(step,) for step in steps])
        for step, after in sorted(zip(steps, said, strict=True), key=lambda pair: pair[0].cost):
            if after < lowest:
                kept.append(step)
                lowest = after
        every = max(1, math.ceil(len(kept) / MOST_STEPS))
        # The last one counts most: thin the list out from its end.
        return kept[::-1][::every][::-1]

    def moved(self, plan: Plan) -> Applicant:
        values = {**self.applicant.values, **{step.field: step.value for step in plan}}
        return Applicant(self.applicant.scorecard, values)


def _one_field(judge: _Judge, steps: Mapping[str, Sequence[Step]], cutoff: float) -> Plan | None:
    plans = [(step,) for found in steps.values() for step in found]
    return judge.nearest(plans, cutoff) if plans else None


def _two_fields(
    judge: _Judge,
    steps: Mapping[str, Sequence[Step]],
    worth: Mapping[str, Sequence[Step]],
    cutoff: float,
) -> Plan | None:
    plans = [
        pair
        for first, second in itertools.combinations(worth.values(), 2)
        for pair in itertools.product(first, second)
    ]
    plan = judge.nearest(plans, cutoff) if plans else None
    if plan is None:
        return None
    return judge.nearest([*_nearer_pairs(steps, _cost(plan)[1]), plan], cutoff)


def _nearer_pairs(steps: Mapping[str, Sequence[Step]], limit: float) -> list[Plan]:
    """List the nearest pairs of steps that together cost less than a limit."""
    cost = {name: np.array([step.cost for step in found]) for name, found in steps.items()}
    totals = [
        (first, second, np.add.outer(cost[first], cost[second]))
        for first, second in itertools.combinations(steps, 2)
    ]
    nearer = np.concatenate([total[total < limit] for _, _, total in totals])
    if len(nearer) > MOST_PAIRS:
        limit = float(np.partition(nearer, MOST_PAIRS)[MOST_PAIRS])
    return [
        (steps[first][one], steps[second][other])
        for first, second, total in totals
        for one, other in np.argwhere(total < limit).tolist()
    ]


def _more_fields(judge: _Judge, worth: Mapping[str, Sequence[Step]], cutoff: float) -> Plan | None:
    """Add the step that lowers the probability most, field after field."""
    plan: tuple[Step, ...] = ()
    for _ in range(MOST_FIELDS):
        taken = {step.field for step in plan}
        longer = [
            (*plan, step) for name, found in worth.items() if name not in taken for step in found
        ]
        if not longer:
            return None
        said = judge.probabilities(longer)
        best = min(range(len(longer)), key=said.__getitem__)
        plan = longer[best]
        if said[best] < cutoff:
            return plan
    return None


def _taken_back(
    judge: _Judge, plan: Plan, steps: Mapping[str, Sequence[Step]], cutoff: float
) -> Plan:
    """Take each change back as far as the applicant stays eligible, the dearest first."""
    for step in sorted(plan, key=lambda step: -step.cost):
        others = [other for other in plan if other.field != step.field]
        cheaper = [(*others, less) for less in steps[step.field] if less.cost < step.cost]
        plan = judge.nearest([others, *cheaper, (*others, step)], cutoff) or plan
    return plan


def _steps(field: Field, value: Value, scorecard: Scorecard) -> Iterable[Step]:
    """Give the first value behind each threshold, in the direction that may be advised."""
    change, rule = field.change, field.rule
    if change is None or not isinstance(rule, NumericRange) or isinstance(value, str):
        return
    forest, column = scorecard.forest, scorecard.predictors.index(field.name)
    inner = forest.left != np.arange(len(forest.left))
    thresholds = np.unique(forest.threshold[inner & (forest.column == column)])
    spread = scorecard.reference.spreads[field.name]
    low, high = _allowed(change, value, scorecard.training_ranges[field.name])
    # Nobody is told to pay 1,234.5678: whole values, or tenths, hundredths and so on where the
    # whole field spreads over less than ten.
    digits = 0 if rule.integral else max(0, math.ceil(1 - math.log10(spread)))
    for threshold in thresholds.tolist():
        target = _behind(threshold, change.direction, digits)
        if low <= target <= high and target != value and rule.contains(target):
            yield Step(field.name, rule.accept(target), abs(target - value) / spread)


def _behind(threshold: float, direction: str, digits: int) -> float:
    """Give the first value of some digits that the forest, in single precision, puts behind."""
    edge = np.float32(threshold)
    # As Python's numbers: numpy would compare in single precision.
    if direction == "increase":
        if float(edge) <= threshold:
            edge = np.nextafter(edge, np.float32(np.inf))
        return math.ceil(float(edge) * 10.0**digits) / 10.0**digits
    if float(edge) > threshold:
        edge = np.nextafter(edge, -np.float32(np.inf))
    return math.floor(float(edge) * 10.0**digits) / 10.0**digits


def _allowed(change: Change, value: int | float, seen: Sequence[Value]) -> tuple[float, float]:
    """Bound what may be advised, by the schema and by what training has seen."""
    least, most = float(seen[0]), float(seen[1])
    if change.direction == "increase":
        return value, most if change.limit is None else min(most, change.limit)
    return least if change.limit is None else max(least, change.limit), value


def _cost(plan: Plan) -> tuple[int, float]:
    return len(plan), sum(step.cost for step in plan)


def _in_words(field: Field, before: Value, after: Value) -> Text:
    return say(
        "change",
        title=field.title,
        before=_shown(field, before, unit={}),
        after=_shown(field, after, unit=field.unit_of(after)),
    )


def _shown(field: Field, value: Value, *, unit: Text) -> Text | str:
    """Write a value with its name, or else with a unit."""
    if isinstance(value, str):
        return value
    label = field.rule.labels.get(value)
    written = say_number(value)
    if label is not None:
        return {name: f"{text} ({in_language(label, name)})" for name, text in written.items()}
    if unit:
        return {name: f"{text} {in_language(unit, name)}" for name, text in written.items()}
    return written
