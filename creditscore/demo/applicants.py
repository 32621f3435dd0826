"""Made-up applicants: rows of a table, drawn again, and riskier ones more often if asked."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from creditscore.arrays import Floats
from creditscore.decisions.assessor import Assessor
from creditscore.errors import InvalidApplicants
from creditscore.schema import Applicant, Schema, from_text

#: Rows of the table that applicants are drawn from.
ROWS = 6000


@dataclass(frozen=True)
class Crowd:
    """The applicants of a scorecard, to draw from.

    Attributes
    ----------
    applicants : sequence of Applicant
    risk : ndarray of shape (n_applicants,)
        Log-odds of default, standardised: 0 on average, with a standard deviation of 1.
    """

    applicants: Sequence[Applicant]
    risk: Floats

    def draw(
        self, references: Sequence[str], *, shift: float, random: np.random.Generator
    ) -> list[Applicant]:
        """Draw an applicant for each reference; a shift makes risky ones likelier.

        Parameters
        ----------
        references : sequence of str
            The applicants' own references.
        shift : float
            How many standard deviations riskier they are on average than all (exponential tilting).
        random : numpy.random.Generator
        """
        weights = np.exp(shift * self.risk)
        indices = random.choice(
            len(self.applicants), size=len(references), p=weights / weights.sum()
        )
        return [
            replace(self.applicants[index], reference=reference)
            for index, reference in zip(indices, references, strict=True)
        ]


def read_crowds(table: Path, assessor: Assessor, *, rows: int = ROWS) -> dict[str, Crowd]:
    """Read the first rows of a table as the applicants of each scorecard.

    Raises
    ------
    OSError
        If the table cannot be read.
    """
    schema = assessor.model.schema
    with table.open(encoding="utf-8", newline="") as file:
        raw_rows = [row for row, _ in zip(csv.DictReader(file), range(rows), strict=False)]
    return {
        name: _crowd(list(_parse(raw_rows, schema, name)), assessor) for name in schema.scorecards
    }


def _parse(
    rows: Sequence[Mapping[str, str]], schema: Schema, scorecard: str
) -> Iterator[Applicant]:
    fields = {name: schema.fields[name].rule for name in schema.scorecards[scorecard].fields}
    for row in rows:
        try:
            yield schema.parse({name: from_text(rule, row[name]) for name, rule in fields.items()})
        except InvalidApplicants:
            # The table of training may hold codes that no applicant can have.
            continue


def _crowd(applicants: Sequence[Applicant], assessor: Assessor) -> Crowd:
    decisions = assessor.assess_batch(applicants)
    probability = np.array([decision.probability_of_default for decision in decisions])
    log_odds = np.log(probability / (1 - probability))
    return Crowd(applicants, (log_odds - log_odds.mean()) / log_odds.std())
