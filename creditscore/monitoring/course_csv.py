"""The course of the figures as CSV: one line for each figure of each period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from creditscore.schema.csv_cells import to_line

COLUMNS = (
    "scorecard", "model_version", "by", "from", "to", "figure", "field", "value", "verdict",
)  # fmt: skip

FIGURES = ("score_psi", "approval_rate", "auc", "calibration")


def course_csv(monitoring: Mapping[str, Any]) -> str:
    """Write what monitoring found over time; an empty value is a figure of too few decisions."""
    lines = [to_line(COLUMNS)]
    for name, section in monitoring["scorecards"].items():
        for period in section["series"]:
            prefix = [
                name,
                section["model_version"],
                monitoring["by"],
                period["from"],
                period["to"],
            ]
            lines += [to_line([*prefix, *row]) for row in _rows(period)]
    return "".join(f"{line}\r\n" for line in lines)


def _rows(period: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Return figure, field, value and verdict of each figure."""
    defaults = period["defaults"] or {"expected": None, "observed": None}
    yield "decisions", None, period["decisions"], None
    yield "matured", None, period["matured"], None
    yield "expected_defaults", None, defaults["expected"], None
    yield "observed_defaults", None, defaults["observed"], None
    for figure in FIGURES:
        yield figure, None, period[figure]["value"], period[figure]["verdict"]
    for field, psi in period["fields"].items():
        yield "field_psi", field, psi["value"], psi["verdict"]
