"""Commands for the shell: `models list`."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from creditscore.scorecard import model_archive
from creditscore.web.cli.options import in_one_line
from creditscore.web.service import service

models = AppGroup("models", help="The scorecards that decide, and those that did.")


@models.command("list")
@in_one_line
def list_models() -> None:
    """List the versions in service and in the archive, with the time of training, newest first.

    Decisions of each can be replayed.
    """
    svc = service()
    model_dir, serving = svc.settings.model_dir, svc.assessor.model
    for entry in model_archive.list_versions(model_dir, serving):
        if entry.version in serving.versions.values():
            click.echo(f"{entry.version}\t{entry.trained_at}\tin service")
        elif model_archive.is_archived(entry.version, model_dir):
            click.echo(f"{entry.version}\t{entry.trained_at}\tarchived")
