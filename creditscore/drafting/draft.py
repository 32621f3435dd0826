"""From a table to the draft of its schema file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from creditscore.arrays import Ints
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.drafting.columns import Table, read_table
from creditscore.drafting.decimals import find_decimals
from creditscore.drafting.document import LOOK, write_document
from creditscore.drafting.fields import DraftField, draft_field
from creditscore.drafting.judgement import Ignored, Strength, judge, judge_strength
from creditscore.drafting.outcome import Outcome, find_outcome
from creditscore.drafting.profile import Profile, profile_column
from creditscore.drafting.relations import discrimination, filled_for_one, find_copies
from creditscore.errors import DatasetError

#: What is put before the decision's columns where a table has one of their names.
PREFIX = "decision_"


@dataclass(frozen=True)
class Draft:
    """The draft of a schema file.

    Attributes
    ----------
    text : str
        In TOML, with comments.
    outcome : Outcome
    fields : sequence of DraftField
    ignored : sequence of Ignored
    """

    text: str
    outcome: Outcome
    fields: Sequence[DraftField]
    ignored: Sequence[Ignored]

    @property
    def looks(self) -> int:
        """Count the places that a person has to look at."""
        return self.text.count(f"# {LOOK}")


def draft_table(path: Path, *, outcome: str | None = None, decimal: str | None = None) -> Draft:
    """Draft a schema file for a table, that training takes as it is.

    Parameters
    ----------
    path : Path
        A table of any kind that training reads.
    outcome : str, optional
        The column of the outcome, where it is not to be guessed.
    decimal : {".", ","}, optional
        The decimal sign of its numbers, where it is not to be found out.

    Raises
    ------
    DatasetError
        If it cannot be read, has no outcome, or nothing that could be a field.
    """
    table = read_table(path)
    drafted_outcome = find_outcome(table, outcome)
    # Training leaves the others out too: a row of totals is no applicant.
    rows = np.flatnonzero(drafted_outcome.bad_rows >= 0)
    table_with_outcome = table.of_rows(rows)
    decimal, signs = find_decimals(table_with_outcome, decimal)
    profiles = [
        profile_column(column, sign)
        for column, sign in zip(table_with_outcome.columns, signs, strict=True)
        if column.name != drafted_outcome.column.name
    ]
    fields, ignored = _divide(profiles, drafted_outcome.bad_rows[rows])
    if not fields:
        raise DatasetError(path, "has no column beside the outcome that could be a field")
    text = write_document(
        table, drafted_outcome, fields, ignored, decimal=decimal, decision_prefix=_prefix(table)
    )
    return Draft(text, drafted_outcome, fields, ignored)


def _divide(profiles: Sequence[Profile], bad: Ints) -> tuple[list[DraftField], list[Ignored]]:
    """Draft a field of each column that can be one; of the others, say why not."""
    copies: Mapping[int, int] = find_copies(profiles)
    fields: list[DraftField] = []
    ignored: dict[str, Ignored] = {}
    for index, profile in enumerate(profiles):
        copy_of = profiles[copies[index]].name if index in copies else None
        judgement: DraftField | Ignored | None = judge(profile, copy_of=copy_of)
        if judgement is None:
            strength = Strength(discrimination(profile, bad), filled_for_one(profile, bad))
            judgement = judge_strength(profile, strength) or draft_field(profile, bad, strength)
        if isinstance(judgement, DraftField):
            fields.append(judgement)
        else:
            ignored.setdefault(judgement.name, judgement)
    return fields, list(ignored.values())


def _prefix(table: Table) -> str:
    """Return what keeps the decision's columns apart from those of the table."""
    columns = {column.name for column in table.columns}
    decision_columns = set(DecisionColumns(logged=True, language="en").types)
    if columns.isdisjoint(decision_columns):
        return ""
    prefix = PREFIX
    while any(f"{prefix}{name}" in columns for name in decision_columns):
        prefix = f"new_{prefix}"
    return prefix
