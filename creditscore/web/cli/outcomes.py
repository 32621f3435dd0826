"""Commands for the shell: `decisions outcomes`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
from flask.cli import with_appcontext

from creditscore.decision_log.outcome_batch import KNOWN, RECORDED, STATES
from creditscore.errors import ExportRefused
from creditscore.files import open_output
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE
from creditscore.readers import naming_file, open_table_file
from creditscore.schema.csv_cells import to_line
from creditscore.tables.outcome_rows import (
    REPORT,
    ReportedRow,
    check_table,
    read_table,
    record_rows,
    wanted_columns,
)
from creditscore.web.cli.options import in_one_line, progress_bar
from creditscore.web.service import service


@click.command("outcomes")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.csv",
    help="Write the state of each row to a CSV file too.",
)
@with_appcontext
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
    with _open_report(report) as out, naming_file(file):
        for rows in _record(file):
            for row in rows:
                counts[row.result.state] += 1
                line, decision_id, reference, _, state, *_, detail = row.cells(DEFAULT_LANGUAGE)
                columns = [f"line {line}", state, decision_id or reference or "", detail or ""]
                click.echo("\t".join(map(str, columns)).rstrip())
                if out is not None:
                    out.write(f"{to_line(row.cells(DEFAULT_LANGUAGE))}\n".encode())
    summary = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)
    click.echo(f"{sum(counts.values()):,} rows: {summary}")
    if sum(counts.values()) > counts[RECORDED] + counts[KNOWN]:
        click.get_current_context().exit(1)


def _record(file: Path) -> Iterator[list[ReportedRow]]:
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
def _open_report(report: Path | None) -> Iterator[IO[bytes] | None]:
    """Open the report, which takes its place when it is whole."""
    if report is None:
        yield None
        return
    try:
        with open_output(report) as file:
            file.write(f"{to_line(REPORT)}\n".encode())
            yield file
    except OSError as error:
        raise ExportRefused(f"{report} cannot be written: {error.strerror}") from None
