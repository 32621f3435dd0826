"""The commands of `flask` and `creditscore`: API keys, the log of decisions, monitoring, models."""

from flask import Flask

from creditscore.web.cli import decisions, keys, models, monitoring

#: Each with its commands.
GROUPS = (keys.keys, decisions.decisions, monitoring.monitoring, models.models)


def register(app: Flask) -> None:
    """Add the commands to an app."""
    for group in GROUPS:
        app.cli.add_command(group)


__all__ = ["GROUPS", "register"]
