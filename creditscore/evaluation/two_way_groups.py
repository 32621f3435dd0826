"""Groups of two protected fields together, such as women under 25."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from creditscore.arrays import Flags, Ints
from creditscore.evaluation.confidence_intervals import BootstrapResamples, Figure
from creditscore.evaluation.fairness import PopulationGroup, by_group, is_large

#: Groups of a pair of fields that are compared, at most: the largest.
MAX_GROUPS = 30


@dataclass(frozen=True)
class TwoWayGroup:
    """Applicants who share a group of each of two fields.

    Attributes
    ----------
    groups : tuple of str
        That of the first field and that of the second, in English.
    rows, bads : int
    approval_rate, bad_rate_approved : Figure or None
    approval_ratio : Figure or None
        Its approval rate over the highest of the pair's groups.
    """

    groups: tuple[str, str]
    rows: int
    bads: int
    approval_rate: Figure | None
    approval_ratio: Figure | None
    bad_rate_approved: Figure | None


@dataclass(frozen=True)
class TwoWayGroups:
    """The groups of two fields.

    Attributes
    ----------
    fields : tuple of str
    reference : tuple of str, or None
        The groups whose approval rate is highest.
    large : tuple of TwoWayGroup
        Those with enough rows of each outcome (`is_large`).
    small, small_rows : int
        How many others have rows, and how many rows.
    """

    fields: tuple[str, str]
    reference: tuple[str, str] | None
    large: tuple[TwoWayGroup, ...]
    small: int
    small_rows: int


def two_way_groups(
    parts: Mapping[str, Sequence[PopulationGroup]],
    bad: Ints,
    approved: Flags,
    *,
    resamples: BootstrapResamples,
) -> tuple[TwoWayGroups, ...]:
    """Compare the groups of each pair of fields.

    Parameters
    ----------
    parts : mapping of str to sequence of PopulationGroup
        The groups of each protected field.
    bad, approved : ndarray of shape (n_rows,)
    resamples : BootstrapResamples
        For the intervals of ratios, with the weights of the rows.
    """
    return tuple(
        _pair((first, second), parts[first], parts[second], bad, approved, resamples)
        for first, second in combinations(parts, 2)
    )


def _pair(
    fields: tuple[str, str],
    first: Sequence[PopulationGroup],
    second: Sequence[PopulationGroup],
    bad: Ints,
    approved: Flags,
    resamples: BootstrapResamples,
) -> TwoWayGroups:
    names, inside = [], []
    small, small_rows = 0, 0
    for first_group, second_group in product(first, second):
        overlap = first_group.inside & second_group.inside
        rows = int(overlap.sum())
        if is_large(rows, int(bad[overlap].sum())):
            names.append((first_group.label, second_group.label))
            inside.append(overlap)
        elif rows:
            small, small_rows = small + 1, small_rows + rows
    largest = sorted(range(len(names)), key=lambda index: -int(inside[index].sum()))[:MAX_GROUPS]
    kept_indices = sorted(largest)
    if not kept_indices:
        return TwoWayGroups(fields, None, (), small, small_rows)
    # The labels are only numbers here, so that no two are alike.
    numbered_groups = [PopulationGroup(str(index), inside[index]) for index in kept_indices]
    fairness = by_group(numbered_groups, bad, approved, resamples=resamples)
    best = fairness.reference_group
    return TwoWayGroups(
        fields=fields,
        reference=None if best is None else names[int(best)],
        large=tuple(
            TwoWayGroup(
                groups=names[index],
                rows=group.rows,
                bads=group.bads,
                approval_rate=group.approval_rate,
                approval_ratio=group.approval_ratio,
                bad_rate_approved=group.bad_rate_approved,
            )
            for index, group in zip(kept_indices, fairness.groups, strict=True)
        ),
        small=small,
        small_rows=small_rows,
    )
