"""The command `creditscore`: one for all that a person starts in a shell."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click
from flask.cli import ScriptInfo

import creditscore
from creditscore.environment import open_door, require_packages
from creditscore.web import cli


@click.group()
@click.version_option(creditscore.__version__, prog_name="creditscore")
@click.pass_context
def main(context: click.Context) -> None:
    """Train a scorecard, serve its decisions, and look after their log.

    Model, log and settings (.env) are in the current folder; CREDITSCORE_ variables go before it.
    """
    context.obj = ScriptInfo(create_app=lambda: open_door("app.py").app)


def _run(arguments: Sequence[str]) -> int:
    """Serve on 127.0.0.1:8000; with a sample model if there is none."""
    from creditscore.cli.run import main as run

    return run(arguments)


def _train(arguments: Sequence[str]) -> int:
    """Train the scorecards: data and its data dictionary in, model/ out."""
    return int(open_door("train.py").main(arguments))


def _score(arguments: Sequence[str]) -> int:
    """Score a file of applicants: a decision behind each row."""
    return int(open_door("score.py").main(arguments))


def _demo(arguments: Sequence[str]) -> int:
    """Serve a demo with months of made-up decisions, in a folder of its own."""
    require_packages("sklearn", "scipy")
    from creditscore.demo.command import main as demo

    return demo(arguments)


def _add(name: str, call: Callable[[Sequence[str]], int]) -> None:
    """Add a command that reads its own arguments, --help too."""

    @main.command(
        name,
        help=call.__doc__,
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(arguments: tuple[str, ...]) -> None:
        sys.exit(call(arguments))


for _name, _call in {"run": _run, "train": _train, "score": _score, "demo": _demo}.items():
    _add(_name, _call)
for _group in cli.GROUPS:
    main.add_command(_group)
