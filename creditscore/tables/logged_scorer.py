"""Rows that are logged: each gets a decision of its own, and a second run gets the first's.

What is logged carries an idempotency key made of the rows themselves, so a run that was killed
half-way can be started again: rows that are in the log already are answered from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from creditscore.decision_log.idempotency import RequestOrigin
from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.assessor import Assessor, Decision
from creditscore.errors import InvalidApplicants
from creditscore.schema import Applicant
from creditscore.tables.scorer import TOGETHER, Block, Refused, RowReader, Table

Shown = TypeVar("Shown")


class LoggingScorer(Generic[Shown]):
    """Decides on the rows of a table, and logs every decision.

    Parameters
    ----------
    assessor : Assessor
    log : DecisionLog
    table : Table
    show : callable
        Gives of a decision what is wanted.
    run : str
        The same rows under another name are other decisions.
    """

    def __init__(
        self,
        assessor: Assessor,
        log: DecisionLog,
        table: Table,
        *,
        show: Callable[[Decision], Shown],
        run: str,
    ) -> None:
        self._assessor, self._log, self._show = assessor, log, show
        self._rows = RowReader(assessor.model.schema, table)
        # Another model or another cut-off decides anew.
        versions = sorted(assessor.model.versions.values())
        self._said = [run, *versions, assessor.policy.cutoff, *table.columns]

    def score(self, block: Block) -> list[Shown | Refused]:
        """Decide on the rows of a block, in their order; they are in the log when it returns."""
        results: list[Shown | Refused] = []
        for begin in range(0, len(block.numbers), TOGETHER):
            results += self._score(block, range(len(block.numbers))[begin : begin + TOGETHER])
        return results

    def _score(self, block: Block, places: range) -> Sequence[Shown | Refused]:
        applicants: list[Applicant] = []
        results: list[Shown | Refused | None] = []
        for place in places:
            try:
                cells = self._rows.cells(block, place)
                raw = self._rows.applicant(cells)
                applicants.append(self._assessor.model.schema.parse(raw))
                results.append(None)
            except InvalidApplicants as error:
                results.append(Refused(error.faults))
        if not applicants:
            return [result for result in results if result is not None]
        rows = [block.row(place) for place in places]
        digest = hashlib.sha256(repr([self._said, block.numbers[places[0]], rows]).encode())
        name = digest.hexdigest()
        origin = RequestOrigin(
            request_id=f"score.py-{name[:16]}", idempotency_key=name, body_hash=name
        )
        # Looked for first: a decision that is there already need not be made.
        recorded = self._log.replay(origin) or self._log.record(
            self._assessor.assess(applicants), origin
        )
        shown = iter(map(self._show, recorded.decisions))
        return [next(shown) if result is None else result for result in results]
