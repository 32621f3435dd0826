"""The command `flask decisions purge`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import with_appcontext

from creditscore import retention
from creditscore.web.key_commands import in_one_line
from creditscore.web.service import service


class Limit(click.ParamType[datetime]):
    """How old decisions must be to go."""

    name = "age"

    def convert(self, value: Any, _: Any, __: Any) -> datetime:
        """Read it."""
        try:
            return retention.read_limit(str(value), datetime.now(UTC))
        except ValueError as error:
            self.fail(str(error))


@click.command()
@click.option(
    "--older-than", "limit", type=Limit(), required=True,
    help="An age, such as 25months, 800days or 3years, or a date, such as 2024-01-31.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Also decisions that are not 25 months old.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
@in_one_line
def purge(limit: datetime, force: bool, yes: bool) -> None:
    """Delete old decisions for good, and keep how many of which model and label they were.

    Refuses to delete what is less than 25 months old (12 CFR 1002.12(b)), unless forced.
    """
    log = service().log
    now = log.now()
    if not force and retention.is_too_young(limit, now):
        raise click.ClickException(
            f"refused: US law keeps decisions for {retention.MONTHS} months (12 CFR 1002.12(b)); "
            "where the law is another, say --force"
        )
    count = retention.count_older(log.database, limit)
    if not yes:
        if not sys.stdin.isatty():
            raise click.ClickException(f"{count:,} decisions would go for good: say --yes")
        click.confirm(f"Delete {count:,} decisions from before {limit:%F} for good?", abort=True)
    gone = 0
    shown = sys.stderr.isatty()
    with click.progressbar(length=count, file=sys.stderr, hidden=not shown) as bar:
        for some in retention.purge(log.database, limit, now=now):
            gone += some
            bar.update(some)
    click.echo(f"{gone:,} decisions from before {limit:%F %T} UTC deleted, and counted")
