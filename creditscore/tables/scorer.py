"""Tables of applicants, block by block: the Assessor's decisions, each worked out only once.

With a small scorecard most rows of a large table are alike: their values lie in the same cells of
its grid, and nothing that is shown tells them apart. The first of them is decided on by the same
steps as a request; the others get what it got.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import getitem
from typing import Any, Generic, Protocol, TypeVar

from creditscore.decisions.assessor import Decision
from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import say
from creditscore.schema import Applicant, Field, Schema
from creditscore.schema.constraints import Rejected, Rule, Value
from creditscore.scorecard.inference import LookupTableEngine
from creditscore.scorecard.model import Model
from creditscore.scorecard.reason_codes import reason_code
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.thresholds import ThresholdGrid

Shown = TypeVar("Shown")

#: Reads a table's cell by a field's rule as the JSON value that it stands for; None for nothing.
Reader = Callable[[Rule, Any], object]

#: Decides on applicants, in their order.
Assess = Callable[[Sequence[Applicant]], Sequence[Decision]]

#: Decides on applicants by the kinds of their values, given of each field a value of each kind.
Together = Callable[[Sequence[tuple[int, ...]], Sequence[Sequence[Value | None]]], Sequence[Shown]]

#: Applicants that are decided on together.
TOGETHER = 1000

#: Results that are kept at hand, with about as many cells: 100 MB at most.
MOST_KNOWN = 200_000


@dataclass(frozen=True, eq=False)
class Refused:
    """A row that is no valid applicant, and why."""

    faults: Sequence[Fault]


class Block(Protocol):
    """Some rows of a table.

    Attributes
    ----------
    numbers : sequence of int
        The line, or the row, that each has in the file, counted from 1.
    keys : sequence of hashable
        For each row, its fields' cells: rows with the same ones get the same decision.
    """

    @property
    def numbers(self) -> Sequence[int]: ...  # noqa: D102

    @property
    def keys(self) -> Sequence[Hashable]: ...  # noqa: D102

    def row(self, place: int) -> Sequence[Any]:
        """Give all cells of a row, which may be too many or too few."""

    def lines(self) -> Sequence[bytes]:
        """Give the rows as lines of CSV in UTF-8, without their ends."""


class Table(Protocol):
    """A table whose header has been read.

    Attributes
    ----------
    columns : sequence of str
        Its header.
    """

    @property
    def columns(self) -> Sequence[str]: ...  # noqa: D102

    def blocks(self) -> Iterator[Block]:
        """Read the rows, some at a time."""

    def read(self, rule: Rule, cell: Any) -> object:
        """Read a cell as the JSON value that it stands for; None where it is empty."""

    def share_read(self) -> float | None:
        """Tell how much of the table has been read; None if nobody knows."""


class Scorer(Generic[Shown]):
    """Gives what is shown of the decision on each row of a table.

    Parameters
    ----------
    model : Model
    assess : callable
        An Assessor's.
    table : Table
    show : callable
        Gives of a decision what is wanted, which may not depend on id and time.
    words : bool
        Whether the words of reasons are shown: they can name the applicant's own values.
    together : callable, optional
        A faster way to the same, for many valid applicants at once: gets the kinds of each one's
        values, and of every field a value of each kind.
    """

    def __init__(
        self,
        model: Model,
        assess: Assess,
        table: Table,
        *,
        show: Callable[[Decision], Shown],
        words: bool,
        together: Together[Shown] | None = None,
    ) -> None:
        self._rows = RowReader(model.schema, table)
        self._schema, self._assess, self._show = model.schema, assess, show
        self._together = together
        alike = _by_value if words else _choose_kinds(model, table.columns)
        self._kinds = [
            _FieldKinds(model.schema.fields[name], table.read, alike) for name in self._rows.fields
        ]
        self._by_key: dict[Hashable, Shown | Refused] = {}
        self._by_kinds: dict[tuple[int, ...], Shown | Refused] = {}

    def score(self, block: Block) -> list[Shown | Refused]:
        """Decide on the rows of a block, in their order."""
        if len(self._by_key) + sum(map(len, self._kinds)) > MOST_KNOWN:
            self._forget()
        # All the work that is left for a row that is like an earlier one.
        found = list(map(self._by_key.get, block.keys))
        if None in found:
            missing = [place for place, result in enumerate(found) if result is None]
            self._learn(block, {block.keys[place]: place for place in missing})
            for place in missing:
                found[place] = self._by_key[block.keys[place]]
        return found  # type: ignore[return-value]  # there is no None in it

    def _learn(self, block: Block, new: Mapping[Hashable, int]) -> None:
        """Find out about rows whose like has not been seen, given their places."""
        sorts: dict[Hashable, tuple[int, ...]] = {}
        undecided: dict[tuple[int, ...], Sequence[Any]] = {}
        for key, place in new.items():
            try:
                cells = self._rows.cells(block, place)
            except InvalidApplicants as error:
                self._by_key[key] = Refused(error.faults)
                continue
            sorts[key] = sort = tuple(map(_FieldKinds.__getitem__, self._kinds, cells))
            if sort not in self._by_kinds:
                undecided[sort] = cells
        self._decide(undecided)
        self._by_key.update((key, self._by_kinds[sort]) for key, sort in sorts.items())

    def _decide(self, undecided: dict[tuple[int, ...], Sequence[Any]]) -> None:
        """Decide on sorts, given the cells of a row of each."""
        accepted = [kinds.accepted for kinds in self._kinds]
        if self._together is not None:
            whole = [sort for sort in undecided if None not in map(getitem, accepted, sort)]
            if whole:
                self._by_kinds.update(zip(whole, self._together(whole, accepted), strict=True))
        applicants: dict[tuple[int, ...], Applicant] = {}
        for sort, cells in undecided.items():
            if sort not in self._by_kinds:
                try:
                    applicants[sort] = self._applicant(cells, sort)
                except InvalidApplicants as error:
                    self._by_kinds[sort] = Refused(error.faults)
        made = in_groups(self._assess, list(applicants.values()))
        self._by_kinds.update(zip(applicants, map(self._show, made), strict=True))

    def _applicant(self, cells: Sequence[Any], sort: tuple[int, ...]) -> Applicant:
        """Read an applicant, most of whose values have been read before."""
        values = [kinds.accepted[kind] for kinds, kind in zip(self._kinds, sort, strict=True)]
        names = zip(self._rows.fields, values, strict=True)
        known = self._schema.assemble({name: value for name, value in names if value is not None})
        return known or self._schema.parse(self._rows.applicant(cells))

    def _forget(self) -> None:
        self._by_key.clear()
        self._by_kinds.clear()
        for kinds in self._kinds:
            kinds.clear()


class RowReader:
    """Reads rows of a table as the JSON objects that a request would hold."""

    def __init__(self, schema: Schema, table: Table) -> None:
        self.fields = [name for name in schema.fields if name in table.columns]
        self._rules = [schema.fields[name].rule for name in self.fields]
        self._places = [table.columns.index(name) for name in self.fields]
        self._width, self._read = len(table.columns), table.read

    def cells(self, block: Block, place: int) -> list[Any]:
        """Give the fields' cells of a row.

        Raises
        ------
        InvalidApplicants
            If the row has more cells than the header, or fewer.
        """
        row = block.row(place)
        if len(row) != self._width:
            said = say("wrong_cells", got=len(row), expected=self._width)
            raise InvalidApplicants([Fault("wrong_cells", "", said)])
        return [row[place] for place in self._places]

    def applicant(self, cells: Sequence[Any]) -> dict[str, object]:
        """Read the fields' cells."""
        raws = map(self._read, self._rules, cells)
        return {name: raw for name, raw in zip(self.fields, raws, strict=True) if raw is not None}


