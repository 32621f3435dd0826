"""Commands for the shell: `flask keys new`, `list` and `revoke`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from flask.cli import AppGroup

from creditscore.errors import CreditScoreError
from creditscore.web import api_keys
from creditscore.web.service import service

keys = AppGroup("keys", help="API keys: make, list and revoke them.")

P = ParamSpec("P")
R = TypeVar("R")


def in_one_line(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command that fails say why in one line, and exit with a status that is not 0."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return command(*arguments, **options)
        except CreditScoreError as error:
            raise click.ClickException(str(error)) from None

    return run


def _check_name(_: click.Context, __: click.Parameter, name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}", name, re.ASCII):
        raise click.BadParameter("must be 1 to 64 letters, digits, spaces, dots, _ or -")
    return name


@keys.command()
@click.option("--name", required=True, callback=_check_name, help="Whom or what it is for.")
@in_one_line
def new(name: str) -> None:
    """Make a key and show it, this once."""
    made, secret = api_keys.issue(service().log.database, name, datetime.now(UTC))
    click.echo(f"{made.key_id}, for {name}. Keep it now, it is not shown again:", err=True)
    # Alone on the standard output, so that a script can take it.
    click.echo(secret)
    click.echo("From now on POST /predict asks for a key.", err=True)


@keys.command("list")
@in_one_line
def list_keys() -> None:
    """List all keys, by what is kept of them."""
    for key in api_keys.read_keys(service().log.database):
        state = f"revoked {key.revoked_at:%F %T}" if key.revoked_at else "accepted"
        click.echo(f"{key.key_id}\t{key.created_at:%F %T}\t{state}\t{key.name}")


@keys.command()
@click.argument("name")
@in_one_line
def revoke(name: str) -> None:
    """Accept a key no longer, given its name or id; every process knows at once."""
    revoked = api_keys.revoke(service().log.database, name, datetime.now(UTC))
    click.echo(f"{revoked.key_id}, for {revoked.name}, is accepted no longer.", err=True)
