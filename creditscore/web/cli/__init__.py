"""The commands of `flask` and `creditscore`: API keys, the log of decisions, monitoring, models."""

from flask import Flask

from creditscore.web.cli import decisions, export, keys, models, monitoring, outcomes, purge

decisions.decisions.add_command(export.export_command)
decisions.decisions.add_command(purge.purge_command)
decisions.decisions.add_command(outcomes.outcomes_command)

#: Each with its commands.
GROUPS = (keys.keys, decisions.decisions, monitoring.monitoring, models.models)


def register(app: Flask) -> None:
    """Add the commands to an app."""
    for group in GROUPS:
        app.cli.add_command(group)


__all__ = ["GROUPS", "register"]
