"""Round what is measured, as every figure of the model card is rounded."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, SupportsFloat, TypeVar, cast

#: Decimals of every figure: more than any interval is sure of, fewer than machines agree on.
DIGITS = 6

Content = TypeVar("Content")


def rounded(number: SupportsFloat) -> float:
    """Return a figure with as many decimals as the card has."""
    # Adding 0 turns -0.0 into 0.0.
    return round(float(number), DIGITS) + 0.0


def all_rounded(content: Content) -> Content:
    """Return a section of the card, or a part of one, with all its fractional numbers rounded."""
    return cast("Content", _rounded(content))


def _rounded(content: Any) -> Any:
    if isinstance(content, float):
        return rounded(content)
    if isinstance(content, list | tuple):
        return type(content)(map(_rounded, content))
    if isinstance(content, dict):
        return {name: _rounded(part) for name, part in content.items()}
    if is_dataclass(content) and not isinstance(content, type):
        parts = {field.name: _rounded(getattr(content, field.name)) for field in fields(content)}
        return replace(content, **parts)
    return content
