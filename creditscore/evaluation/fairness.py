"""Fairness by protected group: approval rates, bad rates, and their ratios and differences.

For monitoring: these figures show where to look; no value of theirs makes a scorecard lawful or
unlawful (the "four-fifths" line comes from US employment law, 29 CFR 1607.4(D)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from creditscore.arrays import Flags, Floats, Ints
from creditscore.evaluation.card_effects import FieldFairness, GroupFairness
from creditscore.evaluation.card_sections import GroupApprovals
from creditscore.evaluation.confidence_intervals import (
    BootstrapResamples,
    hits_of,
    interval,
    rates_differ,
    rounded_figure,
    share,
)
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, in_language, say
from creditscore.schema import Field
from creditscore.schema.constraints import CodeList
from creditscore.schema.descriptions import band_texts

#: A group with fewer rows, or fewer rows of either outcome, is small: it is compared only where a
#: test shows that its approval rate is another than that of the rest.
MIN_GROUP_ROWS = 200
MIN_GROUP_OUTCOMES = 30

CONCLUSIVE = "conclusive"
INCONCLUSIVE = "inconclusive"
HIGHER, LOWER = "higher", "lower"


@dataclass(frozen=True, eq=False)
class PopulationGroup:
    """Applicants who share a code, or a band, of one field.

    Attributes
    ----------
    label : str
        In English: the code's label, or the band.
    inside : ndarray of shape (n_rows,)
        Who belongs to it.
    """

    label: str
    inside: Flags


def groups(field: Field, column: Floats, *, training_column: Floats) -> list[PopulationGroup]:
    """Assign rows to the groups of a field.

    A coded field has a group for each of its codes; a number one for each band that the schema
    file names, or for each quarter of the training rows. Where values may be missing, those rows
    are a group of their own.

    Parameters
    ----------
    field : Field
    column : ndarray of shape (n_rows,)
        The rows, encoded for the model.
    training_column : ndarray of shape (n_training_rows,)
    """
    if isinstance(field.rule, CodeList):
        parts = [
            (label, column == field.rule.encode(code)) for code, label in field.rule.labels.items()
        ]
    else:
        quarters = (0.25, 0.5, 0.75)
        edges = [*map(float, field.bands or np.unique(np.nanquantile(training_column, quarters)))]
        bands = np.where(np.isnan(column), -1, np.searchsorted(edges, column, side="right"))
        texts = band_texts(edges, integral=field.rule.integral)
        parts = [(text, bands == index) for index, text in enumerate(texts)]
    if field.missing is not None:
        parts.append((say("not_stated"), np.isnan(column)))
    return [PopulationGroup(in_language(text, DEFAULT_LANGUAGE), inside) for text, inside in parts]


def by_group(
    parts: Sequence[PopulationGroup], bad: Ints, approved: Flags, *, resamples: BootstrapResamples
) -> FieldFairness:
    """Compare the groups of one field: a group is conclusive if it is large or differs.

    Parameters
    ----------
    parts : sequence of PopulationGroup
    bad : ndarray of shape (n_rows,)
        1 for a default.
    approved : ndarray of shape (n_rows,)
    resamples : BootstrapResamples
        For the intervals of comparisons.
    """
    weights = resamples.case_weights
    counts = [hits_of(*_within(part.inside, approved, weights)) for part in parts]
    directions = differ_from_rest([hits for hits, _ in counts], [of for _, of in counts])
    entries = [
        _entry(part, bad, approved, weights, differs=differs)
        for part, differs in zip(parts, directions, strict=True)
    ]
    compared_indices = [index for index, entry in enumerate(entries) if entry.verdict == CONCLUSIVE]
    rates, good_rates = _sampled_rates(parts, bad, approved, resamples)
    best = max(compared_indices, key=lambda index: rates[0, index], default=None)
    if best is not None:
        for index in compared_indices:
            ratio = interval(_ratio(rates[:, index], rates[:, best]))
            entries[index] = replace(entries[index], approval_ratio=ratio)
    reference = None if best is None else entries[best].group
    if len(compared_indices) < 2:
        return FieldFairness(reference, tuple(entries), None, None, None)
    low, high = rates[:, compared_indices].min(axis=1), rates[:, compared_indices].max(axis=1)
    good = good_rates[:, compared_indices]
    # Noise drives groups apart, never together: the differences are biased upwards.
    gap = interval(1 - _ratio(low, high), recentre=True)
    return FieldFairness(
        reference_group=reference,
        groups=tuple(entries),
        demographic_parity_ratio=gap
        and rounded_figure(1 - gap["value"], 1 - gap["high"], 1 - gap["low"]),
        demographic_parity_difference=interval(high - low, recentre=True),
        equal_opportunity_difference=interval(good.max(axis=1) - good.min(axis=1), recentre=True),
    )


def differ_from_rest(approvals: Sequence[float], rows: Sequence[float]) -> list[str | None]:
    """Test of each group whether its approval rate is another than that of all others together.

    `HIGHER` or `LOWER` where the test shows it, else None.

    All groups of a field share one level of significance, 1 less the confidence of intervals.

    Parameters
    ----------
    approvals, rows : sequence of float
        Of each group.
    """
    all_approvals, all_rows = sum(approvals), sum(rows)
    filled_count = sum(of > 0 for of in rows)
    # Of two groups, each is the rest of the other: that is one test.
    tests = filled_count if filled_count > 2 else 1
    directions: list[str | None] = []
    for hits, of in zip(approvals, rows, strict=True):
        rest = (all_approvals - hits, all_rows - of)
        differs = rates_differ(hits, of, than=rest, tests=tests)
        way = HIGHER if hits * all_rows > all_approvals * of else LOWER
        directions.append(way if differs else None)
    return directions


def is_large(rows: int, bads: int) -> bool:
    """Check whether a group has enough rows of each outcome to be compared with any other."""
    return rows >= MIN_GROUP_ROWS and min(rows - bads, bads) >= MIN_GROUP_OUTCOMES


def verdict(*, large: bool, differs: str | None) -> str:
    """Return whether a group's approval rate can be compared with that of others."""
    return CONCLUSIVE if large or differs else INCONCLUSIVE


