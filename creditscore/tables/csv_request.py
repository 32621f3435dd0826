"""A CSV request: decides on every row, and logs all decisions in one transaction or none.

Decisions are spooled to temporary files until all rows are known to be valid. Only then does the
transaction begin, so that other requests wait no longer than the writing takes.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from creditscore.decision_log.idempotency import RequestOrigin
from creditscore.decision_log.log import DecisionLog, to_rows
from creditscore.decisions.assessor import Assessor, Decision
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.decisions.record import Row
from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import say
from creditscore.json_codec import dumps_bytes
from creditscore.schema import MOST_FAULTS, Applicant, Schema
from creditscore.schema.csv_cells import to_line
from creditscore.scorecard.model import Model
from creditscore.tables.csv_table import CsvTable, open_table
from creditscore.tables.scorer import assess_chunks
from creditscore.tables.table import Block, RejectedRow, RowReader

#: Bytes that a spooled file keeps in memory.
IN_MEMORY = 1024 * 1024


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
    """

    raw: bytes
    origin: RequestOrigin
    language: str

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
            answer = stack.enter_context(_spooled_file())
            ids = log.first_ids(self.origin)
            if ids is None and self._record(assessor, log, answer):
                replayed = False
            else:
                # The key came before, or another request took it just now.
                ids = ids or log.first_ids(self.origin) or []
                replayed = True
                answer.truncate(0)
                self._repeat(log, ids, answer, assessor.model)
            answer.seek(0)
            stack.pop_all()
        return answer, replayed

    @property
    def _columns(self) -> DecisionColumns:
        return DecisionColumns(logged=True, language=self.language)

    def _open(self, model: Model) -> CsvTable:
        taken, whole = self._columns.types, model.whole_fields
        return open_table(io.BytesIO(self.raw), model.schema, taken=taken, whole=whole)

    def _record(self, assessor: Assessor, log: DecisionLog, answer: BinaryIO) -> bool:
        """Decide on every row and log it; return whether the idempotency key was free."""
        table = self._open(assessor.model)
        self._begin(answer, table)
        ids, moment = [], log.now()
        with _spooled_file() as spooled:
            for block, applicants in _read_all(table, assessor.model.schema):
                decisions = list(assess_chunks(assessor, applicants))
                ids += [decision.decision_id for decision in decisions]
                spooled.write(dumps_bytes(to_rows(decisions, self.origin)) + b"\n")
                self._write(answer, table, block, decisions)
            spooled.seek(0)
            return log.record_rows(_rows_of(spooled), self.origin, ids=ids, moment=moment)

    def _repeat(self, log: DecisionLog, ids: Sequence[str], answer: BinaryIO, model: Model) -> None:
        """Write the answer from decisions that are in the log."""
        table = self._open(model)
        self._begin(answer, table)
        begin = 0
        for block in table.blocks():
            decisions = log.find_all(ids[begin : begin + len(block.numbers)])
            begin += len(block.numbers)
            self._write(answer, table, block, decisions)

    def _begin(self, answer: BinaryIO, table: CsvTable) -> None:
        answer.write(f"{to_line([*table.columns, *self._columns.types])}{table.newline}".encode())

    def _write(
        self, answer: BinaryIO, table: CsvTable, block: Block, decisions: Sequence[Decision]
    ) -> None:
        ends = map(self._columns.text, decisions)
        for line, end in zip(block.lines(), ends, strict=True):
            answer.write(line + f",{end}{table.newline}".encode())


def _read_all(table: CsvTable, schema: Schema) -> Iterator[tuple[Block, list[Applicant]]]:
    """Read the applicants of each block; after the first fault, only collect further ones."""
    reader = RowReader(schema, table)
    faults: list[Fault] = []
    rows = 0
    for block in table.blocks():
        applicants = []
        for index, line in enumerate(block.numbers):
            row = reader.applicant(block, index)
            if isinstance(row, RejectedRow):
                faults += [replace(fault, line=line) for fault in row.faults]
            else:
                applicants.append(row)
            if len(faults) >= MOST_FAULTS:
                raise InvalidApplicants(faults[:MOST_FAULTS])
        rows += len(block.numbers)
        if not faults:
            yield block, applicants
    if not rows:
        faults.append(Fault("no_rows", "", say("no_rows"), 1))
    if faults:
        raise InvalidApplicants(faults)


def _spooled_file() -> BinaryIO:
    return cast(BinaryIO, SpooledTemporaryFile(IN_MEMORY))  # callers close it


def _rows_of(file: BinaryIO) -> Iterator[list[Row]]:
    """Read spooled rows, a block at a time."""
    return ([tuple(row) for row in json.loads(line)] for line in file)
