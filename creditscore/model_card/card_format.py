"""How the model card writes numbers and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence


def bullets(texts: Sequence[str]) -> list[str]:
    """Make a list."""
    return [f"- {text}" for text in texts]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lay out a table."""
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def yes(flag: bool) -> str:
    """Say yes or no."""
    return "yes" if flag else "no"


def count(of: int) -> str:
    """Write a count: 30,000."""
    return f"{of:,}"


def value(raw: float | str) -> str:
    """Write a field's value."""
    return raw if isinstance(raw, str) else f"{raw:,.10g}"


def number(raw: float) -> str:
    """Write a number to four digits behind the point."""
    return f"{raw:.4f}"


def share(raw: float | None, digits: int = 1) -> str:
    """Write a share in percent; a dash for that of nobody."""
    return "-" if raw is None else f"{raw:.{digits}%}"


def share_of(one: Mapping[str, float] | None) -> str:
    """Write a share with its interval."""
    if one is None:
        return "-"
    return f"{one['value']:.1%} ({one['low']:.1%} to {one['high']:.1%})"


def figure(one: Mapping[str, float] | None) -> str:
    """Write a figure with its interval."""
    if one is None:
        return "-"
    return f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"


def signed(one: Mapping[str, float] | None) -> str:
    """Write a difference with its interval, its sign always shown."""
    if one is None:
        return "-"
    return f"{one['value']:+.4f} ({one['low']:+.4f} to {one['high']:+.4f})"
