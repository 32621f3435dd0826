"""What a schema file says, as data: fields, label, scorecards, sources; and a valid applicant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import isnan, nan

from creditscore.i18n.catalogue import Text, say
from creditscore.readers.file_format import clean_name
from creditscore.schema.constraints import CodeList, Rule, Value
from creditscore.schema.missing_values import MissingValues


@dataclass(frozen=True)
class Wording:
    """How the schema file names and describes the values of a reason, where it does.

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
    description : Text or None
        What the value means, such as "The last payment was {value} months late"; None for title
        and value.
    """

    code: str
    values: tuple[Value, ...]
    low: int | float | None
    high: int | float | None
    side: str | None
    description: Text | None


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
        Its name in JSON, and in tables where `column` is None.
    rule : Rule
        What it accepts.
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
    monotone : bool or tuple of str
        Whether the forest of each scorecard, or of those named, must go that way.
    missing : MissingValues or None
        What stands for a missing value; None where each applicant must have one.
    code_name : str
        The first half of its reason codes: the name, or an identifier made of it.
    unit_singular : Text or None
        The unit of exactly one, where a language has another word for it.
    column : str or None
        What tables call it, where that is another name; they may use its own as well.
    prefix, suffix : str
        What cells of tables may have before and behind the number, such as "Rp" and " months".
    """

    name: str
    rule: Rule
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
    unit_singular: Text | None = None
    monotone: bool | tuple[str, ...] = False
    column: str | None = None
    prefix: str = ""
    suffix: str = ""
    missing: MissingValues | None = None
    code_name: str = ""

    def accept(self, raw: object) -> Value | None:
        """Return a raw JSON value in its one canonical form; None for a missing value.

        Raises
        ------
        Rejected
            If it breaks the rule, or is missing where it must not be.
        """
        if self.missing is not None and self.missing.stands_for(raw):
            return self.missing.kept(raw)
        return self.rule.accept(raw)

    def is_missing(self, value: Value | None) -> bool:
        """Check whether an accepted value is a missing one, with or without a title."""
        return value is None or (self.missing is not None and value in self.missing.titled)

    def counts_as(self, value: Value | None) -> Value | None:
        """Return the documented code that an accepted code counts as; else the value itself."""
        return value if value is None or self.is_missing(value) else self.rule.counts_as(value)

    def encode(self, value: Value | None) -> float:
        """Return the number that the model sees for an accepted value: NaN for a missing one."""
        return nan if value is None or self.is_missing(value) else self.rule.encode(value)

    def decode(self, number: float) -> Value | None:
        """Return the value that the model sees as a number; None for NaN."""
        return None if isnan(number) else self.rule.decode(number)

    def label_of(self, value: Value | None) -> Text | None:
        """Return what a value is called, where it has a name: a code, a special or missing one."""
        if value is None or (self.missing is not None and value in self.missing.titled):
            return self.missing.title(value) if self.missing else say("not_stated")
        return self.rule.labels.get(value)

    @cached_property
    def allowed(self) -> Text:
        """What is allowed, in words: "a whole number from 0 to 60, or null if not stated"."""
        allowed = self.rule.allowed
        return allowed if self.missing is None else say("or_not_stated", allowed=allowed)

    @cached_property
    def clean_codes(self) -> Mapping[str, Value]:
        """The codes, and those that count as others, by their texts as tables are compared."""
        return {clean_name(str(code)): code for code in [*self.rule.labels, *self.merged_codes]}

    def is_monotone(self, scorecard: str) -> bool:
        """Check whether the probability of a scorecard may only go the way that `risk` says."""
        return self.monotone is True or (self.monotone is not False and scorecard in self.monotone)

    def monotonic_constraint(self, scorecard: str) -> int:
        """1 where the probability of default may only rise with the number, -1 to fall, else 0."""
        return {"rises": 1, "falls": -1, None: 0}[self.risk] if self.is_monotone(scorecard) else 0

    @property
    def merged_codes(self) -> Mapping[Value, Value]:
        """Undocumented codes, and the documented code that each counts as."""
        return self.rule.merged_codes if isinstance(self.rule, CodeList) else {}

    @property
    def actionable(self) -> bool:
        """Whether an applicant can change it."""
        return self.change is not None

    def unit_of(self, value: Value | None) -> Text:
        """Return the unit of a value: "month" of 1, "months" of 2."""
        return self.unit_singular if value == 1 and self.unit_singular else self.unit


@dataclass(frozen=True)
class Label:
    """The outcome that training learns to predict.

    Attributes
    ----------
    column : str
        Its column in the training data.
    good, bad : tuple of int, float, str or bool
        The column's values for a good and for a bad outcome (`outcomes.OutcomeReader`).
    title : Text
        What the bad outcome is called: "Missed the next month's payment".
    event : Text
        The bad outcome as a clause: "the probability that {event}".
    """

    column: str
    good: tuple[int | float | str, ...]
    bad: tuple[int | float | str, ...]
    title: Text
    event: Text


#: Trees of a forest, and questions from a tree's root to a leaf, where nothing says otherwise.
USUAL_TREES, USUAL_DEPTH = 50, 8


@dataclass(frozen=True)
class ForestSettings:
    """How a scorecard's forest is grown.

    Trees of at most 8 questions keep the exact reasons affordable.

    Attributes
    ----------
    trees, max_depth : int or None
        None for `USUAL_TREES` and `USUAL_DEPTH`, or to choose them along with the size of a leaf.
    min_samples_leaf : int or None
        Training rows that a leaf holds at least; None to choose it, and whatever else is None,
        from the data (`training.forest_search`).
    max_features : int or None
        Fields that each question chooses from; None for the square root of their number.
    """

    trees: int | None = None
    max_depth: int | None = None
    min_samples_leaf: int | None = None
    max_features: int | None = None

    def completed(self, *, trees: int = USUAL_TREES) -> ForestSettings:
        """Return the settings with a number and a depth of the trees, those given if there are."""
        return replace(self, trees=self.trees or trees, max_depth=self.max_depth or USUAL_DEPTH)


@dataclass(frozen=True)
class ScorecardSpec:
    """A scorecard as the schema file asks for it.

    Attributes
    ----------
    name : str
        Lower-case, as it stands in versions and answers.
    title : Text
        Its name for people.
    fields : tuple of str
        The fields it asks for, in schema order: the order of the model's columns.
    added_fields : tuple of str
        Those that the next smaller scorecard does not ask for; all of the smallest one's.
    forest : ForestSettings
        How to grow its forest.
    """

    name: str
    title: Text
    fields: tuple[str, ...]
    added_fields: tuple[str, ...]
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
    values : mapping of str to int, float, str or None
        That scorecard's fields, in their one canonical form, in schema order; None for a missing
        value; fields that no decision depends on only where they were given.
    reference : str or None
        The client's own name for the applicant, which no decision depends on.
    """

    scorecard: str
    values: Mapping[str, Value | None]
    reference: str | None = None
