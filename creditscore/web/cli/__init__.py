"""The `flask` commands: API keys, and export, replay, purge, check and backup of the log."""

from flask import Flask

from creditscore.web.cli import decisions, export, keys, purge


def register(app: Flask) -> None:
    """Add the commands to an app."""
    app.cli.add_command(keys.keys)
    decisions.decisions.add_command(export.export_command)
    decisions.decisions.add_command(purge.purge_command)
    app.cli.add_command(decisions.decisions)


__all__ = ["register"]
