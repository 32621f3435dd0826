"""Commands for the shell: `flask decisions backup`."""

from __future__ import annotations

from pathlib import Path

import click

from creditscore.decision_log.backup import back_up
from creditscore.web.cli.decisions import decisions
from creditscore.web.cli.keys import in_one_line
from creditscore.web.service import service


@decisions.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@in_one_line
def backup_command(file: Path) -> None:
    """Copy the log, in an SQLite file, into a new FILE that only its owner can read.

    The service goes on meanwhile. The copy is the log of one moment, whole, and without damage;
    where something is wrong there is none.
    """
    count = back_up(service().log.database, file)
    click.echo(f"{count:,} decisions backed up to {file}", err=True)