def _entry(
    part: PopulationGroup,
    bad: Ints,
    approved: Flags,
    weights: Floats | None,
    *,
    differs: str | None,
) -> GroupFairness:
    rows, bads = int(part.inside.sum()), int(bad[part.inside].sum())
    return GroupFairness(
        group=part.label,
        rows=rows,
        bads=bads,
        verdict=verdict(large=is_large(rows, bads), differs=differs),
        differs_from_rest=differs,
        approval_rate=share(*_within(part.inside, approved, weights)),
        bad_rate_approved=share(*_within(part.inside & approved, bad, weights)),
        approval_rate_good=share(*_within(part.inside & (bad == 0), approved, weights)),
        approval_ratio=None,
    )


def _within(inside: Flags, of: Any, weights: Floats | None) -> tuple[Any, Floats | None]:
    """Return what is known of a group's rows, and their weights."""
    return of[inside], None if weights is None else weights[inside]


def _sampled_rates(
    parts: Sequence[PopulationGroup], bad: Ints, approved: Flags, resamples: BootstrapResamples
) -> tuple[Floats, Floats]:
    """Compute approval rates, of all and of the good, each of shape (1 + count, n_groups)."""
    inside = np.column_stack([part.inside for part in parts])
    good = (bad == 0)[:, np.newaxis] & inside
    is_approved = approved[:, np.newaxis]
    columns = np.hstack([inside & is_approved, inside, good & is_approved, good]).astype(np.float64)
    sums = resamples.over(lambda weights: weights @ columns)
    hits, of, good_hits, good_of = np.split(sums, 4, axis=1)
    return _ratio(hits, of), _ratio(good_hits, good_of)


def _ratio(over: Floats, under: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return over / under


def approvals_at(
    parts: Sequence[PopulationGroup],
    probability_of_default: Floats,
    weights: Floats | None,
    *,
    cutoffs: Sequence[float],
) -> tuple[GroupApprovals, ...]:
    """Compute each group's approval rate at each cut-off; None for an empty group."""
    return tuple(
        GroupApprovals(
            group=part.label,
            rows=int(part.inside.sum()),
            approval_rates=tuple(
                float(np.average(inside < cutoff, weights=group_weights)) if len(inside) else None
                for cutoff in cutoffs
            ),
        )
        for part in parts
        for inside, group_weights in [_within(part.inside, probability_of_default, weights)]
    )
