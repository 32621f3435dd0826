"""A table that a person uploaded: CSV of any kind or a workbook, checked, then scored.

Other than a request of a program, whose table is refused whole for one faulty row, the valid rows
are decided on and the others are listed with their faults, as score.py does.
"""

from __future__ import annotations

import codecs
import io
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from typing import BinaryIO

from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.assessor import Assessor, timestamp
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.decisions.record import COLUMNS, RequestOrigin, to_milliseconds
from creditscore.errors import Fault, InvalidApplicants, NotATable
from creditscore.i18n.catalogue import DECIMAL_SIGNS, in_language, say
from creditscore.readers import TableFile, open_csv
from creditscore.readers.detection import file_kind
from creditscore.readers.file_format import EXCEL
from creditscore.readers.workbook_process import (
    WorkbookFile,
    can_read_workbooks,
    read_workbook,
)
from creditscore.schema.csv_cells import to_line
from creditscore.schema.table_columns import field_names
from creditscore.scorecard.model import Model
from creditscore.tables.csv_table import open_table
from creditscore.tables.excel_table import excel_table
from creditscore.tables.output import without
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
from creditscore.tables.table import Block, RejectedRow, Style, Table
from creditscore.tables.table_check import RowSample, check_table

#: Where a row of the log has its scorecard and its label.
_SCORECARD, _LABEL = (COLUMNS.index(name) - 2 for name in ("scorecard", "label"))

#: The share of a table that is read at most, before all of it is decided.
MAX_SHARE_READ = 0.99


@dataclass
class ScoredTable:
    """The result of scoring, as two files of CSV that Excel reads as UTF-8; the caller closes them.

    Attributes
    ----------
    scored, rejects : file
        The valid rows, each with its decision behind it; and the others, each behind its line and
        what is wrong with it.
    counts : Counter
        Decisions by scorecard and label.
    share : float or None
        How much of the table has been read; None if that is not known, 1 when all decisions are
        made and only have to be logged.
    sample : RowSample
        The number of rows, and the first rejected ones.
    """

    scored: BinaryIO
    rejects: BinaryIO
    sample: RowSample
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    share: float | None = None

    def close(self) -> None:
        """Remove the files."""
        self.scored.close()
        self.rejects.close()


@dataclass(frozen=True)
class UploadedTable:
    """A table as it came.

    Attributes
    ----------
    raw : bytes
        The file.
    model : Model
    language : str
        The language of the reasons' texts and of the faults.
    """

    raw: bytes
    model: Model
    language: str

    @cached_property
    def _workbook(self) -> WorkbookFile | None:
        if file_kind(self.raw) != EXCEL:
            return None
        if not can_read_workbooks():
            # The command that installs it would show a client where the service lies.
            raise NotATable("not_csv", say("no_workbooks_here"), 1)
        schema = self.model.schema
        return read_workbook(self.raw, column_names=field_names(schema), stated=schema.file)

    def close(self) -> None:
        """Remove what was read of a workbook."""
        if (workbook := self.__dict__.get("_workbook")) is not None:
            workbook.close()

    def read_header(self) -> TableFile:
        """Find out how the table is written, and read its header.

        Raises
        ------
        NotATable
            If it is no table.
        """
        schema = self.model.schema
        return self._workbook or open_csv(
            io.BytesIO(self.raw), column_names=field_names(schema), stated=schema.file
        )

    def check(self) -> RowSample:
        """Read all rows, and decide on none; errors as of `decide`."""
        sample = check_table(self._open()[0], self.model.schema)
        if not sample.valid + sample.rejected:
            raise InvalidApplicants([Fault("no_rows", "", say("no_rows"))])
        return sample

    def decide(
        self, assessor: Assessor, log: DecisionLog, origin: RequestOrigin
    ) -> Generator[ScoredTable]:
        """Decide on all valid rows, and log the decisions in one transaction.

        Parameters
        ----------
        assessor : Assessor
            Of the model.
        log : DecisionLog
        origin : RequestOrigin
            Its idempotency key must differ for another model, cut-off or table: what came before
            under the same one gets the ids of its first decisions again, and nothing is logged.

        Returns
        -------
        generator of ScoredTable
            The result so far. The last one is whole, and its decisions are in the log; only then
            the caller has to close it.

        Raises
        ------
        InvalidApplicants
            If it is no table, or with all that is wrong with its header; from the generator, if
            its rows cannot be read, there are none, or too many are rejected.
        """
        return self._decide(*self._open(), assessor, log, origin)

    def _decide(
        self,
        table: Table,
        columns: DecisionColumns,
        assessor: Assessor,
        log: DecisionLog,
        origin: RequestOrigin,
    ) -> Generator[ScoredTable]:
        with ExitStack() as stack:
            sample = RowSample(table, self.model.schema, max_first=0)
            scored_table = ScoredTable(spooled_file(), spooled_file(), sample)
            stack.callback(scored_table.close)
            if (yield from _score(table, columns, assessor, log, origin, scored_table)):
                stack.pop_all()
                yield scored_table
                return
        # Another request took the key just now.
        yield from self.decide(assessor, log, origin)

    def _open(self) -> tuple[Table, DecisionColumns]:
        """Open the table, and return the decision's columns as they are written behind it."""
        model, schema, workbook = self.model, self.model.schema, self._workbook
        columns = DecisionColumns(True, language=self.language, prefix=schema.decision_prefix)
        reserved_names = columns.types
        if workbook is not None:
            style = style_of(self.language)
            table: Table = excel_table(workbook, schema, reserved_names=reserved_names, style=style)
        else:
            table = open_table(
                io.BytesIO(self.raw),
                schema,
                reserved_names=reserved_names,
                whole_fields=model.whole_fields,
                size=len(self.raw),
            )
        return table, table.style.of(columns, schema)


