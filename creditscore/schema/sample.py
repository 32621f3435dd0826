"""How the rows of a table were drawn: when, whose they are, and how much each of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from creditscore.schema.toml_reader import TomlTable, shown


@dataclass(frozen=True)
class Sample:
    """Columns that say how the training rows were drawn, or the bad rate where they came from.

    Attributes
    ----------
    time : str or None
        Column with the time of a row: the latest fifth is a second test.
    group : str or None
        Column with the person of a row: all rows of a person are on one side of a split.
    weight : str or None
        Column with the number of people that a row stands for.
    bad_rate : float or None
        Bad rate of the population, where the rows of one outcome were drawn more often.
    """

    time: str | None = None
    group: str | None = None
    weight: str | None = None
    bad_rate: float | None = None

    @property
    def columns(self) -> dict[str, str]:
        """Its columns by what they are for, those that it has."""
        columns = {"time": self.time, "group": self.group, "weight": self.weight}
        return {role: column for role, column in columns.items() if column is not None}


def read_sample(top: TomlTable, *, fields: Sequence[str], label: str) -> Sample:
    """Read the table [sample] of a schema file; one without any where there is none."""
    if "sample" not in top.content:
        return Sample()
    table = top.table("sample")
    table.allow("time", "group", "weight", "bad_rate")
    columns = {
        role: table.text(role) for role in ("time", "group", "weight") if role in table.content
    }
    for role, column in columns.items():
        if column == label:
            table.refuse(role, f"must not be the column of the outcome, got {column!r}")
    if columns.get("weight") in fields:
        table.refuse("weight", f"must not be one of the fields, got {columns['weight']!r}")
    return Sample(**columns, bad_rate=_bad_rate(table))


def _bad_rate(table: TomlTable) -> float | None:
    if "bad_rate" not in table.content:
        return None
    allowed = "a share above 0 and below 1, such as 0.03"
    rate: float = table.get("bad_rate", (int, float), allowed)
    if not 0 < rate < 1:
        table.refuse("bad_rate", f"must be {allowed}, got {shown(rate)}")
    if "weight" in table.content:
        table.refuse("bad_rate", "must be left out beside weight, which says the same")
    return float(rate)
