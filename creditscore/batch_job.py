"""A file of applicants in, a file of decisions out: whole when it appears."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from creditscore import artefact, csv_table
from creditscore.assessment import Assessor, Decision
from creditscore.batch import Scorer, Table
from creditscore.batch_bulk import Bulk, Sort
from creditscore.batch_files import Counts, CsvOutput, Rejects, RowScorer, score_table
from creditscore.cells import Cells
from creditscore.config import Settings
from creditscore.decision_columns import DecisionColumns
from creditscore.decision_id import new_decision_id
from creditscore.errors import BatchError, InvalidApplicants
from creditscore.private_file import replacing
from creditscore.rule import Value
from creditscore.texts import FALLBACK_LANGUAGE, in_language

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
    model = artefact.load(settings.model_dir)
    assessor = Assessor(
        model=model,
        policy=model.policy.with_cutoff(settings.cutoff),
        now=lambda: datetime.now(UTC),
        new_id=new_decision_id,
    )
    try:
        with contextlib.ExitStack() as stack:
            file, size = _open_source(job.source, stack)
            table = csv_table.open_table(file, model.schema, taken=job.columns.types, size=size)
            output = CsvOutput(_open_target(job.target, stack), table.newline)
            output.begin([*table.columns, *job.columns.types])
            counts = score_table(
                table,
                _scorer(job, settings, assessor, table, output),
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


def _open_source(path: Path, stack: contextlib.ExitStack) -> tuple[BinaryIO, int | None]:
    if path == STANDARD:
        return sys.stdin.buffer, None
    file = stack.enter_context(path.open("rb"))
    size = os.fstat(file.fileno()).st_size
    # A pipe has no size.
    return file, size or None


def _open_target(path: Path, stack: contextlib.ExitStack) -> BinaryIO:
    if path == STANDARD:
        stack.callback(sys.stdout.buffer.flush)
        return sys.stdout.buffer
    return stack.enter_context(replacing(path))


def _scorer(
    job: Job, settings: Settings, assessor: Assessor, table: Table, output: CsvOutput
) -> RowScorer:
    def show(made: Decision) -> str:
        return output.end(job.columns.text(made))

    if job.columns.logged:
        return _logging_scorer(job, settings, assessor, table, show)
    bulk = _bulk(job, assessor, table)

    def together(sorts: Sequence[Sort], accepted: Sequence[Sequence[Value | None]]) -> list[str]:
        assert bulk is not None
        return list(map(output.end, bulk.texts(sorts, accepted)))

    return Scorer(
        assessor.model,
        assessor.assess,
        table,
        show=show,
        words=job.columns.language is not None,
        together=together if bulk is not None else None,
    )


def _bulk(job: Job, assessor: Assessor, table: Table) -> Bulk | None:
    """Find out whether one table of cells answers every valid row."""
    model = assessor.model
    (spec, *others) = model.schema.answering(table.columns)
    card = model.scorecards[spec.name]
    fields = [name for name in model.schema.fields if name in table.columns]
    alone = not others and set(fields) == set(spec.fields)
    if not alone or job.columns.language or not isinstance(model.engines[card.name], Cells):
        return None
    return Bulk(model, assessor.policy, card, job.columns, fields)


def _logging_scorer(
    job: Job,
    settings: Settings,
    assessor: Assessor,
    table: Table,
    show: Callable[[Decision], str],
) -> RowScorer:
    # Only here: whoever logs nothing need not wait until the database's driver is loaded.
    from creditscore.batch_log import LoggingScorer
    from creditscore.database import Database
    from creditscore.decision_log import DecisionLog
    from creditscore.migrations import migrate

    database = Database(settings.database_url, journal=settings.sqlite_journal)
    migrate(database)
    log = DecisionLog(database, now=assessor.now)
    return LoggingScorer(assessor, log, table, show=show, run=job.run)
