"""The `flask` commands: API keys, the log of decisions, and the check of its figures."""

from flask import Flask

from creditscore.web.cli import decisions, export, keys, monitoring, outcomes, purge


def register(app: Flask) -> None:
    """Add the commands to an app."""
    app.cli.add_command(keys.keys)
    decisions.decisions.add_command(export.export_command)
    decisions.decisions.add_command(purge.purge_command)
    decisions.decisions.add_command(outcomes.outcomes_command)
    app.cli.add_command(decisions.decisions)
    app.cli.add_command(monitoring.monitoring)


__all__ = ["register"]
