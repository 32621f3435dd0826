"""The routes that programs use."""

from flask import Flask

from creditscore.web.api import decisions, monitoring, outcomes, predict


def register(app: Flask) -> None:
    """Add the routes to an app."""
    for module in (predict, decisions, outcomes, monitoring):
        app.register_blueprint(module.bp)


__all__ = ["register"]