def in_groups(assess: Assess, applicants: Sequence[Applicant]) -> list[Decision]:
    """Decide on applicants, in their order, so many together that memory stays small."""
    made: list[Decision] = []
    for begin in range(0, len(applicants), TOGETHER):
        made += assess(applicants[begin : begin + TOGETHER])
    return made


# Values that are alike


class _FieldKinds(dict[Hashable, int]):
    """Numbers the kinds of cells in a column: two cells of one kind are decided on alike.

    Attributes
    ----------
    accepted : list
        A value of each kind; None where there is none, or none that the rule accepts.
    """

    def __init__(
        self, field: Field, read: Reader, alike: Callable[[Field, Value], Hashable]
    ) -> None:
        super().__init__()
        self._field, self._read, self._alike = field, read, alike
        self._numbers: dict[Hashable, int] = {}
        self.accepted: list[Value | None] = []

    def __missing__(self, cell: Hashable) -> int:
        """Judge a cell that came for the first time."""
        kind, value = self._judge(cell)
        number = self[cell] = self._numbers.setdefault(kind, len(self._numbers))
        if number == len(self.accepted):
            self.accepted.append(value)
        return number

    def clear(self) -> None:
        """Forget all cells and kinds."""
        super().clear()
        self._numbers.clear()
        self.accepted.clear()

    def _judge(self, cell: Hashable) -> tuple[Hashable, Value | None]:
        raw = self._read(self._field.rule, cell)
        if raw is None:
            return None, None
        try:
            value = self._field.rule.accept(raw)
        except Rejected:
            return (False, cell), None
        return (True, self._alike(self._field, value)), value


def _by_value(field: Field, value: Value) -> Hashable:
    """Tell all values apart."""
    return value


def _choose_kinds(model: Model, columns: Sequence[str]) -> Callable[[Field, Value], Hashable]:
    """Choose by what values are told apart, so that all alike are decided on alike."""
    cards = [model.scorecards[spec.name] for spec in model.schema.answering(columns)]
    engines = [model.engines[card.name] for card in cards]
    grids = [engine.grid for engine in engines if isinstance(engine, LookupTableEngine)]
    if len(grids) < len(cards):
        return _by_value
    known = [model.readings[card.name] for card in cards]

    def by_cell(field: Field, value: Value) -> Hashable:
        ways = zip(cards, grids, known, strict=True)
        return tuple(
            (
                _place(card, grid, field.name, readings[field.name][value].encoded),
                reason_code(field, value, card.reference),
                readings[field.name][value].warning is None,
            )
            for card, grid, readings in ways
            if field.name in readings
        )

    return by_cell


def _place(card: Scorecard, grid: ThresholdGrid, name: str, encoded: float) -> int | None:
    """Give a value's place in the grid; None where no decision depends on the field."""
    if name not in card.predictors:
        return None
    return grid.bin_index(card.predictors.index(name), encoded)
