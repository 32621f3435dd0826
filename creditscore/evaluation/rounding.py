"""Round what is measured, as every figure of the model card is rounded."""

from __future__ import annotations

from typing import Any, SupportsFloat

#: Decimals of every figure: more than any interval is sure of, fewer than machines agree on.
DIGITS = 6


def rounded(number: SupportsFloat) -> float:
    """Return a figure with as many decimals as the card has."""
    # Adding 0 turns -0.0 into 0.0.
    return round(float(number), DIGITS) + 0.0


def all_rounded(content: Any) -> Any:
    """Return plain data with all its fractional numbers rounded."""
    if isinstance(content, float):
        return rounded(content)
    if isinstance(content, list | tuple):
        return [all_rounded(part) for part in content]
    if isinstance(content, dict):
        return {name: all_rounded(part) for name, part in content.items()}
    return content