def style_of(language: str) -> Style:
    """Return how Excel reads CSV where a language is spoken; a workbook itself does not tell."""
    return Style(";", decimal=",") if DECIMAL_SIGNS[language] == "," else Style()


def _score(
    table: Table,
    columns: DecisionColumns,
    assessor: Assessor,
    log: DecisionLog,
    origin: RequestOrigin,
    scored_table: ScoredTable,
) -> Generator[ScoredTable, None, bool]:
    """Decide on the rows; return whether their decisions are in the log."""
    first_ids = log.first_ids(origin)
    old_ids = iter(first_ids or ())
    moment = log.find_all(first_ids[:1])[0].decided_at if first_ids else log.now()
    write = partial(Result.of, columns=replace(columns, logged=False), origin=origin)
    scorer = Scorer(assessor, table, write=write, max_results=MAX_RESULTS)
    ids: list[str] = []
    for file in (scored_table.scored, scored_table.rejects):
        file.write(codecs.BOM_UTF8)
    write_header(scored_table.scored, table, columns)
    _write_line(scored_table.rejects, table, ["line", "faults", *table.columns])
    with spooled_file() as spool_file:
        for block in table.blocks():
            results = scorer.score(block)
            rejected = {
                index: row for index, row in enumerate(results) if isinstance(row, RejectedRow)
            }
            valid_results: Sequence[Result] = without(results, [*rejected])
            count = len(valid_results)
            block_ids = (
                list(islice(old_ids, count)) if first_ids else assessor.new_ids(moment, count)
            )
            ids += block_ids
            references = without(scorer.references(block), [*rejected])
            spool(spool_file, valid_results, block_ids, references)
            ends = logged_ends(valid_results, block_ids, timestamp(moment), columns.separator)
            write_rows(scored_table.scored, table, without(block.lines(), [*rejected]), ends)
            _reject(scored_table, table, block, rejected, columns.language or "")
            scored_table.counts.update(
                (str(result.template.values[_SCORECARD]), str(result.template.values[_LABEL]))
                for result in valid_results
            )
            share = table.share_read()
            # Some of what has been read waits for the next block.
            scored_table.share = share and min(share, MAX_SHARE_READ)
            yield scored_table
        if not ids and not scored_table.sample.rejected:
            raise InvalidApplicants([Fault("no_rows", "", say("no_rows"))])
        if first_ids or not ids:
            return True
        scored_table.share = 1.0
        yield scored_table
        rows = spooled_rows(spool_file, to_milliseconds(moment))
        return log.record_rows(rows, origin, ids=ids, moment=moment)


def _reject(
    scored_table: ScoredTable,
    table: Table,
    block: Block,
    rejected: dict[int, RejectedRow],
    language: str,
) -> None:
    """Write rejected rows, each behind its line and what is wrong with it."""
    scored_table.sample.add(block, rejected)
    for index, row in rejected.items():
        reason = "; ".join(in_language(fault.text, language) for fault in row.first_faults)
        _write_line(scored_table.rejects, table, [block.numbers[index], reason, *block.row(index)])


def _write_line(file: BinaryIO, table: Table, cells: Sequence[object]) -> None:
    style = table.style
    file.write(f"{to_line(cells, style.separator)}{style.newline}".encode())
