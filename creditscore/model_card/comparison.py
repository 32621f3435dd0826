"""What leaving protected fields out costs and gains, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Card = Mapping[str, Any]


def compare(card: Card) -> str:
    """Lay the table out for a terminal, for every scorecard of a model card."""
    return "\n\n".join(_scorecard(section) for section in card["scorecards"].values())


def exclusion_table(exclusions: Sequence[Card]) -> tuple[list[str], list[list[str]]]:
    """Give the header and the rows of a table of what exclusion costs and gains.

    Parameters
    ----------
    exclusions : sequence of mapping
        What `challengers.exclusions` gave: the scorecard as it is first.
    """
    watched = list(exclusions[0]["demographic_parity_ratio"])
    header = ["left out", "AUC", "change of AUC", "Brier score", "approved", "bad among approved"]
    return header + [f"{name} parity" for name in watched], [
        [
            ", ".join(one["excluded"]) or "nothing",
            f"{one['auc']['value']:.4f}",
            _change(one),
            f"{one['brier']['value']:.4f}",
            f"{one['approval_rate']:.1%}",
            "-" if one["bad_rate_approved"] is None else f"{one['bad_rate_approved']:.1%}",
            *(_parity(one["demographic_parity_ratio"][name]) for name in watched),
        ]
        for one in exclusions
    ]


def _scorecard(section: Card) -> str:
    if len(section["exclusions"]) < 2:
        return f"{section['version']}: has no protected predictors to leave out."
    header, rows = exclusion_table(section["exclusions"])
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (header, *rows)
    ]
    return "\n".join([f"{section['version']}: what it costs to leave protected fields out", *lines])


def _change(one: Card) -> str:
    if one["change"] is None or one["change"]["auc"] is None:
        return "-"
    change = one["change"]["auc"]
    return f"{change['value']:+.4f} ({change['low']:+.4f} to {change['high']:+.4f})"


def _parity(figure: Card | None) -> str:
    return "-" if figure is None else f"{figure['value']:.3f}"
