"""The pages that people use: English and Indonesian, without JavaScript or with it."""

from flask import Flask

from creditscore.web.pages import routes


def register(app: Flask) -> None:
    """Add the pages to an app."""
    app.register_blueprint(routes.bp)


__all__ = ["register"]
