"""Trade-off of another cut-off or loss-to-margin ratio, read from the model card.

The card has the rates of the held-out rows at every whole percentage; the cost of errors under any
ratio follows from them, so a server needs no data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: The cut-offs that the card has, in percent.
LOWEST_PERCENT, HIGHEST_PERCENT = 1, 99

#: The ratios that the page offers.
LOWEST_RATIO, HIGHEST_RATIO = 0.1, 50.0


@dataclass(frozen=True)
class Tradeoff:
    """Rates and cost of a cut-off on the held-out rows.

    Attributes
    ----------
    cutoff : float
        A whole percentage.
    approval_rate : float
    bad_rate_approved, bad_rate_declined : float or None
        None without rows.
    cost : float
        The mean over all applicants, in margins of a good account.
    """

    cutoff: float
    approval_rate: float
    bad_rate_approved: float | None
    bad_rate_declined: float | None
    cost: float


def break_even_percent(ratio: float) -> int:
    """Compute the whole percentage nearest to the break-even of a ratio, 1 / (1 + ratio)."""
    return min(max(round(100 / (1 + ratio)), LOWEST_PERCENT), HIGHEST_PERCENT)


def trade_off(section: Mapping[str, Any], percent: int, ratio: float) -> Tradeoff:
    """Read the trade-off of a cut-off from a scorecard's section of the card.

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
    rows = section["performance"]["rows"]
    # The card's shares are rounded: whole rows give the same cost as the card's own. Shares of
    # weighted rows are no whole rows.
    whole = float if section["performance"].get("weighted") else round
    approved_rows = whole(approved * rows)
    declined_rows = rows - approved_rows
    approved_bads = whole(approved_rows * (bad or 0.0))
    declined_bads = whole(declined_rows * (refused_bad or 0.0))
    # A default among the approved costs the ratio; a good one who is declined, the margin.
    cost = (ratio * approved_bads + declined_rows - declined_bads) / rows
    return Tradeoff(row["cutoff"], approved, bad, refused_bad, cost)


def cheapest(section: Mapping[str, Any], ratio: float) -> Tradeoff:
    """Return the cut-off at which the errors on the held-out rows cost least."""
    percents = range(LOWEST_PERCENT, HIGHEST_PERCENT + 1)
    return min((trade_off(section, each, ratio) for each in percents), key=lambda one: one.cost)


def group_rates(section: Mapping[str, Any], percent: int) -> dict[str, dict[str, float]] | None:
    """Read each protected group's approval rate at a cut-off, by field and group.

    None for a card of an early version, which lacks them.
    """
    stored = section["curves"].get("groups")
    if stored is None:
        return None
    index = percent - LOWEST_PERCENT
    return {
        field: {
            group["group"]: group["approval_rates"][index]
            for group in groups
            if group["approval_rates"][index] is not None
        }
        for field, groups in stored.items()
    }
