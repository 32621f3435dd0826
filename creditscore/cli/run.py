"""Serve from the working folder, with the sample model if there is none."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

import click

from creditscore.environment import python_command, server_command
from creditscore.errors import CreditScoreError
from creditscore.folders import WORKING_FOLDER
from creditscore.scorecard import artifact
from creditscore.scorecard.sample_model import save_sample_model
from creditscore.settings import PREFIX, Settings
from creditscore.settings_file import given_variables

MODEL_FOLDER = Settings.model_dir


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, with gunicorn, on Windows with waitress. Ctrl-C stops it."""
    parser = argparse.ArgumentParser(prog="creditscore run", description=main.__doc__)
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (%(default)s: this machine only)",
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="port to listen on (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        provide_model()
    except CreditScoreError as error:
        click.echo(f"creditscore run: {error}", err=True)
        return 1
    os.chdir(WORKING_FOLDER)
    command = server_command(options.host, options.port)
    if os.name != "nt":
        # The server takes this process's place: signals and exit status need no go-between.
        os.execv(sys.executable, command)
    return subprocess.call(command)


def provide_model() -> None:
    """Take the sample model unless there is any trace of a model, or the settings name one.

    Raises
    ------
    ArtifactError
        If it cannot be written.
    SettingsFileError
        If the settings file cannot be read.
    """
    # Someone's own model is never replaced, not even half of one: the server says what it lacks.
    names = (artifact.MODEL_FILE, artifact.MANIFEST_FILE)
    is_configured = f"{PREFIX}MODEL_DIR" in given_variables(os.environ)
    if is_configured or any((MODEL_FOLDER / name).exists() for name in names):
        return
    click.echo(
        f"No model in {MODEL_FOLDER}: taking the sample model, which is trained on made-up rows.\n"
        f"To train your own: {python_command('train.py', '--help')}",
        err=True,
    )
    save_sample_model(MODEL_FOLDER)
