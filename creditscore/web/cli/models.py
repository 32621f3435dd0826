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
    serving = svc.assessor.model
    trained = dict.fromkeys(serving.versions.values(), serving.manifest["trained_at"])
    trained |= model_archive.read_times(svc.settings.model_dir)
    for version, moment in sorted(trained.items(), key=lambda one: (one[1], one[0]), reverse=True):
        state = "in service" if version in serving.versions.values() else "archived"
        click.echo(f"{version}\t{moment}\t{state}")
