"""Commands for the shell: `decisions export`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

import click
from flask.cli import with_appcontext

from creditscore.decision_log import export
from creditscore.decision_log.scan import LogRange, range_of, scan
from creditscore.errors import ExportRefused
from creditscore.files import open_output
from creditscore.web.cli.options import Time, follow, in_one_line, progress_bar, since_option
from creditscore.web.service import service

STANDARD_OUTPUT = Path("-")


@click.command("export")
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
@with_appcontext
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
    with _open(output) as file, progress_bar(len(log_range) * (2 if table else 1)) as advance:
        for rows, chunk in _chunks(log_range, advance, table=table):
            file.write(chunk)
            count += rows
    click.echo(f"{count:,} decisions exported", err=True)


def _chunks(
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


@contextlib.contextmanager
def _open(output: Path) -> Iterator[IO[bytes]]:
    """Open the standard output, or a file that takes its place when it is whole."""
    if output == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        with open_output(output) as file:
            yield file
    except OSError as error:
        raise ExportRefused(f"{output} cannot be written: {error.strerror}") from None
