"""The pages that people use: English and Indonesian, without JavaScript or with it."""

from flask import Flask

from creditscore.web.pages import routes, tables_page
from creditscore.web.pages.form import MOST_BYTES as MOST_FORM_BYTES


def register(app: Flask) -> None:
    """Add the pages to an app."""
    app.register_blueprint(routes.bp)
    app.register_blueprint(tables_page.bp)


__all__ = ["MOST_FORM_BYTES", "register"]
