"""A file of applicants in, a file of decisions out: whole when it appears."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from creditscore.decisions.assessor import Assessor, Decision
from creditscore.decisions.batch_bulk import Bulk, Sort
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.decisions.decision_id import new_decision_id
from creditscore.errors import BatchError, InvalidApplicants
from creditscore.files import replacing
from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, in_language
from creditscore.schema import Schema
from creditscore.schema.constraints import Value
from creditscore.scorecard import artifact
from creditscore.scorecard.inference import LookupTableEngine
from creditscore.scorecard.model import Model
from creditscore.settings import Settings
from creditscore.tables import csv_table
from creditscore.tables.csv_table import CsvTable
from creditscore.tables.output import Counts, CsvOutput, Rejects, RowScorer, score_table
from creditscore.tables.parquet_table import ParquetOutput, open_parquet, require_pyarrow
from creditscore.tables.scorer import Scorer, Table, Together
from creditscore.tables.write_behind import WriteBehind, writing_behind

if TYPE_CHECKING:
    from creditscore.decision_log.log import DecisionLog

#: Stands for the standard input and the standard output.
STANDARD = Path("-")


@dataclass(frozen=True)
class Job:
    """What is to be scored, and how.

    Attributes
    ----------
    source, target : Path
        The files, or `STANDARD`.
    rejects : Path or None
        Where rows go that are no valid applicants; None for nowhere.
    columns : DecisionColumns
        What is wanted of each decision.
    run : str
        Tells two runs over the same rows apart, where decisions are logged.
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
        Is told of every block how many rows it had.

    Raises
    ------
    CreditScoreError
        If it cannot be done; then there is neither a new target nor a new file of rejects.
    """
    check_paths(job)
    assessor = assessor_of(artifact.load(settings.model_dir), settings)
    return run_with(job, assessor, log=_open_log(job, settings, assessor), progress=progress)


def assessor_of(model: Model, settings: Settings) -> Assessor:
    """Put a model to work as the settings ask for."""
    return Assessor(
        model=model,
        policy=model.policy.with_cutoff(settings.cutoff),
        now=lambda: datetime.now(UTC),
        new_id=new_decision_id,
    )


def run_with(
    job: Job,
    assessor: Assessor,
    *,
    log: DecisionLog | None = None,
    progress: Callable[[Table, int], None] = lambda *_: None,
) -> Counts:
    """Score a file with a model that is loaded; parameters and errors as of `run`."""
    schema = assessor.model.schema
    try:
        with contextlib.ExitStack() as stack:
            table = _open_table(job, schema, stack)
            output = _open_output(job, table, schema, stack)
            counts = score_table(
                table,
                _scorer(job, assessor, log, table, output),
                output,
                Rejects(job.rejects, table.columns, stack),
                progress=lambda rows: progress(table, rows),
            )
    except InvalidApplicants as error:
        fault, *_ = error.faults
        told = in_language(fault.text, FALLBACK_LANGUAGE)
        raise BatchError(f"{job.source}, line {fault.line}: {told}") from None
    except BrokenPipeError:
        # Whoever reads the standard output has enough: that is nobody's mistake.
        raise
    except OSError as error:
        raise BatchError(f"{error.filename or job.target}: {error.strerror}") from None
    if job.rejects is not None and not counts.rejected:
        # What an earlier run has left would be taken for this one's.
        job.rejects.unlink(missing_ok=True)
    return counts


def check_paths(job: Job) -> None:
    """Make sure that no file is written over that is read, or written twice."""
    named = (job.source, job.target, job.rejects)
    known = [path for path in named if path is not None and path != STANDARD]
    for place, path in enumerate(known):
        for other in known[:place]:
            if path.resolve() == other.resolve() or _is_same(path, other):
                raise BatchError(f"{path} and {other} are the same file: name another one")


def _is_same(path: Path, other: Path) -> bool:
    return path.exists() and other.exists() and path.samefile(other)


def is_parquet(path: Path) -> bool:
    """Tell by its ending whether a file is, or will be, Parquet; all others are CSV."""
    return path.suffix.lower() in {".parquet", ".pq"}


def _open_table(job: Job, schema: Schema, stack: contextlib.ExitStack) -> Table:
    taken = job.columns.types
    if is_parquet(job.source):
        return open_parquet(job.source, schema, taken=taken)
    if job.source == STANDARD:
        return csv_table.open_table(sys.stdin.buffer, schema, taken=taken)
    file = stack.enter_context(job.source.open("rb"))
    # A pipe has no size.
    size = os.fstat(file.fileno()).st_size or None
    return csv_table.open_table(file, schema, taken=taken, size=size)


def _open_output(
    job: Job, table: Table, schema: Schema, stack: contextlib.ExitStack
) -> CsvOutput | ParquetOutput:
    types = job.columns.types
    if is_parquet(job.target):
        require_pyarrow()
        output = ParquetOutput(stack.enter_context(replacing(job.target)), table, schema, types)
        # Before the file takes its place; after a failure there is none.
        return stack.enter_context(contextlib.closing(output))
    if job.target == STANDARD:
        stack.callback(sys.stdout.buffer.flush)
        file: BinaryIO | WriteBehind = sys.stdout.buffer
    else:
        file = stack.enter_context(writing_behind(stack.enter_context(replacing(job.target))))
    newline = table.newline if isinstance(table, CsvTable) else "\n"
    csv = CsvOutput(file, newline)
    csv.begin([*table.columns, *types])
    return csv


def _scorer(
    job: Job,
    assessor: Assessor,
    log: DecisionLog | None,
    table: Table,
    output: CsvOutput | ParquetOutput,
) -> RowScorer:
    if isinstance(output, ParquetOutput):
        return _plain_scorer(job, assessor, log, table, show=job.columns.cells)
    end = output.end
    if bulk := _bulk(job, assessor, table):

        def together(
            sorts: Sequence[Sort], accepted: Sequence[Sequence[Value | None]]
        ) -> list[bytes]:
            return list(map(end, bulk.texts(sorts, accepted)))

    def show(made: Decision) -> bytes:
        return end(job.columns.text(made))

    return _plain_scorer(job, assessor, log, table, show=show, together=together if bulk else None)


def _plain_scorer(
    job: Job,
    assessor: Assessor,
    log: DecisionLog | None,
    table: Table,
    *,
    show: Callable[[Decision], Any],
    together: Together[Any] | None = None,
) -> RowScorer:
    if log is not None:
        from creditscore.tables.logged_scorer import LoggingScorer

        return LoggingScorer(assessor, log, table, show=show, run=job.run)
    words = job.columns.language is not None
    return Scorer(assessor.model, assessor.assess, table, show=show, words=words, together=together)


def _bulk(job: Job, assessor: Assessor, table: Table) -> Bulk | None:
    """Find out whether one table of cells answers every valid row."""
    model = assessor.model
    (spec, *others) = model.schema.answering(table.columns)
    card = model.scorecards[spec.name]
    fields = [name for name in model.schema.fields if name in table.columns]
    if job.columns.logged:
        return None
    alone = not others and set(fields) == set(spec.fields)
    if (
        not alone
        or job.columns.language
        or not isinstance(model.engines[card.name], LookupTableEngine)
    ):
        return None
    return Bulk(model, assessor.policy, card, job.columns, fields)


def _open_log(job: Job, settings: Settings, assessor: Assessor) -> DecisionLog | None:
    if not job.columns.logged:
        return None
    # Only here: whoever logs nothing need not wait until the database's driver is loaded.
    from creditscore.decision_log.database import Database
    from creditscore.decision_log.log import DecisionLog
    from creditscore.decision_log.migrations import migrate

    database = Database(settings.database_url, journal=settings.sqlite_journal)
    migrate(database)
    return DecisionLog(database, now=assessor.now)
