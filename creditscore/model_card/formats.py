"""How the model card writes numbers, lists and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from creditscore.evaluation.confidence_intervals import Figure
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, in_language
from creditscore.i18n.number_format import FORMATS
from creditscore.schema.descriptions import band_label_text

#: Writes the numbers of the card, which is in English.
WRITE = FORMATS[DEFAULT_LANGUAGE]

#: Metrics as tables name them, in their order there.
FIGURES = {
    "auc": "AUC",
    "gini": "Gini",
    "ks": "KS",
    "brier": "Brier score",
    "brier_skill": "Brier skill",
    "log_loss": "Log-loss",
    "ece": "ECE",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "accuracy": "Accuracy at 0.5",
}

#: Most names that stand in a sentence; the JSON has all.
MAX_NAMES = 12


def bullets(texts: Sequence[str]) -> list[str]:
    """Return a list."""
    return [f"- {text}" for text in texts]


def table(header: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Return the lines of a table."""
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def yes(flag: bool) -> str:
    """Return yes or no."""
    return "yes" if flag else "no"


def group_name(label: str) -> str:
    """Write a group's name, a band's bounds as all numbers here: 20,000 to under 30,000."""
    band = band_label_text(label)
    return label if band is None else in_language(band, DEFAULT_LANGUAGE)


def count(of: int) -> str:
    """Write a count: 30,000."""
    return WRITE.number(of)


def value(raw: float | str) -> str:
    """Write a field's value."""
    return raw if isinstance(raw, str) else WRITE.number(raw)


def share(raw: float | None) -> str:
    """Write a share in percent; a dash for that of no one."""
    return "-" if raw is None else WRITE.share(raw)


def share_of(figure: Figure | None) -> str:
    """Write a share with its interval."""
    return _with_interval(figure, WRITE.share)


def figure(figure: Figure | None) -> str:
    """Write a figure with its interval."""
    return _with_interval(figure, WRITE.figure)


def share_alone(figure: Figure | None) -> str:
    """Write a share without its interval."""
    return "-" if figure is None else WRITE.share(figure["value"])


def figure_alone(figure: Figure | None) -> str:
    """Write a figure without its interval."""
    return "-" if figure is None else WRITE.figure(figure["value"])


def signed(figure: Figure | None) -> str:
    """Write a difference with its interval, its sign always shown."""
    return _with_interval(figure, WRITE.difference)


def _with_interval(figure: Figure | None, write: Callable[[float], str]) -> str:
    if figure is None:
        return "-"
    return f"{write(figure['value'])} ({write(figure['low'])} to {write(figure['high'])})"


def listed(names: Sequence[str]) -> str:
    """Write names, the first ones of many: "a, b, c and 488 more"."""
    first, more = names[:MAX_NAMES], len(names) - MAX_NAMES
    return ", ".join(first) + (f" and {count(more)} more" if more > 0 else "")
