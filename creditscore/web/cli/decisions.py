"""Commands for the shell: `decisions replay`, `verify` and `backup`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import click
from flask.cli import AppGroup

from creditscore.decision_log.backup import back_up
from creditscore.decision_log.integrity import check_log, check_row
from creditscore.decision_log.replay import IDENTICAL, REPRODUCED, RESULTS, replay
from creditscore.decision_log.scan import Row, range_of, read_row, scan
from creditscore.scorecard import model_archive
from creditscore.scorecard.model import Model
from creditscore.web.cli.options import follow, in_one_line, progress_bar, since_option
from creditscore.web.service import service

decisions = AppGroup(
    "decisions",
    help="The decision log: verify, replay, export, back up and purge it; record outcomes.",
)

#: Models that are held in memory while decisions of several are replayed; the largest is 20 MB.
CACHED_MODELS = 4


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
