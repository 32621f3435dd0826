"""Commands for the shell: `decisions replay`, `verify`, `backup`, `export`, `purge`, `outcomes`."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO
from uuid import UUID

import click
from flask.cli import AppGroup

from creditscore.decision_log import export
from creditscore.decision_log.backup import back_up
from creditscore.decision_log.integrity import check_log, check_row
from creditscore.decision_log.outcome_batch import KNOWN, RECORDED, STATES
from creditscore.decision_log.replay import IDENTICAL, REPRODUCED, RESULTS, replay
from creditscore.decision_log.retention import check_old_enough, count_older, purge
from creditscore.decision_log.scan import LogRange, Row, range_of, read_row, scan
from creditscore.decisions.assessor import timestamp
from creditscore.errors import ExportRefused
from creditscore.files import open_output
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE
from creditscore.readers import naming_file, open_table_file
from creditscore.schema.csv_cells import to_line
from creditscore.scorecard import model_archive
from creditscore.scorecard.model import Model
from creditscore.tables.outcome_rows import (
    REPORT,
    ReportedRow,
    check_table,
    read_table,
    record_rows,
    wanted_columns,
)
from creditscore.web.cli.options import (
    Age,
    Time,
    follow,
    in_one_line,
    progress_bar,
    since_option,
)
from creditscore.web.service import service

decisions = AppGroup(
    "decisions",
    help="The decision log: verify, replay, export, back up and purge it; record outcomes.",
)

#: Models that are held in memory while decisions of several are replayed; the largest is 20 MB.
CACHED_MODELS = 4

STANDARD_OUTPUT = Path("-")


@decisions.command("replay")
@click.argument("decision_id", metavar="[ID]", type=click.UUID, required=False)
@click.option("--all", "everything", is_flag=True, help="Every decision of the log.")
@since_option
@in_one_line
def replay_command(decision_id: UUID | None, everything: bool, since: datetime | None) -> None:
    """Score logged inputs with the model that decided, and compare to the last bit.

    Prints each decision that is not identical, and exits with 1 if one cannot be explained.
    """
    if sum([decision_id is not None, everything, since is not None]) != 1:
        raise click.UsageError("say which: one ID, --all, or --since TIME")
    counts = dict.fromkeys(RESULTS, 0)
    find_model = _find_model()
    for rows in _read_rows(decision_id, since):
        for result in replay(rows, find_model):
            counts[result.kind] += 1
            if result.kind != IDENTICAL or decision_id is not None:
                _print("\t".join([result.decision_id, result.kind, result.detail]).strip())
    summary = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    _print(f"{sum(counts.values()):,} replayed: {summary or 'there is none'}")
    _exit_unless(all(kind in REPRODUCED for kind, count in counts.items() if count))


@decisions.command()
@in_one_line
def verify() -> None:
    """Check every row by itself, and the log as a whole, for changes behind the service's back.

    Prints each fault, and exits with 1 if there is one.
    """
    checked = faulty = 0
    for rows in _read_rows():
        for row in rows:
            faults = check_row(row)
            checked, faulty = checked + 1, faulty + bool(faults)
            for fault in faults:
                _print(f"{row['id']}\t{fault}")
    report = check_log(service().log.database)
    for line in (*report.faults, *report.notes):
        _print(f"the log\t{line}")
    log_faults = f", {len(report.faults)} of the log as a whole" if report.faults else ""
    _print(f"{checked:,} verified: {faulty:,} with faults{log_faults}")
    _exit_unless(not faulty and not report.faults)


@decisions.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@in_one_line
def backup_command(file: Path) -> None:
    """Copy the log, in an SQLite file, into a new FILE that only its owner can read.

    The service keeps running. The copy is the log of one moment, complete and checked; if something
    is wrong, no copy is written.
    """
    count = back_up(service().log.database, file)
    click.echo(f"{count:,} decisions backed up to {file}", err=True)


@decisions.command("export")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="JSON Lines holds all, exactly; CSV is for spreadsheets.",
)
@since_option
@click.option("--until", type=Time(), help="Only decisions from before then.")
@click.option(
    "--output",
    type=click.Path(allow_dash=True, path_type=Path),
    required=True,
    metavar="FILE|-",
    help="Where to; - is the standard output.",
)
@in_one_line
def export_command(kind: str, since: datetime | None, until: datetime | None, output: Path) -> None:
    """Write logged decisions to a file that only its owner can read.

    It holds personal data. It takes its place when it is whole, and not at all after a failure.
    """
    if since is not None and until is not None and since >= until:
        raise click.UsageError("--since must be before --until")
    log_range = range_of(service().log.database, since=since, until=until)
    table = kind == "csv"
    count = 0
    opened = _standard_output() if output == STANDARD_OUTPUT else _open(output)
    with opened as file, progress_bar(len(log_range) * (2 if table else 1)) as advance:
        for rows, chunk in _export_chunks(log_range, advance, table=table):
            file.write(chunk)
            count += rows
    click.echo(f"{count:,} decisions exported", err=True)


@decisions.command("purge")
@click.option(
    "--older-than",
    "before",
    type=Age(),
    required=True,
    metavar="PERIOD|DATE",
    help="Such as 25months, P2Y1M or 2024-10-31.",
)
@click.option("--force", is_flag=True, help="Although they are younger than 25 months.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_one_line
def purge_command(before: datetime, force: bool, yes: bool) -> None:
    """Delete old decisions for good, with their outcomes and idempotency keys.

    How many there were, of which model and label, stays in the log. The service keeps running.
    """
    now, database = datetime.now(UTC), service().log.database
    check_old_enough(before, now=now, force=force)
    count = count_older(database, before)
    scope = f"{count:,} decisions from before {timestamp(before)}"
    if count and not yes:
        if not sys.stdin.isatty():
            raise click.UsageError(f"there is no terminal to ask: give --yes to delete {scope}")
        click.confirm(f"Delete {scope}, for good?", abort=True, err=True)
    total, start = 0, time.monotonic()
    with progress_bar(count) as advance:
        for batch in purge(database, before, now=now):
            total += batch
            advance(batch)
            # As long as it took: the service's own transactions get their turn.
            time.sleep(time.monotonic() - start)
            start = time.monotonic()
    click.echo(f"{total:,} decisions purged from before {timestamp(before)}", err=True)


@decisions.command("outcomes")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.csv",
    help="Write the state of each row to a CSV file too.",
)
@in_one_line
def outcomes_command(file: Path, report: Path | None) -> None:
    """Record the outcomes in FILE: columns decision_id or reference, and defaulted.

    The column is called defaulted whatever the schema file calls the outcome, and says yes or no
    (also true or false, 1 or 0). A table of decisions as the log gives it can be filled in: without
    a column defaulted, its outcome.defaulted is read, and rows in which that is empty are passed
    over.

    FILE is CSV of any separator and encoding, an Excel workbook or Parquet. Prints the state of
    each row, and exits with 1 if one was not recorded and is not known either. The same file can be
    sent again: its outcomes are known then, and nothing changes.
    """
    counts = dict.fromkeys(STATES, 0)
    with _open(report) if report else nullcontext() as out, naming_file(file):
        if out is not None:
            out.write(f"{to_line(REPORT)}\n".encode())
        for rows in _record_outcomes(file):
            for row in rows:
                counts[row.result.state] += 1
                cells = row.cells(DEFAULT_LANGUAGE)
                line, decision_id, reference, _, state, *_, detail = cells
                columns = [f"line {line}", state, decision_id or reference or "", detail or ""]
                click.echo("\t".join(map(str, columns)).rstrip())
                if out is not None:
                    out.write(f"{to_line(cells)}\n".encode())
    summary = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)
    click.echo(f"{sum(counts.values()):,} rows: {summary}")
    _exit_unless(sum(counts.values()) == counts[RECORDED] + counts[KNOWN])


def _read_rows(
    decision_id: UUID | None = None, since: datetime | None = None
) -> Iterator[list[Row]]:
    """Read one row, or a range of them page by page, with a progress bar."""
    database = service().log.database
    if decision_id is not None:
        with database.reading() as connection:
            row = read_row(connection, str(decision_id))
        yield [row]
        return
    log_range = range_of(database, since=since)
    with progress_bar(len(log_range)) as advance:
        yield from follow(scan(database, log_range), log_range, advance)


def _find_model() -> Callable[[str], Model]:
    """Return a function that loads the model of a version, with a cache."""
    svc = service()

    @lru_cache(CACHED_MODELS)
    def find(version: str) -> Model:
        return model_archive.load_version(version, svc.settings.model_dir, svc.assessor.model)

    return find


def _print(line: str) -> None:
    """Print a line, in place of the bar where there is one."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    click.echo(line)


