"""The WSGI application, for any server: creditscore.cli.serve:app. And a server without gunicorn.

It is made when this module is imported, as servers do, with the settings of the environment and of
the file `.env`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import click

from creditscore.errors import StartupError
from creditscore.settings_file import load_settings
from creditscore.web import create_app, development_server

try:
    settings, warnings = load_settings(os.environ)
    app = create_app(settings)
except StartupError as error:
    # One line, and a status that gunicorn passes on, instead of a traceback per worker.
    click.echo(f"cannot start: {error}", err=True)
    sys.exit(3)
for sentence in warnings:
    app.logger.warning("%s", sentence)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve without gunicorn, on Windows or to look at something closely."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="(default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    return development_server.serve(app, options.host, options.port)


if __name__ == "__main__":
    sys.exit(main())
