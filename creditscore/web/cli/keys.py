"""Commands for the shell: `keys new`, `list` and `revoke`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from creditscore.web import api_keys
from creditscore.web.cli.options import in_one_line
from creditscore.web.service import service

keys = AppGroup("keys", help="API keys: create, list and revoke them.")


def _check_name(_: click.Context, __: click.Parameter, name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}", name, re.ASCII):
        raise click.BadParameter("must be 1 to 64 letters, digits, spaces, dots, _ or -")
    return name


@keys.command()
@click.option("--name", required=True, callback=_check_name, help="Who or what it is for.")
@in_one_line
def new(name: str) -> None:
    """Create a key and show it, only this once."""
    key, secret = api_keys.issue(service().log.database, name, datetime.now(UTC))
    click.echo(
        f"API key for {name} ({key.key_id}). Copy it now, it will not be shown again:", err=True
    )
    # Alone on the standard output, so that a script can take it.
    click.echo(secret)
    click.echo("POST /predict now requires a key.", err=True)


@keys.command("list")
@in_one_line
def list_keys() -> None:
    """List all keys: name, id, when each was created, and whether it is accepted."""
    rows = [("NAME", "ID", "CREATED (UTC)", "STATE")]
    for key in api_keys.read_keys(service().log.database):
        state = f"revoked {key.revoked_at:%F %T}" if key.revoked_at else "active"
        rows.append((key.name, key.key_id, f"{key.created_at:%F %T}", state))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@keys.command()
@click.argument("name")
@in_one_line
def revoke(name: str) -> None:
    """Revoke a key, given its name or id; every process refuses it at once."""
    revoked = api_keys.revoke(service().log.database, name, datetime.now(UTC))
    click.echo(f"The API key {revoked.name} ({revoked.key_id}) is revoked.", err=True)
