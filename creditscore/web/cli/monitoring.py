"""Commands for the shell: `monitoring check`."""

from __future__ import annotations

from datetime import datetime, timedelta
from traceback import format_exc
from typing import Any

import click
from flask.cli import AppGroup

from creditscore.errors import CreditScoreError
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, in_language
from creditscore.monitoring.monitor import DEFAULT_DAYS
from creditscore.monitoring.periods import PERIODS, Window
from creditscore.monitoring.trigger_texts import describe_trigger
from creditscore.monitoring.verdicts import FAILS
from creditscore.web.cli.options import since_option
from creditscore.web.monitoring_check import store_check, watch
from creditscore.web.service import service

monitoring = AppGroup("monitoring", help="Live figures, held against those of training.")

#: Exit statuses: a trigger fires, the check could not be made, and a fault of the program
#: (EX_SOFTWARE), for which Python would exit with 1 as if a trigger fired.
FIRED, FAILED, CRASHED = 1, 2, 70


class _Check(click.Command):
    """A command whose crash has an exit status of its own."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; print a traceback and exit with `CRASHED` if it has a fault."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception:  # noqa: BLE001  # a fault can be of any kind, and none is a trigger
            click.echo(format_exc(), err=True)
            ctx.exit(CRASHED)


@monitoring.command(cls=_Check)
@since_option
@click.option("--by", type=click.Choice(PERIODS), help="Length of periods; else by the span.")
def check(since: datetime | None, by: str | None) -> None:
    """Hold the figures of the last 30 days against the triggers for revalidation.

    Prints each trigger that fires, in a line, and exits with 1; with 0 if none does, with 2 if the
    check cannot be made, and with 70 if it has a fault. Notices go to standard error and do not
    change the exit status. The verdicts are kept for /metrics.
    """
    svc = service()
    now = svc.log.now()
    window = Window(now - timedelta(days=DEFAULT_DAYS) if since is None else since, now)
    if window.since >= now:
        raise click.BadParameter("must lie in the past", param_hint="--since")
    try:
        report = watch(svc, window, by)
        store_check(svc.settings.runtime_dir, report, checked_at=now.timestamp())
    except (CreditScoreError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        click.get_current_context().exit(FAILED)
    for trigger in report["reasons"]:
        text = in_language(describe_trigger(trigger, svc.assessor.model.schema), DEFAULT_LANGUAGE)
        click.echo(
            f"{trigger['scorecard']}\t{trigger['verdict']}\t{text}", err=trigger["verdict"] != FAILS
        )
    click.echo(
        f"{report['decisions']:,} decisions: {report['verdict'].replace('_', ' ')}", err=True
    )
    if report["verdict"] == FAILS:
        click.get_current_context().exit(FIRED)
