"""Rows that are logged: each gets a decision of its own, and a second run gets the first one's.

Each chunk of rows has an idempotency key made of the rows themselves. So a run that was killed can
be started again: rows that are in the log already are answered from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.assessor import Assessor, Decision
from creditscore.decisions.record import RequestOrigin
from creditscore.schema import Applicant
from creditscore.tables.table import Block, RejectedRow, RowReader, Table, refer

Record = TypeVar("Record")

#: Rows that share an idempotency key. With another number, the rows of a run that was killed before
#: would be logged again.
CHUNK_ROWS = 1000


class LoggingScorer(Generic[Record]):
    """Decides on the rows of a table, and logs every decision.

    Parameters
    ----------
    assessor : Assessor
    log : DecisionLog
    table : Table
    write : callable
        Returns what is wanted of a decision.
    run : str
        The same rows under another name are other decisions.
    """

    def __init__(
        self,
        assessor: Assessor,
        log: DecisionLog,
        table: Table,
        *,
        write: Callable[[Decision], Record],
        run: str,
    ) -> None:
        self._assessor, self._log, self._write = assessor, log, write
        self._rows = RowReader(assessor.model.schema, table)
        # Another model or another cut-off makes other decisions.
        versions = sorted(assessor.model.versions.values())
        self._run = [run, *versions, assessor.policy.cutoff, *table.columns]

    def score(self, block: Block) -> list[Record | RejectedRow]:
        """Return the result of each row, in their order; decisions are in the log by then."""
        results: list[Record | RejectedRow] = []
        references = self._rows.references(block)
        for begin in range(0, len(block.numbers), CHUNK_ROWS):
            indices = range(len(block.numbers))[begin : begin + CHUNK_ROWS]
            results += self._score(block, indices, references)
        return results

    def _score(
        self, block: Block, indices: range, references: Sequence[str | RejectedRow | None]
    ) -> list[Record | RejectedRow]:
        rows = [_add_reference(self._rows.applicant(block, i), references[i]) for i in indices]
        applicants = [row for row in rows if not isinstance(row, RejectedRow)]
        if not applicants:
            return [row for row in rows if isinstance(row, RejectedRow)]
        cells = [block.row(index) for index in indices]
        content = repr([self._run, block.numbers[indices[0]], cells])
        key = hashlib.sha256(content.encode()).hexdigest()
        origin = RequestOrigin(
            request_id=f"score.py-{key[:16]}", idempotency_key=key, body_hash=key
        )
        # Looked up first: a decision that is in the log need not be made again.
        answer = self._log.replay(origin) or self._log.record(
            self._assessor.assess_batch(applicants), origin
        )
        records = map(self._write, answer.decisions)
        return [row if isinstance(row, RejectedRow) else next(records) for row in rows]


def _add_reference(
    row: Applicant | RejectedRow, reference: str | RejectedRow | None
) -> Applicant | RejectedRow:
    """Return an applicant with its reference, or all that is wrong with its row."""
    if isinstance(row, Applicant) and isinstance(reference, str):
        return replace(row, reference=reference)
    return refer(row, reference)
