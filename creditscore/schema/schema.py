"""The data dictionary at work: from any JSON value to an applicant, or to all its faults.

A `Schema` is read from a schema file by `creditscore.schema.reader`; the code knows no field by
name.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import Text, say
from creditscore.schema.constraints import Rejected, Rule, Value, describe_value

#: Faults reported of one request, at most.
MOST_FAULTS = 100

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Wording:
    """How the schema file words a reason, where it does.

    Attributes
    ----------
    code : str
        The second half of the reason's code, such as ``LATE``.
    values : tuple
        The values it is for; all if empty.
    low, high : int, float or None
        The smallest and the largest value it is for.
    side : {"low", "high", None}
        Whether it is for values up to the reference group's median, or above it.
    text : Text
        May hold ``{value}``.
    """

    code: str
    values: tuple[Value, ...]
    low: int | float | None
    high: int | float | None
    side: str | None
    text: Text

    @cached_property
    def shows_value(self) -> bool:
        """Whether the value stands in the text of any language."""
        return any("{value}" in words for words in self.text.values())


@dataclass(frozen=True)
class Change:
    """What an applicant can do about a field.

    Attributes
    ----------
    direction : {"increase", "decrease"}
        The only way that it may be advised to go.
    limit : int, float or None
        The farthest value that may be advised; None for the last that training has seen.
    """

    direction: str
    limit: int | float | None


@dataclass(frozen=True, eq=False)
class Field:
    """One field of an applicant; no two are equal, so that what is said of one can be kept.

    Attributes
    ----------
    name : str
        Its name in JSON, in CSV headers and in the training data.
    rule : Rule
        What it accepts.
    fold : mapping
        Undocumented codes in training data, and the code that each counts as.
    protected : bool
        Whether it is an attribute that law protects from discrimination.
    optional_when_excluded : bool
        Whether applicants may leave it out once no decision depends on it.
    change : Change or None
        What an applicant can do about it; None for nothing.
    reasons : tuple of Wording
        How reasons are worded; the first that fits, or a general sentence where none does.
    example : int, float or str
        A value for examples.
    title, help, unit : Text
        Its name, its explanation and its unit for people; unit and help may be empty.
    bands : tuple of float
        Where a number is cut into groups to be compared, ascending: a band starts at each.
    risk : {"rises", "falls", None}
        How the risk is expected to go as the number grows; None where nothing is expected.
    unit_of_one : Text or None
        The unit of exactly one, where a language has another word for it.
    """

    name: str
    rule: Rule
    fold: Mapping[int | str, int | str]
    protected: bool
    optional_when_excluded: bool
    change: Change | None
    reasons: tuple[Wording, ...]
    example: Value
    title: Text
    help: Text
    unit: Text
    bands: tuple[float, ...] = ()
    risk: str | None = None
    unit_of_one: Text | None = None

    @property
    def actionable(self) -> bool:
        """Whether an applicant can change it."""
        return self.change is not None

    def unit_of(self, value: Value) -> Text:
        """Give the unit of a value: of one month it is another than of two."""
        return self.unit_of_one if value == 1 and self.unit_of_one else self.unit


@dataclass(frozen=True)
class Label:
    """The column that training learns to predict, and which of its values is the bad one."""

    column: str
    good: int | str
    bad: int | str
    title: Text


@dataclass(frozen=True)
class ForestSettings:
    """How a scorecard's forest is grown.

    The values that are used here when a schema file gives none are cautious: leaves of 60 rows
    keep the probabilities calibrated, which matters more than the last bit of ranking, and trees
    of at most 8 questions keep the exact reasons affordable.
    """

    trees: int = 50
    max_depth: int = 8
    min_samples_leaf: int = 60
    max_features: int | None = None

    def to_dict(self) -> dict[str, int | None]:
        """Give the settings as the manifest has them, under the schema file's names."""
        return {
            "trees": self.trees,
            "max_depth": self.max_depth,
            "min_samples_leaf": self.min_samples_leaf,
            "max_features": self.max_features,
        }


@dataclass(frozen=True)
class ScorecardSpec:
    """A scorecard as the schema file asks for it: its fields, and how to grow its forest."""

    name: str
    title: Text
    fields: tuple[str, ...]
    forest: ForestSettings


