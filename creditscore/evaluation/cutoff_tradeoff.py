"""What another cut-off, or another loss-to-margin ratio, would do: read from the stored evaluation.

The card keeps the counts of the held-out rows at every whole percentage, as shares; what errors
cost under any ratio follows from them. Nothing is measured anew, so any server can answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: The cut-offs that the evaluation holds, in percent.
LOWEST_PERCENT, HIGHEST_PERCENT = 1, 99

#: The ratios whose break-even it holds, within reason.
LOWEST_RATIO, HIGHEST_RATIO = 0.1, 50.0


@dataclass(frozen=True)
class Tradeoff:
    """What a cut-off does to the held-out rows.

    Attributes
    ----------
    cutoff : float
        A whole percentage.
    approval_rate : float
    bad_rate_approved, bad_rate_declined : float or None
        None of nobody.
    cost : float
        The mean over all applicants, in margins of a good account.
    """

    cutoff: float
    approval_rate: float
    bad_rate_approved: float | None
    bad_rate_declined: float | None
    cost: float


def break_even_percent(ratio: float) -> int:
    """Give the whole percentage nearest to where a ratio breaks even: 1 / (1 + ratio)."""
    return min(max(round(100 / (1 + ratio)), LOWEST_PERCENT), HIGHEST_PERCENT)


def trade_off(section: Mapping[str, Any], percent: int, ratio: float) -> Tradeoff:
    """Read from a scorecard's section of the card what a cut-off does.

    Parameters
    ----------
    section : mapping
    percent : int
        The cut-off, from `LOWEST_PERCENT` to `HIGHEST_PERCENT`.
    ratio : float
        What a default costs over what a good account earns.
    """
    row = section["curves"]["cutoffs"][percent - LOWEST_PERCENT]
    approved, bad, refused_bad = (
        row[name] for name in ("approval_rate", "bad_rate_approved", "bad_rate_declined")
    )
    # A default among the approved costs the ratio; a good one who is declined, the margin.
    cost = ratio * approved * (bad or 0.0)
    if refused_bad is not None:
        cost += (1 - approved) * (1 - refused_bad)
    return Tradeoff(row["cutoff"], approved, bad, refused_bad, cost)


def cheapest(section: Mapping[str, Any], ratio: float) -> Tradeoff:
    """Give the cut-off at which the errors on the held-out rows cost least."""
    percents = range(LOWEST_PERCENT, HIGHEST_PERCENT + 1)
    return min((trade_off(section, each, ratio) for each in percents), key=lambda one: one.cost)


def group_rates(section: Mapping[str, Any], percent: int) -> dict[str, dict[str, float]] | None:
    """Give each protected group's approval rate at a cut-off, by field and group.

    None for a card from before groups were kept at every cut-off: training again adds them.
    """
    stored = section["curves"].get("groups")
    if stored is None:
        return None
    place = percent - LOWEST_PERCENT
    return {
        field: {
            group["group"]: group["approval_rates"][place]
            for group in groups
            if group["approval_rates"][place] is not None
        }
        for field, groups in stored.items()
    }
