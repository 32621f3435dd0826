"""Commands for the shell: `flask decisions replay` and `verify`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import click
from flask.cli import AppGroup

from creditscore.decision_log import scan
from creditscore.decision_log.integrity import audit
from creditscore.decision_log.replay import IDENTICAL, REPRODUCED, VERDICTS, replay
from creditscore.decision_log.scan import LogRange, Row
from creditscore.decision_log.soundness import faults_of
from creditscore.scorecard import model_archive
from creditscore.scorecard.model import Model
from creditscore.web import query_parameters
from creditscore.web.cli.keys import in_one_line
from creditscore.web.service import service

decisions = AppGroup("decisions", help="The log of decisions: check it, copy it, hand it on.")

#: Models that are held at once while decisions of several are replayed; the largest is 20 MB.
MODELS = 4


class Moment(click.ParamType[datetime]):
    """A date, or a time with its zone, as in the queries over HTTP."""

    name = "time"

    def convert(self, value: Any, _: Any, __: Any) -> datetime:
        """Read it."""
        try:
            moment: datetime = query_parameters.moment().read(str(value))
        except ValueError:
            self.fail(f"must be {query_parameters.moment().allowed['en']}, got {value!r}")
        return moment


since_option = click.option("--since", type=Moment(), help="Only decisions from then on.")


@decisions.command("replay")
@click.argument("decision_id", metavar="[ID]", type=click.UUID, required=False)
@click.option("--all", "everything", is_flag=True, help="Every decision of the log.")
@since_option
@in_one_line
def replay_command(decision_id: UUID | None, everything: bool, since: datetime | None) -> None:
    """Score logged inputs with the model that decided, and compare to the last bit.

    Prints each decision that is not identical, and exits with 1 if one cannot be explained.
    """
    if sum([decision_id is not None, everything, since is not None]) != 1:
        raise click.UsageError("say which: one ID, --all, or --since TIME")
    counts = dict.fromkeys(VERDICTS, 0)
    find_model = _find_model()
    for rows in _chosen_rows(decision_id, since):
        for verdict in replay(rows, find_model):
            counts[verdict.kind] += 1
            if verdict.kind != IDENTICAL or decision_id is not None:
                _tell("\t".join([verdict.decision_id, verdict.kind, verdict.detail]).strip())
    found = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    _tell(f"{sum(counts.values()):,} replayed: {found or 'there is none'}")
    _exit_unless(all(kind in REPRODUCED for kind, count in counts.items() if count))


@decisions.command()
@in_one_line
def verify() -> None:
    """Check every row by itself, and the log as a whole, for changes behind the service's back.

    Prints each fault, and exits with 1 if there is one.
    """
    checked = faulty = 0
    for rows in _chosen_rows():
        for row in rows:
            faults = faults_of(row)
            checked, faulty = checked + 1, faulty + bool(faults)
            for fault in faults:
                _tell(f"{row['id']}\t{fault}")
    found = audit(service().log.database)
    for line in (*found.faults, *found.notes):
        _tell(f"the log\t{line}")
    whole = f", {len(found.faults)} of the log as a whole" if found.faults else ""
    _tell(f"{checked:,} verified: {faulty:,} with faults{whole}")
    _exit_unless(not faulty and not found.faults)


def _chosen_rows(
    decision_id: UUID | None = None, since: datetime | None = None
) -> Iterator[list[Row]]:
    """Read one row, or a stretch of them page by page, with a bar that shows how far it is."""
    database = service().log.database
    if decision_id is not None:
        yield [scan.read_row(database, str(decision_id))]
        return
    stretch = scan.measure(database, since=since)
    with progress_bar(len(stretch)) as advance:
        yield from follow(scan.walk(database, stretch), stretch, advance)


@contextlib.contextmanager
def progress_bar(length: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how far something is; nothing where nobody looks."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=length, file=sys.stderr, hidden=hidden) as bar:
        yield bar.update


def follow(
    pages: Iterable[list[Row]], stretch: LogRange, advance: Callable[[int], None]
) -> Iterator[list[Row]]:
    """Give pages of rows, and tell after each how many numbers it went on."""
    done = stretch.first - 1
    for rows in pages:
        yield rows
        advance(rows[-1]["number"] - done)
        done = rows[-1]["number"]


def _find_model() -> Callable[[str], Model]:
    """Give a way to find models by their version that remembers the last ones."""
    here = service()

    @lru_cache(MODELS)
    def find(version: str) -> Model:
        return model_archive.load_version(version, here.settings.model_dir, here.assessor.model)

    return find


def _tell(line: str) -> None:
    """Print a line, in place of the bar where there is one."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    click.echo(line)


def _exit_unless(well: bool) -> None:
    if not well:
        click.get_current_context().exit(1)