@dataclass(frozen=True)
class Source:
    """Where a published data set can be fetched, and how its columns are called there."""

    title: str
    licence: str
    url: str
    sha256: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Applicant:
    """A valid applicant.

    Attributes
    ----------
    scorecard : str
        Name of the scorecard that answers.
    values : mapping of str to int, float or str
        That scorecard's fields, in their one canonical form, in schema order; optional ones
        only where they were given.
    """

    scorecard: str
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Schema:
    """A data dictionary.

    Attributes
    ----------
    name : str
        Short name of the data set.
    title, notice : Text
        Its title, and what everyone must know before using a model trained on it.
    label : Label
        What training learns.
    fields : mapping of str to Field
        In the order of the schema file.
    scorecards : mapping of str to ScorecardSpec
        Smallest first, each one's fields containing those of the one before.
    sources : mapping of str to Source
        Places that publish the data.
    files : mapping of str to Text
        By SHA-256, what is known of other files: how they came to be, and whose rows they hold.
    ignored_columns : tuple of str
        Columns of the training data that are no fields, such as a customer number.
    document : mapping
        The schema file itself, to be carried by the trained artefact.
    optional : frozenset of str
        Fields that an applicant may leave out, whichever scorecard answers; a schema file alone
        has none, a model may (`excluding`).
    """

    name: str
    title: Text
    notice: Text
    label: Label
    fields: Mapping[str, Field]
    scorecards: Mapping[str, ScorecardSpec]
    sources: Mapping[str, Source]
    files: Mapping[str, Text]
    ignored_columns: tuple[str, ...]
    document: Mapping[str, Any]
    optional: frozenset[str] = frozenset()

    def excluding(self, names: Iterable[str]) -> Schema:
        """Give the schema for a model that does not depend on some fields."""
        optional = frozenset(name for name in names if self.fields[name].optional_when_excluded)
        return replace(self, optional=optional)

    def parse(self, raw: object) -> Applicant:
        """Read one applicant from any JSON value.

        Raises
        ------
        InvalidApplicants
            With every fault at once, 100 at most.
        """
        return self.parse_all([raw], pointers=[""])[0]

    def parse_all(
        self, raws: Sequence[object], *, pointers: Iterable[str] | None = None
    ) -> list[Applicant]:
        """Read several applicants; one bad one fails them all.

        Parameters
        ----------
        raws : sequence
            Any JSON values.
        pointers : iterable of str, optional
            JSON Pointer of each; an array's ``/0``, ``/1`` and so on if left out.
        """
        applicants: list[Applicant] = []
        faults: list[Fault] = []
        places = (f"/{place}" for place in range(len(raws))) if pointers is None else pointers
        for raw, pointer in zip(raws, places, strict=True):
            applicant = self._read(raw, pointer, faults)
            if applicant is not None:
                applicants.append(applicant)
            if len(faults) >= MOST_FAULTS:
                break
        if faults:
            raise InvalidApplicants(faults[:MOST_FAULTS])
        return applicants

    def matrix(self, applicants: Sequence[Applicant], names: Sequence[str]) -> Matrix:
        """Encode applicants for the model.

        Returns
        -------
        ndarray of shape (n_applicants, n_names), float32
        """
        rows = [self.row(applicant, names) for applicant in applicants]
        return to_matrix(rows, n_columns=len(names))

    def row(self, applicant: Applicant, names: Sequence[str]) -> list[float]:
        """Encode one applicant."""
        fields, values = self.fields, applicant.values
        return [fields[name].rule.encode(values[name]) for name in names]

    @cached_property
    def base_fields(self) -> tuple[str, ...]:
        """The fields of the smallest scorecard, which every applicant has."""
        return next(iter(self.scorecards.values())).fields

    def added_fields(self, spec: ScorecardSpec) -> tuple[str, ...]:
        """Name the fields that a scorecard has and the next smaller one has not."""
        smaller: tuple[str, ...] = ()
        for candidate in self.scorecards.values():
            if candidate.name == spec.name:
                break
            smaller = candidate.fields
        return tuple(name for name in spec.fields if name not in smaller)

    def _read(self, raw: object, pointer: str, faults: list[Fault]) -> Applicant | None:
        """Read one applicant, adding to `faults` what is wrong with it."""
        if not isinstance(raw, dict):
            text = say("not_an_applicant", got=describe_value(raw))
            faults.append(Fault("not_an_object", pointer, text))
            return None
        usual = self._usual.get(len(raw))
        if usual is not None:
            name, rules = usual
            try:
                return Applicant(name, {field: accept(raw[field]) for field, accept in rules})
            except (KeyError, Rejected):
                # It has other fields, or something is wrong with them.
                pass
        return self._read_any(raw, pointer, faults)

    def _read_any(
        self, raw: Mapping[str, object], pointer: str, faults: list[Fault]
    ) -> Applicant | None:
        found = len(faults)
        values: dict[str, Value] = {}
        for name, field in self.fields.items():
            if name in raw:
                try:
                    values[name] = field.rule.accept(raw[name])
                except Rejected as rejected:
                    faults.append(_broken(field, raw[name], rejected.code, pointer))
        spec = self._answering(raw)
        for name in spec.fields:
            if name not in raw and name not in self.optional:
                faults.append(self._missing(name, spec, pointer))
        if not raw.keys() <= self.fields.keys():
            unknown = (name for name in raw if name not in self.fields)
            # A body can hold 100,000 unknown names, and finding the nearest takes its time.
            some = itertools.islice(unknown, MOST_FAULTS)
            faults += [self._unknown(name, pointer) for name in some]
        if len(faults) > found:
            return None
        return Applicant(scorecard=spec.name, values=values)

    def answering(self, names: Collection[str]) -> list[ScorecardSpec]:
        """List the scorecards that can answer applicants with some of these fields."""
        smallest, *larger = self.scorecards.values()
        added = {spec.name: self.added_fields(spec) for spec in larger}
        return [smallest, *(s for s in larger if not set(added[s.name]).isdisjoint(names))]

    def _answering(self, raw: Mapping[str, object]) -> ScorecardSpec:
        """Find the largest scorecard that any given field asks for."""
        for spec, added in self._largest_first:
            if not added.isdisjoint(raw):
                return spec
        return spec

    @cached_property
    def _usual(self) -> dict[int, tuple[str, list[tuple[str, Callable[[object], Value]]]]]:
        """By number of fields, the scorecard that has so many, and what its fields accept."""
        return {
            len(spec.fields): (
                self._answering(dict.fromkeys(spec.fields)).name,
                [(name, f.rule.accept) for name, f in self.fields.items() if name in spec.fields],
            )
            for spec in self.scorecards.values()
        }

    @cached_property
    def _largest_first(self) -> list[tuple[ScorecardSpec, frozenset[str]]]:
        """Each scorecard, with the fields that only it and larger ones have."""
        specs = list(self.scorecards.values())[::-1]
        return [(spec, frozenset(self.added_fields(spec))) for spec in specs]

    def _missing(self, name: str, spec: ScorecardSpec, pointer: str) -> Fault:
        allowed = self.fields[name].rule.allowed
        if name in self.base_fields:
            text = say("missing", field=name, allowed=allowed)
        else:
            group = next(s for s in self.scorecards.values() if name in self.added_fields(s))
            text = say(
                "missing_from_group",
                field=name,
                allowed=allowed,
                fields=", ".join(n for n in self.added_fields(group) if n not in self.optional),
                scorecard=group.title,
            )
        return Fault("missing", _point(pointer, name), text)

    def _unknown(self, name: str, pointer: str) -> Fault:
        near = difflib.get_close_matches(name[:100].upper(), list(self._upper_names), n=1)
        short = name if len(name) <= 40 else f"{name[:40]}…"
        if near:
            nearest = self._upper_names[near[0]]
            text = say("unknown_field_near", field=short, nearest=nearest)
        else:
            text = say("unknown_field", field=short)
        return Fault("unknown_field", _point(pointer, short), text)

    @cached_property
    def _upper_names(self) -> Mapping[str, str]:
        """Names by their upper-case form: `age` is a misspelt `AGE`."""
        return {name.upper(): name for name in self.fields}


def to_matrix(rows: Sequence[Sequence[float]], *, n_columns: int) -> Matrix:
    """Stack encoded applicants, in single precision: scikit-learn rounds to it, so do we."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), n_columns).astype(np.float32)


def _broken(field: Field, raw: object, code: str, pointer: str) -> Fault:
    text = say("must_be", field=field.name, allowed=field.rule.allowed, got=describe_value(raw))
    return Fault(code, _point(pointer, field.name), text)


def _point(pointer: str, name: str) -> str:
    """Extend a JSON Pointer by a member's name (RFC 6901, section 3)."""
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