def _exit_unless(success: bool) -> None:
    if not success:
        click.get_current_context().exit(1)


def _export_chunks(
    log_range: LogRange, advance: Callable[[int], None], *, table: bool
) -> Iterator[tuple[int, bytes]]:
    """Return the text of a range page by page, and how many decisions are in each."""
    database = service().log.database
    columns = []
    if table:
        fields = scan(database, log_range, columns=export.BY_FIELD)
        columns = export.columns_of(follow(fields, log_range, advance))
        yield 0, export.to_csv_header(columns)
    rows = follow(scan(database, log_range), log_range, advance)
    for page in export.read(database, rows):
        yield len(page), export.to_csv(page, columns) if table else export.to_json_lines(page)


def _record_outcomes(file: Path) -> Iterator[list[ReportedRow]]:
    """Record the rows of a file, once all of it is known to be readable."""
    svc = service()
    prefix = svc.assessor.model.schema.decision_prefix
    columns = wanted_columns(prefix)
    with open_table_file(file, column_names=columns) as table:
        count = check_table(table, prefix=prefix)
    with open_table_file(file, column_names=columns) as table, progress_bar(count) as advance:
        rows = read_table(table, prefix=prefix)
        for batch in record_rows(rows, svc.log.database, now=svc.log.now, key_id=None):
            yield batch
            advance(len(batch))


@contextlib.contextmanager
def _standard_output() -> Iterator[IO[bytes]]:
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextlib.contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes its place when it is whole."""
    try:
        with open_output(path) as file:
            yield file
    except OSError as error:
        raise ExportRefused(f"{path} cannot be written: {error.strerror}") from None
