"""What is written of many decisions, all at once, where one table of cells answers.

It is the text that `DecisionColumns.text` gives of each decision of the Assessor's, character by
character, without making the decision: several times as fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import nan
from operator import getitem
from typing import NamedTuple

import numpy as np

from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.schema.constraints import Value
from creditscore.schema.csv_cells import to_cell, to_line
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import NOT_ELIGIBLE, Policy
from creditscore.scorecard.reason_codes import MOST_REASONS, rank_raising, reason_code
from creditscore.scorecard.scorecard import Scorecard

#: Of an applicant, the number of each field's kind.
Sort = tuple[int, ...]


class _Known(NamedTuple):
    """What a kind of value comes to: for the model, as a reason's code, and as a warning."""

    encoded: float
    code: str
    warning: str


@dataclass(frozen=True)
class Bulk:
    """Writes decisions of one scorecard without the words of their reasons.

    Attributes
    ----------
    model : Model
    policy : Policy
    card : Scorecard
        The only one that can answer.
    columns : DecisionColumns
        Not logged, and without a language.
    fields : sequence of str
        What the places of a sort are about: all of the scorecard's fields.
    """

    model: Model
    policy: Policy
    card: Scorecard
    columns: DecisionColumns
    fields: Sequence[str]

    def texts(self, sorts: Sequence[Sort], accepted: Sequence[Sequence[Value | None]]) -> list[str]:
        """Give the text of each decision.

        Parameters
        ----------
        sorts : sequence of tuple of int
            The applicants.
        accepted : sequence of sequence of value
            Of each field, a value of each kind; of the sorts' kinds, none is None.
        """
        known = [
            [self._find_out(name, value) for value in values]
            for name, values in zip(self.fields, accepted, strict=True)
        ]
        predictors = [self.fields.index(name) for name in self.card.predictors]
        kinds = np.array(sorts)
        encoded = [
            np.array([kind.encoded for kind in known[place]])[kinds[:, place]]
            for place in predictors
        ]
        matrix = np.column_stack(encoded).astype(np.float32)
        probabilities, impacts = self.model.engines[self.card.name].predict(matrix)
        points = self.policy.scale.points(probabilities).tolist()
        raising = rank_raising(impacts)
        applicants = [list(map(getitem, known, sort)) for sort in sorts]
        numbers = zip(probabilities.tolist(), points, impacts.tolist(), raising, strict=True)
        return [
            self._text(known, [known[place].code for place in predictors], *those)
            for known, those in zip(applicants, numbers, strict=True)
        ]

    def _text(
        self,
        known: Sequence[_Known],
        codes: Sequence[str],
        probability: float,
        points: int,
        impacts: Sequence[float],
        raising: list[int],
    ) -> str:
        label = self.policy.label(probability)
        warnings = "; ".join([each.warning for each in known if each.warning])
        said = f"{label},{1 - probability!r},{probability!r},{self.policy.cutoff!r},{points}"
        if not self.columns.reasons:
            return f"{said},{self._constant},{warnings}"
        given = raising
        if not given and label == NOT_ELIGIBLE:
            given = [impacts.index(max(impacts))]
        cells = [f"{codes[rank]},{impacts[rank]!r}" for rank in given]
        reasons = ",".join(cells + [","] * (MOST_REASONS - len(cells)))
        return f"{said},{self._constant},{reasons},{warnings}"

    @cached_property
    def _constant(self) -> str:
        """What stands between the score and the reasons."""
        version = self.model.versions[self.card.name]
        return to_line([self.card.name, version, self.card.reference.baseline])

    def _find_out(self, name: str, value: Value | None) -> _Known:
        if value is None:
            return _Known(nan, "", "")
        reading = self.model.readings[self.card.name][name][value]
        code = reason_code(self.model.schema.fields[name], value, self.card.reference)
        warning = f"{name} {reading.warning.code}" if reading.warning is not None else ""
        return _Known(reading.encoded, to_cell(code), to_cell(warning))
