"""The routes that programs use."""

from flask import Flask

from creditscore.web.api import decisions, metrics_api, monitoring, predict


def register(app: Flask) -> None:
    """Add the routes to an app."""
    for part in (predict, decisions, monitoring, metrics_api):
        app.register_blueprint(part.bp)


__all__ = ["register"]
