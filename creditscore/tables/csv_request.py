"""A CSV request: decides on every row, and logs all decisions in one transaction or none.

Decisions are spooled to temporary files until all rows are known to be valid. Only then does the
transaction begin, so that other requests wait no longer than the writing takes.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.assessor import Assessor, timestamp
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.decisions.record import RequestOrigin, to_milliseconds
from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import say
from creditscore.schema import MAX_FAULTS
from creditscore.scorecard.model import Model
from creditscore.tables.csv_table import CsvTable, open_table
from creditscore.tables.scorer import Scorer
from creditscore.tables.spooled_decisions import (
    MAX_RESULTS,
    Result,
    logged_ends,
    spool,
    spooled_file,
    spooled_rows,
    write_header,
    write_rows,
)
from creditscore.tables.table import Block, RejectedRow


@dataclass(frozen=True)
class CsvRequest:
    """A table that came with a request.

    Attributes
    ----------
    raw : bytes
        The table, as CSV.
    origin : RequestOrigin
        Its ids and keys, for the log.
    language : str
        The language of the reasons' texts.
    charset : str or None
        The encoding that the request announces, as Python calls it; None where it does not.
    """

    raw: bytes
    origin: RequestOrigin
    language: str
    charset: str | None = None

    def decide(self, assessor: Assessor, log: DecisionLog) -> tuple[BinaryIO, bool]:
        """Decide on every row, log the decisions, and return the answer.

        Returns
        -------
        file
            The answer as CSV, from its beginning; the caller closes it.
        bool
            Whether it repeats the first answer to the same idempotency key.

        Raises
        ------
        InvalidApplicants
            With the line of every fault, 100 at most; then nothing is logged.
        KeyReused
            If the idempotency key came with another request.
        """
        with contextlib.ExitStack() as stack:
            answer = stack.enter_context(spooled_file())
            ids = log.first_ids(self.origin)
            if ids is None and self._record(assessor, log, answer):
                replayed = False
            else:
                # The key came before, or another request took it just now.
                ids = ids or log.first_ids(self.origin) or []
                replayed = True
                answer.seek(0)
                answer.truncate()
                self._repeat(log, ids, answer, assessor.model)
            answer.seek(0)
            stack.pop_all()
        return answer, replayed

    def _open(self, model: Model) -> tuple[CsvTable, DecisionColumns]:
        """Open the table, and return the decision's columns as they are written behind it."""
        schema = model.schema
        columns = DecisionColumns(True, language=self.language, prefix=schema.decision_prefix)
        table = open_table(
            io.BytesIO(self.raw),
            schema,
            reserved_names=columns.types,
            whole_fields=model.whole_fields,
            encoding=self.charset or schema.file.encoding or "utf-8",
        )
        return table, table.style.of(columns, schema)

    def _record(self, assessor: Assessor, log: DecisionLog, answer: BinaryIO) -> bool:
        """Decide on every row and log it; return whether the idempotency key was free."""
        table, columns = self._open(assessor.model)
        write_header(answer, table, columns)
        answer_columns = replace(columns, logged=False)
        write = partial(Result.of, columns=answer_columns, origin=self.origin)
        scorer = Scorer(assessor, table, write=write, max_results=MAX_RESULTS)
        ids, moment = [], log.now()
        decided_at = timestamp(moment)
        with spooled_file() as spool_file:
            for block, results in _score_all(scorer, table):
                new_ids = assessor.new_ids(moment, len(results))
                ids += new_ids
                spool(spool_file, results, new_ids, scorer.references(block))
                ends = logged_ends(results, new_ids, decided_at, columns.separator)
                write_rows(answer, table, block.lines(), ends)
            rows = spooled_rows(spool_file, to_milliseconds(moment))
            return log.record_rows(rows, self.origin, ids=ids, moment=moment)

    def _repeat(self, log: DecisionLog, ids: Sequence[str], answer: BinaryIO, model: Model) -> None:
        """Write the answer from decisions that are in the log."""
        table, columns = self._open(model)
        write_header(answer, table, columns)
        begin = 0
        for block in table.blocks():
            decisions = log.find_all(ids[begin : begin + len(block.numbers)])
            begin += len(block.numbers)
            write_rows(answer, table, block.lines(), map(columns.text, decisions))


def _score_all(scorer: Scorer[Result], table: CsvTable) -> Iterator[tuple[Block, list[Result]]]:
    """Score each block; after the first fault, only collect further ones."""
    faults: list[Fault] = []
    rows = 0
    for block in table.blocks():
        results = []
        for line, result in zip(block.numbers, scorer.score(block), strict=True):
            if isinstance(result, RejectedRow):
                faults += [replace(fault, line=line) for fault in result.faults]
                if len(faults) >= MAX_FAULTS:
                    raise InvalidApplicants(faults[:MAX_FAULTS])
            else:
                results.append(result)
        rows += len(block.numbers)
        if not faults:
            yield block, results
    if not rows:
        faults.append(Fault("no_rows", "", say("no_rows"), 1))
    if faults:
        raise InvalidApplicants(faults)
