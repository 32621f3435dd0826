"""Stress: what becomes of decisions if numbers were higher or lower, or fields were left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from creditscore.arrays import Flags, Floats
from creditscore.evaluation.confidence_intervals import Figure, share
from creditscore.schema.constraints import NumericRange

#: By how much numbers are moved, both ways.
CHANGES = (-0.10, 0.10)


@dataclass(frozen=True)
class StressEffect:
    """What a change of some fields does to the decisions on the same rows.

    Attributes
    ----------
    fields : tuple of str
        What is changed; all else is not.
    change : float or None
        By how much: -0.1 is a tenth less. None where it is no change of a number.
    moved : Figure or None
        The share of rows that it changes.
    approval_change, mean_change : float
        Of the approval rate, and of the mean probability of default.
    labels_changed : Figure or None
        The share of rows that are decided otherwise.
    """

    fields: tuple[str, ...]
    change: float | None
    moved: Figure | None
    approval_change: float
    mean_change: float
    labels_changed: Figure | None


@dataclass(frozen=True)
class MissingHistory:
    """What becomes of applicants who do not state what a larger scorecard asks for.

    Attributes
    ----------
    fields : tuple of str
        What it asks for beyond the next smaller one.
    may_be_missing : tuple of str
        Those of them that the schema file lets an applicant leave out.
    left_out : StressEffect or None
        Were all the latter left out; None where each must be stated.
    smaller_scorecard : str
        The scorecard that answers applicants who give none of the fields.
    smaller : StressEffect
        Were all decided by that one.
    """

    fields: tuple[str, ...]
    may_be_missing: tuple[str, ...]
    left_out: StressEffect | None
    smaller_scorecard: str
    smaller: StressEffect


@dataclass(frozen=True)
class Stress:
    """All that was tried with a scorecard.

    Attributes
    ----------
    rows : int
        Held-out rows that were changed.
    approval_rate, mean_predicted : float
        Of them as they are.
    effects : tuple of StressEffect
        Of each number, both ways, and of all that are not protected together; those that change
        most labels first.
    missing_history : MissingHistory or None
        None for the smallest scorecard.
    """

    rows: int
    approval_rate: float
    mean_predicted: float
    effects: tuple[StressEffect, ...]
    missing_history: MissingHistory | None


def moved_numbers(column: Floats, rule: NumericRange, change: float) -> Floats:
    """Move the numbers of a column by a share of themselves, as far as the rule allows.

    Whole numbers stay whole. Numbers with a meaning of their own, those that are missing, and
    those that would leave the bounds stay as they are.

    Parameters
    ----------
    column : ndarray of shape (n_rows,)
    rule : NumericRange
    change : float
        0.1 for a tenth more.
    """
    moved = column * (1 + change)
    if rule.integral:
        moved = np.rint(moved)
    low, high = rule.bounds
    above = moved > low if rule.low_open else moved >= low
    below = moved < high if rule.high_open else moved <= high
    labels = np.array(list(rule.labels), dtype=np.float64)
    movable = above & below & ~np.isin(column, labels) & ~np.isin(moved, labels)
    return np.where(movable, moved, column)


def effect(
    fields: tuple[str, ...],
    change: float | None,
    before: Floats,
    after: Floats,
    *,
    moved: Flags,
    cutoff: float,
    weights: Floats | None = None,
) -> StressEffect:
    """Compare the decisions on the same rows before and after a change.

    Parameters
    ----------
    fields, change
        As a `StressEffect` has them.
    before, after : ndarray of shape (n_rows,)
        Probabilities of default.
    moved : ndarray of shape (n_rows,)
        Which rows the change changes.
    cutoff : float
        Those below it are approved.
    weights : ndarray of shape (n_rows,), optional
        How many people each row stands for.
    """
    was_approved, is_approved = before < cutoff, after < cutoff
    gains = is_approved.astype(np.int64) - was_approved.astype(np.int64)
    return StressEffect(
        fields=fields,
        change=change,
        moved=share(moved, weights),
        approval_change=float(np.average(gains, weights=weights)),
        mean_change=float(np.average(after - before, weights=weights)),
        labels_changed=share(was_approved != is_approved, weights),
    )


def largest_first(effects: list[StressEffect]) -> tuple[StressEffect, ...]:
    """Return effects, those that change most labels first, then those that move the mean most."""

    def size(effect: StressEffect) -> tuple[float, float]:
        labels = effect.labels_changed["value"] if effect.labels_changed else 0.0
        return labels, abs(effect.mean_change)

    return tuple(sorted(effects, key=size, reverse=True))
