"""The pages that people use: English and Indonesian, without JavaScript or with it."""

from flask import Flask

from creditscore.web.pages import routes, session_pages, tables_page
from creditscore.web.pages.form import MAX_BYTES as MAX_FORM_BYTES
from creditscore.web.pages.layout import csrf_field, signed_in
from creditscore.web.pages.session_pages import show_refusal


def register(app: Flask) -> None:
    """Add the pages to an app."""
    app.register_blueprint(routes.bp)
    app.register_blueprint(tables_page.bp)
    app.register_blueprint(session_pages.bp)
    app.jinja_env.globals |= {"csrf_field": csrf_field, "signed_in": signed_in}


__all__ = ["MAX_FORM_BYTES", "register", "show_refusal"]
