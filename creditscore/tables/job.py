"""Score a file of applicants into a file of decisions, which appears only when it is complete."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from creditscore.decisions.assessor import Assessor, Decision
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.decisions.record import new_decision_ids
from creditscore.errors import BatchError, Fault, InvalidApplicants
from creditscore.files import atomic_write, is_stream, open_output
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, in_language, say
from creditscore.readers.detection import file_kind
from creditscore.readers.excel_reader import open_excel
from creditscore.readers.file_format import EXCEL, PARQUET
from creditscore.readers.parquet_reader import require_pyarrow
from creditscore.readers.utf8_stream import BEGINNING
from creditscore.schema import Schema
from creditscore.schema.table_columns import field_names
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.settings import Settings
from creditscore.tables import csv_table
from creditscore.tables.excel_table import excel_table
from creditscore.tables.output import Counts, CsvOutput, Rejects
from creditscore.tables.parquet_table import ParquetOutput, open_parquet
from creditscore.tables.scorer import Scorer
from creditscore.tables.table import RejectedRow, Style, Table

if TYPE_CHECKING:
    from creditscore.decision_log.log import DecisionLog
    from creditscore.tables.logged_scorer import LoggingScorer

#: Means the standard input or the standard output.
STANDARD = Path("-")

#: Suffixes of Excel workbooks.
WORKBOOKS = frozenset({".xlsx", ".xls", ".xlsm", ".xlsb"})


@dataclass(frozen=True)
class Job:
    """One run: which file is scored, and what is written.

    Attributes
    ----------
    source, target : Path
        The files, or `STANDARD`.
    rejects : Path or None
        The file for rows that are not valid applicants; None to drop them.
    columns : DecisionColumns
        The columns that are written of each decision.
    run : str
        Name of the run, part of the idempotency keys of logged decisions.
    """

    source: Path
    target: Path
    rejects: Path | None
    columns: DecisionColumns
    run: str = ""


def run(
    job: Job, settings: Settings, *, progress: Callable[[Table, int], None] = lambda *_: None
) -> Counts:
    """Score a file.

    Parameters
    ----------
    progress : callable
        Called after each block with the table and the number of rows.

    Raises
    ------
    CreditScoreError
        If it fails; then there is neither a new target nor a new file of rejects.
    """
    check_paths(job)
    assessor = assessor_of(artifact.load(settings.model_dir), settings)
    with _open_log(job, settings, assessor) as log:
        return run_with(job, assessor, log=log, progress=progress)


def assessor_of(model: Model, settings: Settings) -> Assessor:
    """Return an Assessor of a model, with the cut-off of the settings."""
    return Assessor(
        model=model,
        policy=model.policy.with_cutoff(settings.cutoff),
        now=lambda: datetime.now(UTC),
        new_ids=new_decision_ids,
    )


def run_with(
    job: Job,
    assessor: Assessor,
    *,
    log: DecisionLog | None = None,
    may_be_empty: bool = False,
    progress: Callable[[Table, int], None] = lambda *_: None,
) -> Counts:
    """Score a file with a model that is loaded; parameters and errors as of `run`.

    A table without rows is an error unless it may be empty, as a part of a larger one may.
    """
    schema = assessor.model.schema
    try:
        with contextlib.ExitStack() as stack:
            table = _open_table(job, assessor.model, stack)
            job = replace(job, columns=table.style.of(job.columns, schema))
            output = _open_output(job, table, schema, stack)
            counts = _score_table(
                table,
                _scorer(job, assessor, log, table, output),
                output,
                Rejects(job.rejects, table.columns, table.style, stack),
                progress=lambda rows: progress(table, rows),
            )
            if not (counts.scored or counts.rejected or may_be_empty):
                raise InvalidApplicants([Fault("no_rows", "", say("no_rows"), 1)])
    except InvalidApplicants as error:
        fault, *_ = error.faults
        text = in_language(fault.text, DEFAULT_LANGUAGE)
        raise BatchError(f"{job.source}, line {fault.line}: {text}") from None
    except BrokenPipeError:
        # The reader of the standard output closed it, as `head` does: no error.
        raise
    except OSError as error:
        raise BatchError(f"{error.filename or job.target}: {error.strerror}") from None
    if job.rejects is not None and not counts.rejected and not is_stream(job.rejects):
        # A file left by an earlier run would be taken for this one's. A link to it stays.
        job.rejects.resolve().unlink(missing_ok=True)
    return counts


def _score_table(
    table: Table,
    scorer: Scorer[Any] | LoggingScorer[Any],
    output: CsvOutput | ParquetOutput,
    rejects: Rejects,
    *,
    progress: Callable[[int], None],
) -> Counts:
    """Score a table block by block; `progress` gets the number of rows of each."""
    counts = Counts()
    for block in table.blocks():
        results = scorer.score(block)
        rejected = []
        if RejectedRow in map(type, results):
            rejected = [i for i, result in enumerate(results) if type(result) is RejectedRow]
            first_reject = rejects.write(block, results, rejected)
            counts.first_reject = counts.first_reject or first_reject
        output.write(block, results, rejected)
        counts.scored += len(results) - len(rejected)
        counts.rejected += len(rejected)
        progress(len(results))
    return counts


def check_paths(job: Job) -> None:
    """Check that no file is both read and written, or written twice."""
    job_paths = (job.source, job.target, job.rejects)
    paths = [path for path in job_paths if path is not None and path != STANDARD]
    for index, path in enumerate(paths):
        for earlier_path in paths[:index]:
            if path.resolve() == earlier_path.resolve() or _is_same(path, earlier_path):
                raise BatchError(f"{path} and {earlier_path} are the same file: name another one")


def _is_same(first: Path, second: Path) -> bool:
    return first.exists() and second.exists() and first.samefile(second)


def is_parquet(path: Path) -> bool:
    """Check by its suffix whether a file is Parquet."""
    return path.suffix.lower() in {".parquet", ".pq"}


def _open_table(job: Job, model: Model, stack: contextlib.ExitStack) -> Table:
    schema = model.schema
    reserved_names = replace(job.columns, prefix=schema.decision_prefix).types
    if job.source == STANDARD:
        file, size = sys.stdin.buffer, None
    else:
        raw = stack.enter_context(job.source.open("rb", buffering=0))
        # Peeked at, as a pipe has no way back.
        buffered_file = stack.enter_context(io.BufferedReader(raw, buffer_size=BEGINNING))
        kind = PARQUET if is_parquet(job.source) else file_kind(buffered_file.peek())
        if kind == PARQUET:
            return open_parquet(job.source, schema, reserved_names=reserved_names)
        if kind == EXCEL:
            workbook = open_excel(job.source, column_names=field_names(schema), stated=schema.file)
            return excel_table(workbook, schema, reserved_names=reserved_names, style=Style())
        # A pipe has no size.
        file, size = buffered_file, os.fstat(raw.fileno()).st_size or None
    return csv_table.open_table(
        file, schema, reserved_names=reserved_names, whole_fields=model.whole_fields, size=size
    )


def _open_output(
    job: Job, table: Table, schema: Schema, stack: contextlib.ExitStack
) -> CsvOutput | ParquetOutput:
    types = job.columns.types
    if job.target.suffix.lower() in WORKBOOKS:
        raise BatchError(f"{job.target}: workbooks are read, not written: name a .csv file")
    if is_parquet(job.target):
        require_pyarrow()
        output = ParquetOutput(stack.enter_context(atomic_write(job.target)), table, schema, types)
        # Before the file takes its place; after a failure there is none.
        return stack.enter_context(contextlib.closing(output))
    if job.target == STANDARD:
        stack.callback(sys.stdout.buffer.flush)
        file: IO[bytes] = sys.stdout.buffer
    else:
        file = stack.enter_context(open_output(job.target))
    csv = CsvOutput(file, table.style, [*table.columns, *types])
    # A pipe gets nothing of a table that has no rows; a file does not appear then.
    if job.target != STANDARD:
        csv.begin()
    return csv


def _scorer(
    job: Job,
    assessor: Assessor,
    log: DecisionLog | None,
    table: Table,
    output: CsvOutput | ParquetOutput,
) -> Scorer[Any] | LoggingScorer[Any]:
    if isinstance(output, ParquetOutput):
        write: Callable[[Decision], Any] = job.columns.cells
    else:
        end = output.end

        def write(decision: Decision) -> bytes:
            return end(job.columns.text(decision))

    if log is None:
        return Scorer(assessor, table, write=write)
    from creditscore.tables.logged_scorer import LoggingScorer

    return LoggingScorer(assessor, log, table, write=write, run=job.run)


@contextlib.contextmanager
def _open_log(job: Job, settings: Settings, assessor: Assessor) -> Iterator[DecisionLog | None]:
    """Open the decision log while a table is scored, if its decisions are logged."""
    if not job.columns.logged:
        yield None
        return
    # Imported here, as loading the database driver takes time that runs without a log can save.
    from creditscore.decision_log.database import Database
    from creditscore.decision_log.log import DecisionLog
    from creditscore.decision_log.migrations import migrate

    database = Database(settings.database_url, journal=settings.sqlite_journal)
    with contextlib.closing(database):
        migrate(database)
        yield DecisionLog(database, now=assessor.now)
