"""Tables and sentences from figures, in a language, for the model card's text and for its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from creditscore.evaluation.confidence_intervals import Figure
from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.i18n.number_format import PAGE_FORMATS, NumberFormat

#: Stands where there is no number.
NOTHING = "\N{EN DASH}"


@dataclass(frozen=True)
class Table:
    """A table of texts; the first column names the rows."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Topic:
    """One thing that is asked: its title, the answer in short, how it is meant, tables, notes."""

    title: str
    answer: tuple[str, ...]
    help: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wording:
    """How texts, numbers, fields, groups and scorecards are written.

    Attributes
    ----------
    language : str
    field : callable
        Names a field.
    group : callable
        Names a group of a field by its English name, or a band of the score where the field is
        None.
    scorecard : callable
        Names a scorecard.
    """

    language: str
    field: Callable[[str], str]
    group: Callable[[str | None, str], str]
    scorecard: Callable[[str], str]

    def say(self, key: str, **parts: object) -> str:
        """Return a text of the catalogue."""
        return PAGE_TEXTS[self.language][key].format(**parts)

    def header(self, *keys: str) -> tuple[str, ...]:
        """Return texts of the catalogue as the header of a table."""
        return tuple(self.say(key) for key in keys)

    @property
    def write(self) -> NumberFormat:
        """What writes numbers."""
        return PAGE_FORMATS[self.language]

    def number(self, number: int) -> str:
        """Write a count."""
        return self.write.number(number)

    def figure(self, figure: Figure | float | None) -> str:
        """Write a figure, with its interval where it has one."""
        return self._with_interval(figure, self.write.figure)

    def share(self, figure: Figure | float | None) -> str:
        """Write a share, with its interval where it has one."""
        return self._with_interval(figure, self.write.share)

    def _with_interval(self, figure: Figure | float | None, write: Callable[[float], str]) -> str:
        if figure is None:
            return NOTHING
        if not isinstance(figure, dict):
            return write(figure)
        between = self.say("val_between", low=write(figure["low"]), high=write(figure["high"]))
        return f"{write(figure['value'])} ({between})"
