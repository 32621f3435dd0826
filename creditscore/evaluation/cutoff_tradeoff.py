"""Trade-off of another cut-off or loss-to-margin ratio, read from the model card.

The card has the rates of the held-out rows at every whole percentage; the cost of errors under any
ratio follows from them, so a server needs no data.
"""

from __future__ import annotations

from dataclasses import replace

from creditscore.evaluation.card import ScorecardCard
from creditscore.evaluation.card_sections import CutoffRow

#: The cut-offs that the card has, in percent.
LOWEST_PERCENT, HIGHEST_PERCENT = 1, 99

#: The ratios that the page offers.
LOWEST_RATIO, HIGHEST_RATIO = 0.1, 50.0


def break_even_percent(ratio: float) -> int:
    """Compute the whole percentage nearest to the break-even of a ratio, 1 / (1 + ratio)."""
    return min(max(round(100 / (1 + ratio)), LOWEST_PERCENT), HIGHEST_PERCENT)


def trade_off(section: ScorecardCard, percent: int, ratio: float) -> CutoffRow:
    """Read the trade-off of a cut-off from a scorecard's section of the card.

    Parameters
    ----------
    section : ScorecardCard
    percent : int
        The cut-off, from `LOWEST_PERCENT` to `HIGHEST_PERCENT`.
    ratio : float
        What a default costs over what a good account earns.
    """
    row = section.curves.cutoffs[percent - LOWEST_PERCENT]
    rows = section.performance.rows
    # The card's shares are rounded: whole rows give the same cost as the card's own. Shares of
    # weighted rows are no whole rows.
    to_rows = float if section.performance.weighted else round
    approved_rows = to_rows(row.approval_rate * rows)
    declined_rows = rows - approved_rows
    approved_bads = to_rows(approved_rows * (row.bad_rate_approved or 0.0))
    declined_bads = to_rows(declined_rows * (row.bad_rate_declined or 0.0))
    # A default among the approved costs the ratio; a good one who is declined, the margin.
    cost = (ratio * approved_bads + declined_rows - declined_bads) / rows
    return replace(row, cost=cost)


def cheapest(section: ScorecardCard, ratio: float) -> CutoffRow:
    """Return the cut-off at which the errors on the held-out rows cost least."""
    percents = range(LOWEST_PERCENT, HIGHEST_PERCENT + 1)
    return min(
        (trade_off(section, percent, ratio) for percent in percents), key=lambda row: row.cost
    )


def group_rates(section: ScorecardCard, percent: int) -> dict[str, dict[str, float]] | None:
    """Read each protected group's approval rate at a cut-off, by field and group.

    None for a card of an early version, which lacks them.
    """
    groups_by_field = section.curves.groups
    if groups_by_field is None:
        return None
    index = percent - LOWEST_PERCENT
    return {
        field: {
            group.group: rate
            for group in groups
            if (rate := group.approval_rates[index]) is not None
        }
        for field, groups in groups_by_field.items()
    }
