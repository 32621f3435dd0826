"""What the commands share: types of options, errors in one line, and a progress bar."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click

from creditscore.decision_log.retention import parse_period, subtract_months
from creditscore.decision_log.scan import LogRange, Row
from creditscore.errors import CreditScoreError
from creditscore.web import query_parameters

P = ParamSpec("P")
R = TypeVar("R")


class Time(click.ParamType[datetime]):
    """A date, or a time with its zone, as in the queries over HTTP."""

    name = "time"
    allowed = query_parameters.moment().allowed["en"]

    def convert(self, value: Any, _: Any, __: Any) -> datetime:
        """Read the time."""
        try:
            time: datetime = query_parameters.moment().read(str(value))
        except ValueError:
            self.fail(f"must be {self.allowed}, got {value!r}")
        return time


class Age(Time):
    """An age such as 25months, or the time that is so long ago; gives that time."""

    name = "age"
    allowed = "such as 25months, P2Y1M or 2024-10-31"

    def convert(self, value: Any, *context: Any) -> datetime:
        """Read the age, counted back from now."""
        try:
            months, days = parse_period(str(value))
        except ValueError:
            return super().convert(value, *context)
        try:
            return subtract_months(datetime.now(UTC), months=months, days=days)
        except (ValueError, OverflowError):
            self.fail(f"no calendar goes back {value}")


since_option = click.option("--since", type=Time(), help="Only decisions from then on.")


def in_one_line(command: Callable[P, R]) -> Callable[P, R]:
    """Print the errors of a command in one line, and exit with a status that is not 0."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return command(*arguments, **options)
        except CreditScoreError as error:
            raise click.ClickException(str(error)) from None

    return run


@contextlib.contextmanager
def progress_bar(length: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how far something is, and nothing elsewhere."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=length, file=sys.stderr, hidden=hidden) as bar:
        yield bar.update


def follow(
    pages: Iterable[list[Row]], log_range: LogRange, advance: Callable[[int], None]
) -> Iterator[list[Row]]:
    """Return pages of rows, and call back after each with how many numbers further it is."""
    done = log_range.first - 1
    for rows in pages:
        yield rows
        advance(rows[-1]["number"] - done)
        done = rows[-1]["number"]
