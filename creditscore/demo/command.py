"""The command of the demo: build its folder, say what it is and how to remove it, serve it."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from creditscore import model_card, training
from creditscore.decision_log import Database, migrate
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import new_decision_ids
from creditscore.demo.applicants import read_crowds
from creditscore.demo.history import History, write_history
from creditscore.environment import server_command
from creditscore.errors import CreditScoreError
from creditscore.evaluation.card import read_card
from creditscore.files import atomic_write
from creditscore.folders import SAMPLE_DATA, SAMPLE_SCHEMA, WORKING_FOLDER
from creditscore.model_card import report
from creditscore.schema.reader import load_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import DEFAULT_LOSS_TO_MARGIN, Policy
from creditscore.settings import DEFINITIONS
from creditscore.training.reference import GROUPS

#: What a folder holds that the demo has made.
MARK = "demo.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the demo unless it is there, and serve it; return the exit status."""
    options = read_options(arguments)
    folder = options.folder.resolve()
    try:
        if options.rebuild and (folder / MARK).is_file():
            shutil.rmtree(folder)
        if not (folder / MARK).is_file():
            if folder.exists():
                say(f"demo: {folder} is there, and no demo made it")
                return 1
            build(folder, History(until=datetime.now(UTC), seed=options.seed))
    except CreditScoreError as error:
        say(f"demo: {error}")
        return 1
    except KeyboardInterrupt:
        say("\ndemo: stopped")
        return 130
    mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
    say(describe(folder, mark))
    return 0 if options.build_only else serve(folder, mark, options.host, options.port)


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument(
        "--folder",
        type=Path,
        default=WORKING_FOLDER / "demo",
        help="where the demo is (default: demo)",
    )
    parser.add_argument(
        "--rebuild", action="store_true", help="remove the demo's folder and build it again"
    )
    parser.add_argument(
        "--build-only", action="store_true", help="build the demo, and do not serve it"
    )
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: 1)")
    parser.add_argument("--host", default="127.0.0.1", help="(default: %(default)s)")
    parser.add_argument("--port", default="8000", help="(default: %(default)s)")
    return parser.parse_args(arguments)


def build(
    folder: Path, history: History, *, table: Path = SAMPLE_DATA, schema: Path = SAMPLE_SCHEMA
) -> None:
    """Build the demo beside its folder, which is there as a whole or not at all.

    Raises
    ------
    CreditScoreError
        If the model cannot be trained, or the log cannot be written.
    """
    temporary_folder = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(temporary_folder, ignore_errors=True)
    temporary_folder.mkdir(parents=True)
    say("Building the demo: a model, then months of made-up decisions (about a minute) ...")
    model = train(table, schema, temporary_folder / "model", history)
    database = Database(f"sqlite:///{temporary_folder / 'decisions.sqlite'}")
    migrate(database)
    assessor = Assessor(model, model.policy, lambda: history.until, new_decision_ids)
    crowds = read_crowds(table, assessor)
    count = write_history(database, assessor, crowds, history, progress=_show)
    database.close()
    mark = {
        "decisions": count,
        "since": history.since.date().isoformat(),
        "until": history.until.date().isoformat(),
        "seed": history.seed,
        "key": f"demo-{secrets.token_hex(8)}",
    }
    # For the owner alone, as it holds a key.
    with atomic_write(temporary_folder / MARK) as file:
        file.write(json.dumps(mark, indent=2).encode())
    temporary_folder.rename(folder)
    say(f"Logged {count:,} made-up decisions.")


def train(table: Path, schema_file: Path, folder: Path, history: History) -> Model:
    """Train a model as of the day before the first decision, on one split and with one seed."""
    schema = load_schema(schema_file)
    model, rows = training.train(
        training.load(table, schema),
        schema,
        policy=Policy.from_ratio(DEFAULT_LOSS_TO_MARGIN),
        exclude=(),
        reference_group=GROUPS[0],
        seed=history.seed,
        now=history.since - timedelta(hours=12),
        progress=_step,
    )
    card = model_card.build_card(model, rows, progress=_step, other_splits=0)
    model = replace(model, card=card)
    artifact.save(model, folder)
    report.write(read_card(card), folder, plots=False)
    return artifact.load(folder)


def describe(folder: Path, mark: Mapping[str, object]) -> str:
    """Return what the demo is, how to see all of it, and how to remove it."""
    return (
        f"The demo: {mark['decisions']} made-up decisions from {mark['since']} to {mark['until']}. "
        "No person is in it.\n"
        f"Sign in on its pages with the key {mark['key']}\n"
        "Look at 90 days on the page Monitoring. To begin again today, add --rebuild.\n"
        f"Your own log and model are not touched. To remove the demo, delete {folder}"
    )


def serve(folder: Path, mark: Mapping[str, str], host: str, port: str) -> int:
    """Serve the demo with gunicorn, which takes this process's place; on Windows with app.py."""
    values = {
        "model_dir": str(folder / "model"),
        "database_url": f"sqlite:///{folder / 'decisions.sqlite'}",
        "runtime_dir": str(folder / "run"),
        "api_keys": mark["key"],
        "open_predict": "on",
        "demo": "on",
    }
    # For the server alone, which this process becomes or starts. An empty one counts as left out.
    for setting in DEFINITIONS:
        os.putenv(setting.variable, values.get(setting.name, ""))
    os.chdir(WORKING_FOLDER)
    command = server_command(host, port)
    if os.name != "nt":
        os.execv(sys.executable, command)
    return subprocess.call(command)


def say(sentence: str) -> None:
    """Print a sentence for the person who waits."""
    sys.stderr.write(f"{sentence}\n")


def _step(step: str) -> None:
    say(f"{step} ...")


def _show(share: float) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rLogging decisions: {share:.0%}\r")
