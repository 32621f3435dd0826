"""Commands for the shell: `decisions purge`."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

from creditscore.decision_log.retention import check_old_enough, count_older, purge
from creditscore.decisions.assessor import timestamp
from creditscore.web.cli.options import Age, in_one_line, progress_bar
from creditscore.web.service import service


@click.command("purge")
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
@with_appcontext
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
