"""The routes that people look at."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

bp = Blueprint("pages", __name__)


@bp.get("/")
def home() -> ResponseReturnValue:
    """Lead whoever opens the address in a browser to something to look at."""
    return redirect("/docs")


@bp.get("/docs")
def docs() -> ResponseReturnValue:
    """Show the OpenAPI description in a browser, from this service's own files."""
    return render_template("docs.html")
