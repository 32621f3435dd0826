"""The `flask` commands: API keys, and export, replay, purge, check and backup of the log."""

from flask import Flask

from creditscore.web.cli import backup, decisions, export, keys, purge


def register(app: Flask) -> None:
    """Add the commands to an app."""
    app.cli.add_command(keys.keys)
    # Backup, export and purge have put themselves into the group of `decisions`.
    for part in (decisions, backup, export, purge):
        app.cli.add_command(part.decisions)


__all__ = ["register"]
