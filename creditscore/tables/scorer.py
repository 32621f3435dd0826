"""Tables of applicants, block by block: equal rows are decided on once.

Few tables have as many different applicants as rows. The first row with some cells is read and
assessed like a request; later rows with the same cells get the same result:

    cells of a row -> (known?) -> applicant -> Assessor.assess_batch -> what is written of it
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Generic, TypeVar

from creditscore.decisions.assessor import Assessor, Decision
from creditscore.schema import Applicant
from creditscore.tables.table import Block, RejectedRow, RowReader, Table, refer

Record = TypeVar("Record")

#: Applicants that are assessed at once: enough for NumPy, little enough for memory.
CHUNK_ROWS = 4096

#: Results that are kept: 100 MB at most.
MAX_RESULTS = 200_000


class Scorer(Generic[Record]):
    """Decides on the rows of a table.

    Parameters
    ----------
    assessor : Assessor
    table : Table
    write : callable
        Returns what is wanted of a decision, which must not depend on its id, time and reference.
    max_results : int
        Results that are kept for rows to come.
    """

    def __init__(
        self,
        assessor: Assessor,
        table: Table,
        *,
        write: Callable[[Decision], Record],
        max_results: int = MAX_RESULTS,
    ) -> None:
        self._assessor, self._write, self._max_results = assessor, write, max_results
        self._rows = RowReader(assessor.model.schema, table)
        self._results: dict[Hashable, Record] = {}

    def score(self, block: Block) -> list[Record | RejectedRow]:
        """Return the result of each row of a block, in their order."""
        pairs = zip(self._score(block), self.references(block), strict=True)
        return [
            RejectedRow(self._rows, block, index) if result is None else refer(result, reference)
            for index, (result, reference) in enumerate(pairs)
        ]

    def references(self, block: Block) -> list[str | RejectedRow | None]:
        """Return the reference of each row of a block, or what is wrong with it."""
        return self._rows.references(block)

    def _score(self, block: Block) -> list[Record | None]:
        """Return the result of each row; None where it is not a valid applicant.

        Only valid rows are kept: the cells of others may be of any length.
        """
        if len(self._results) > self._max_results:
            self._results.clear()
        results = list(map(self._results.get, block.keys))
        if None in results:
            missing_indices = [index for index, result in enumerate(results) if result is None]
            self._assess(block, {block.keys[index]: index for index in missing_indices})
            for index in missing_indices:
                results[index] = self._results.get(block.keys[index])
        return results

    def _assess(self, block: Block, new_rows: dict[Hashable, int]) -> None:
        """Find the results of keys that are new, given the row of each."""
        applicants: dict[Hashable, Applicant] = {}
        for key, index in new_rows.items():
            row = self._rows.applicant(block, index)
            if not isinstance(row, RejectedRow):
                applicants[key] = row
        decisions = assess_chunks(self._assessor, list(applicants.values()))
        self._results.update(zip(applicants, map(self._write, decisions), strict=True))


def assess_chunks(assessor: Assessor, applicants: Sequence[Applicant]) -> Iterator[Decision]:
    """Decide on applicants, in their order, some at a time so that memory stays small."""
    for begin in range(0, len(applicants), CHUNK_ROWS):
        yield from assessor.assess_batch(applicants[begin : begin + CHUNK_ROWS])
