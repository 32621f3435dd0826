"""A CSV request: decides on every row, and logs all decisions in one transaction or none.

Decisions are spooled to temporary files until all rows are known to be valid. Only then does the
transaction begin, so that other requests wait no longer than the writing takes.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, NamedTuple, cast

from creditscore.decision_log.idempotency import RequestOrigin
from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.assessor import Assessor, Decision, timestamp
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.decisions.record import Row, RowTemplate, to_milliseconds
from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import say
from creditscore.json_codec import dumps_bytes, loads
from creditscore.readers.detection import is_utf_8
from creditscore.schema import MOST_FAULTS, Schema
from creditscore.schema.csv_cells import to_line
from creditscore.scorecard.model import Model
from creditscore.tables.csv_table import CsvTable, open_table
from creditscore.tables.scorer import Scorer
from creditscore.tables.table import Block, RejectedRow

#: Bytes that a spooled file keeps in memory.
IN_MEMORY = 1024 * 1024

#: Results of different rows that are kept for equal ones to come: about 60 MB.
MOST_RESULTS = 10_000


class _Result(NamedTuple):
    """What follows from the fields' cells of a row: its row in the log, and of its answer.

    Both but for id, time and reference.
    """

    template: RowTemplate
    text: str


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
                answer.truncate(0)
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
            taken=columns.types,
            whole=model.whole_fields,
            encoding=self._encoding(schema),
        )
        return table, table.style.of(columns, schema)

    def _encoding(self, schema: Schema) -> str:
        """Return the encoding: the announced one, UTF-8, or the schema file's."""
        if self.charset is not None:
            return self.charset
        stated = schema.file.encoding
        return "utf-8" if stated is None or is_utf_8(self.raw) else stated

    def _record(self, assessor: Assessor, log: DecisionLog, answer: BinaryIO) -> bool:
        """Decide on every row and log it; return whether the idempotency key was free."""
        table, columns = self._open(assessor.model)
        _begin(answer, table, columns)
        write = partial(self._result, columns=replace(columns, logged=False))
        scorer = Scorer(assessor, table, write=write, most_results=MOST_RESULTS)
        separator = columns.separator
        ids, moment = [], log.now()
        at = timestamp(moment)
        with spooled_file() as spooled:
            for block, results in _score_all(scorer, table):
                new = assessor.new_ids(moment, len(results))
                ids += new
                _spool(spooled, results, new, scorer.references(block))
                ends = (
                    f"{decision_id}{separator}{at}{separator}{result.text}"
                    for decision_id, result in zip(new, results, strict=True)
                )
                _write(answer, table, block, ends)
            spooled.seek(0)
            rows = _rows_of(spooled, to_milliseconds(moment))
            return log.record_rows(rows, self.origin, ids=ids, moment=moment)

    def _result(self, decision: Decision, *, columns: DecisionColumns) -> _Result:
        origin = self.origin
        template = RowTemplate.of(
            decision,
            request_id=origin.request_id,
            key_id=origin.key_id,
            idempotency_key=origin.idempotency_key,
        )
        return _Result(template, columns.text(decision))

    def _repeat(self, log: DecisionLog, ids: Sequence[str], answer: BinaryIO, model: Model) -> None:
        """Write the answer from decisions that are in the log."""
        table, columns = self._open(model)
        _begin(answer, table, columns)
        begin = 0
        for block in table.blocks():
            decisions = log.find_all(ids[begin : begin + len(block.numbers)])
            begin += len(block.numbers)
            _write(answer, table, block, map(columns.text, decisions))


def _begin(answer: BinaryIO, table: CsvTable, columns: DecisionColumns) -> None:
    line = to_line([*table.columns, *columns.types], columns.separator)
    answer.write(f"{line}{table.style.newline}".encode())


def _write(answer: BinaryIO, table: CsvTable, block: Block, ends: Iterable[str]) -> None:
    separator, newline = table.style.separator, table.style.newline
    lines = zip(block.lines(), ends, strict=True)
    answer.writelines([line + f"{separator}{end}{newline}".encode() for line, end in lines])


def _score_all(scorer: Scorer[_Result], table: CsvTable) -> Iterator[tuple[Block, list[_Result]]]:
    """Score each block; after the first fault, only collect further ones."""
    faults: list[Fault] = []
    rows = 0
    for block in table.blocks():
        results = []
        for line, result in zip(block.numbers, scorer.score(block), strict=True):
            if isinstance(result, RejectedRow):
                faults += [replace(fault, line=line) for fault in result.faults]
                if len(faults) >= MOST_FAULTS:
                    raise InvalidApplicants(faults[:MOST_FAULTS])
            else:
                results.append(result)
        rows += len(block.numbers)
        if not faults:
            yield block, results
    if not rows:
        faults.append(Fault("no_rows", "", say("no_rows"), 1))
    if faults:
        raise InvalidApplicants(faults)


def spooled_file() -> BinaryIO:
    """Open a temporary file that is kept in memory while it is small."""
    return cast(BinaryIO, SpooledTemporaryFile(IN_MEMORY))  # callers close it


def _spool(
    file: BinaryIO, results: Sequence[_Result], ids: Sequence[str], references: Sequence[object]
) -> None:
    """Write the decisions of a block: each different result once, and which one each id has."""
    different = {id(result): result for result in results}
    numbers = {key: number for number, key in enumerate(different)}
    content = [
        [[*result.template] for result in different.values()],
        [numbers[id(result)] for result in results],
        ids,
        references,
    ]
    file.write(dumps_bytes(content) + b"\n")


def _rows_of(file: BinaryIO, milliseconds: int) -> Iterator[list[Row]]:
    """Read the rows of spooled decisions, a block at a time."""
    for line in file:
        content, numbers, ids, references = loads(line)
        templates = [RowTemplate(tuple(values), canonical) for values, canonical in content]
        yield [
            templates[number].row(decision_id, milliseconds, reference)
            for number, decision_id, reference in zip(numbers, ids, references, strict=True)
        ]
