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
    made, secret = api_keys.issue(service().log.database, name, datetime.now(UTC))
    said = f"API key {made.key_id} for {name}; copy it now, it will not be shown again:"
    click.echo(said, err=True)
    # Alone on the standard output, so that a script can take it.
    click.echo(secret)
    click.echo("POST /predict now requires a key.", err=True)


@keys.command("list")
@in_one_line
def list_keys() -> None:
    """List all keys: id, time of creation, state and name; the keys themselves are not kept."""
    click.echo("id\tcreated (UTC)\tstate\tname", err=True)
    for key in api_keys.read_keys(service().log.database):
        state = f"revoked {key.revoked_at:%F %T}" if key.revoked_at else "accepted"
        click.echo(f"{key.key_id}\t{key.created_at:%F %T}\t{state}\t{key.name}")


@keys.command()
@click.argument("name")
@in_one_line
def revoke(name: str) -> None:
    """Revoke a key, given its name or id; every process refuses it at once."""
    revoked = api_keys.revoke(service().log.database, name, datetime.now(UTC))
    click.echo(f"{revoked.key_id}, for {revoked.name}, is revoked.", err=True)
