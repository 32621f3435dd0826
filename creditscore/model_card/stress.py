"""Move the numbers of held-out rows, leave out their history, and compare the decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from creditscore.arrays import Flags, Floats, Matrix
from creditscore.evaluation.stress import (
    CHANGES,
    MissingHistory,
    Stress,
    StressEffect,
    effect,
    largest_first,
    moved_numbers,
)
from creditscore.model_card.baselines import EvaluationData
from creditscore.schema import Schema
from creditscore.schema.constraints import NumericRange
from creditscore.scorecard.model import Model
from creditscore.scorecard.scorecard import Scorecard
from creditscore.training.dataset import Dataset

#: Held-out rows that are changed, at most.
STRESS_ROWS = 5000


@dataclass(frozen=True, eq=False)
class _Trial:
    """Rows to change, and the scorecard that decides on them."""

    card: Scorecard
    rows: Dataset
    cutoff: float

    @cached_property
    def matrix(self) -> Matrix:
        """The rows as they are."""
        return self.rows.model_matrix(self.card.predictors)

    @cached_property
    def before(self) -> Floats:
        """Their probabilities."""
        return self.card.probability_of_default(self.matrix)

    def replace_columns(
        self, columns: Mapping[str, Floats], change: float | None
    ) -> StressEffect | None:
        """Put other columns in place of some; None where they are the same."""
        matrix = self.matrix.copy()
        for name, column in columns.items():
            matrix[:, self.card.predictors.index(name)] = column
        both_missing = np.isnan(matrix) & np.isnan(self.matrix)
        moved = ((matrix != self.matrix) & ~both_missing).any(axis=1)
        if not moved.any():
            return None
        after = self.before.copy()
        after[moved] = self.card.probability_of_default(matrix[moved])
        return self.compare(tuple(columns), change, after, moved)

    def compare(
        self, names: tuple[str, ...], change: float | None, after: Floats, moved: Flags
    ) -> StressEffect:
        """Compare other probabilities with those of the rows as they are."""
        return effect(
            names,
            change,
            self.before,
            after,
            moved=moved,
            cutoff=self.cutoff,
            weights=self.rows.weight,
        )


def measure_stress(model: Model, card: Scorecard, data: EvaluationData) -> Stress:
    """Measure what changes of its predictors do to a scorecard's decisions on held-out rows."""
    indices = np.random.default_rng(data.seed).permutation(len(data.test))[:STRESS_ROWS]
    trial = _Trial(card, data.test.rows(np.sort(indices)), data.cutoff)
    weights = trial.rows.weight
    effects = (trial.replace_columns(*change) for change in _changes(model.schema, trial))
    return Stress(
        rows=len(trial.rows),
        approval_rate=float(np.average(trial.before < data.cutoff, weights=weights)),
        mean_predicted=float(np.average(trial.before, weights=weights)),
        effects=largest_first([effect for effect in effects if effect is not None]),
        missing_history=_missing_history(model, trial),
    )


def _changes(schema: Schema, trial: _Trial) -> Iterator[tuple[Mapping[str, Floats], float]]:
    """Yield each number moved both ways, and all that are not protected together."""
    rules = {name: schema.fields[name].rule for name in trial.card.predictors}
    numbers = {name: rule for name, rule in rules.items() if isinstance(rule, NumericRange)}
    joint_names = [name for name in numbers if not schema.fields[name].protected]
    for change in CHANGES:
        moved = {
            name: moved_numbers(trial.rows.columns[name], rule, change)
            for name, rule in numbers.items()
        }
        yield from (({name: column}, change) for name, column in moved.items())
        if len(joint_names) > 1:
            yield {name: moved[name] for name in joint_names}, change


def _missing_history(model: Model, trial: _Trial) -> MissingHistory | None:
    """Leave out what a scorecard asks for beyond the next smaller one; None of the smallest."""
    card, names = trial.card, list(model.schema.scorecards)
    index, added_fields = names.index(card.name), model.schema.scorecards[card.name].added_fields
    history = tuple(name for name in added_fields if name in card.predictors)
    if index == 0 or not history:
        return None
    may_be = tuple(name for name in history if model.schema.fields[name].missing is not None)
    rows = len(trial.rows)
    smaller = model.scorecards[names[index - 1]]
    matrix = trial.rows.model_matrix(smaller.predictors)
    everybody = np.ones(rows, dtype=np.bool_)
    return MissingHistory(
        fields=history,
        may_be_missing=may_be,
        left_out=trial.replace_columns(dict.fromkeys(may_be, np.full(rows, np.nan)), None),
        smaller_scorecard=smaller.name,
        smaller=trial.compare(history, None, smaller.probability_of_default(matrix), everybody),
    )
