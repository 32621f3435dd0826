"""Guess which column is the outcome, and which of its values are bad."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from creditscore.arrays import Ints
from creditscore.drafting import names
from creditscore.drafting.cells import is_missing
from creditscore.drafting.columns import Column, Table
from creditscore.errors import DatasetError
from creditscore.schema.outcomes import outcome_key

#: Names that a column of outcomes has, joined without separators.
_NAMES = frozenset({
    "default", "defaulted", "isdefault", "defaultflag", "loandefault", "defaultpaymentnextmonth",
    "bad", "isbad", "badflag", "goodbad", "badgood", "gb", "target", "label", "class", "y",
    "outcome", "response", "status", "loanstatus", "creditability", "creditrisk", "risk",
    "riskperformance", "seriousdlqin2yrs", "paid", "repaid", "kredit", "statuskredit",
    "statuspinjaman", "statuspembayaran", "kolektibilitas", "kol", "macet", "gagalbayar", "lunas",
    "npl", "hasil",
})  # fmt: skip

_BAD_WORDS = frozenset({
    "default", "defaulted", "bad", "delinquent", "delinquency", "dlq", "dlqin", "npl", "unpaid",
    "overdue", "late", "chargeoff", "gagal", "macet", "menunggak", "tunggakan", "buruk", "loss",
})  # fmt: skip
_GOOD_WORDS = frozenset({
    "good", "paid", "repaid", "creditability", "creditworthy", "performing", "lunas", "lancar",
    "baik",
})  # fmt: skip
_OTHER_WORDS = frozenset({"target", "label", "class", "outcome", "response", "status", "risk"})

#: Words of columns that describe something else than how a credit ended.
_ABOUT_OTHERS = frozenset({
    "marital", "personal", "employment", "checking", "account", "home", "housing", "file",
    "history", "verification", "application", "initial", "list", "current", "number", "months",
    "job", "work", "perkawinan", "pekerjaan", "rumah",
})  # fmt: skip

#: What a value says, as a part of it in lower case: "not paid" is looked for before "paid".
_NOT_BAD = re.compile(r"(non|no|not)[- ]?(default|bad|overdue|delinquent|npl)\b")
_STILL_OPEN = re.compile(
    r"\b(current|in grace period|issued|ongoing|active|open|pending|late|cancelled|running|"
    r"berjalan|aktif|proses|dalam perhatian khusus)\b"
)
_IS_GOOD = re.compile(r"\b(good|paid|repaid|performing|closed|lunas|lancar|baik|terbayar)\b")
_IS_BAD = re.compile(
    r"\b(bad|default|defaulted|charged[- ]?off|charge[- ]?off|delinquent|overdue|unpaid|not paid|"
    r"write[- ]?off|written[- ]?off|loss|npl|non[- ]?performing|buruk|macet|gagal bayar|gagal|"
    r"menunggak|tidak lancar|kurang lancar|diragukan|tidak lunas|belum lunas)\b"
)
_YES = frozenset({"1", "yes", "y", "true", "t", "+", "ya"})
_NO = frozenset({"0", "no", "n", "false", "f", "-", "tidak"})

#: Values of an outcome at most.
MAX_VALUES = 30

#: Values of the columns that are named where none is guessed, at most: paid, default and running,
#: or the five classes of Indonesian banks.
MAX_FEW_VALUES = 5

#: Least of a guess's points.
MIN_MARGIN = 2.0


@dataclass(frozen=True)
class Outcome:
    """A column of outcomes, as far as they were understood.

    Attributes
    ----------
    column : Column
    good, bad, left_out : tuple of str
        Its values, the most frequent first.
    why : str
        What the choice of the bad values stands on.
    is_guess : bool
        Whether the column was guessed as well.
    bad_rows : ndarray of shape (n_rows,)
        1 for a bad outcome, 0 for a good one, -1 for any other.
    """

    column: Column
    good: tuple[str, ...]
    bad: tuple[str, ...]
    left_out: tuple[str, ...]
    why: str
    is_guess: bool
    bad_rows: Ints

    @property
    def rows_left_out(self) -> int:
        """Count the rows that are neither good nor bad."""
        return int((self.bad_rows < 0).sum())

    def count(self, text: str) -> int:
        """Count the rows of a value, however it is written."""
        alike = [_level(spelling) == _level(text) for spelling in self.column.texts]
        return int(self.column.counts[alike].sum())


def find_outcome(table: Table, name: str | None) -> Outcome:
    """Find the outcome: the column of that name, or the likeliest.

    Raises
    ------
    DatasetError
        If there is no such column, none is likely, or it does not have values of two kinds.
    """
    if name is not None:
        columns = [column for column in table.columns if column.name == name.strip()]
        if not columns:
            listed = ", ".join(column.name for column in table.columns[:30])
            raise DatasetError(table.path, f"has no column {name!r} for --outcome; it has {listed}")
        return _read_outcome(table, columns[0], is_guess=False)
    points = [_points(table, index) for index in range(len(table.columns))]
    best = max(range(len(points)), key=lambda index: (points[index], index))
    if points[best] < MIN_MARGIN:
        problem = "has no column that looks like the outcome: say --outcome COLUMN"
        raise DatasetError(table.path, problem + _list_candidates(table))
    return _read_outcome(table, table.columns[best], is_guess=True)


def _list_candidates(table: Table) -> str:
    """Return the end of a sentence: columns of few values, those of two first; or nothing."""
    counts = {column.name: len(_levels(column)) for column in table.columns if column.name}
    candidates = [name for name, count in counts.items() if 2 <= count <= MAX_FEW_VALUES]
    listed = ", ".join(sorted(candidates, key=counts.__getitem__)[:30])
    return f"; these have two to {MAX_FEW_VALUES} values: {listed}" if listed else ""


def _points(table: Table, index: int) -> float:
    """Return how likely a column is the outcome; 0 if it cannot be."""
    column = table.columns[index]
    levels = _levels(column)
    if not 2 <= len(levels) <= MAX_VALUES or not column.name:
        return 0.0
    kinds = {_kind(level) for level in levels}
    value_points = (
        3.0 if {"good", "bad"} <= kinds else 2.0 if len(levels) == 2 and len(kinds) > 1 else 0.0
    )
    if not value_points and len(levels) > 2 and not _is_collectibility(column.name, levels):
        return 0.0
    if levels <= _YES | _NO:
        value_points = max(value_points, 1.0)
    words = set(names.words(column.name))
    name_points = 6.0 if names.joined(column.name) in _NAMES else 0.0
    if not name_points and not words.isdisjoint(_BAD_WORDS | _GOOD_WORDS | _OTHER_WORDS):
        name_points = 3.0
    if not words.isdisjoint(_ABOUT_OTHERS):
        name_points -= 4.0
    is_last = 1.0 if index == len(table.columns) - 1 else 0.0
    return value_points + name_points + is_last


def _read_outcome(table: Table, column: Column, *, is_guess: bool) -> Outcome:
    levels = _levels(column)
    if not 2 <= len(levels) <= MAX_VALUES:
        problem = f"must have at least two values and at most {MAX_VALUES}, has {len(levels)}"
        raise DatasetError(table.path, problem, column=column.name)
    rows = dict.fromkeys(levels, 0)
    stated = _stated(column)
    for text, count in zip(column.texts, column.counts, strict=True):
        if text in stated:
            rows[_level(text)] += int(count)
    ordered = sorted(levels, key=lambda level: (-rows[level], level))
    good, bad, why = _split(column.name, ordered)
    kind = dict.fromkeys(good, 0) | dict.fromkeys(bad, 1)
    kinds = [kind.get(_level(text), -1) if text in stated else -1 for text in column.texts]
    spelled = {_level(text): text for text in reversed(column.texts) if text in stated}
    return Outcome(
        column=column,
        good=tuple(spelled[level] for level in ordered if level in good),
        bad=tuple(spelled[level] for level in ordered if level in bad),
        left_out=tuple(spelled[level] for level in ordered if level not in good | bad),
        why=why,
        is_guess=is_guess,
        bad_rows=np.array(kinds, dtype=np.int64)[column.codes],
    )


def _split(name: str, levels: Sequence[str]) -> tuple[set[str], set[str], str]:
    """Return the good values and the bad ones of an outcome, the most frequent first."""
    kinds = {level: _kind(level) for level in levels}
    good = {level for level in levels if kinds[level] == "good"}
    bad = {level for level in levels if kinds[level] == "bad"}
    if good and bad:
        return good, bad, "by their words"
    if _is_collectibility(name, set(levels)):
        bad = {level for level in levels if float(level) >= 3}
        return set(levels) - bad, bad, "by collectibility: 3 to 5 are non-performing"
    ended = [level for level in levels if kinds[level] != "open"]
    ended = ended if len(ended) > 1 else list(levels)
    common = [level for level in ended if level not in good | bad]
    if bad and common:
        return {common[0]}, bad, "by their words"
    if good and common:
        return good, {common[0]}, "by their words"
    first, second = ended[0], ended[1]
    words = set(names.words(name))
    yes = {level for level in levels if level in _YES}
    if len(levels) == 2 and len(yes) == 1 and set(levels) <= _YES | _NO:
        (no,) = set(levels) - yes
        if not words.isdisjoint(_GOOD_WORDS):
            return yes, {no}, "by the column's name"
        if not words.isdisjoint(_BAD_WORDS):
            return {no}, yes, "by the column's name"
    rarer = "the rarer value is taken for the bad one"
    return {first}, {second}, rarer if len(levels) == 2 else f"of the two most frequent, {rarer}"


def _stated(column: Column) -> frozenset[str]:
    """Return the texts that say something; beside "+", the text "-" does."""
    texts = {text for text in column.texts if not is_missing(text)}
    return frozenset(texts | {"-"} if "+" in texts and "-" in column.texts else texts)


def _levels(column: Column) -> set[str]:
    """Return the different values."""
    return set(map(_level, _stated(column)))


def _level(text: str) -> str:
    """Return what a value is compared by: without case, and 1.0 as 1."""
    key = outcome_key(text)
    if isinstance(key, str):
        return key.casefold()
    return str(int(key)) if key.is_integer() else str(key)


def _kind(level: str) -> str:
    """Return what a value says: "good", "bad", "open" for still running, or nothing."""
    text = level.replace("_", " ")
    if _NOT_BAD.match(text):
        return "good"
    for kind, words in (("open", _STILL_OPEN), ("bad", _IS_BAD), ("good", _IS_GOOD)):
        if words.search(text):
            return kind
    return ""


def _is_collectibility(name: str, levels: set[str]) -> bool:
    """Check whether these are the five classes of Indonesian banks: 1 is current, 5 is loss."""
    text = names.joined(name)
    is_named = "kolektibilitas" in text or text == "kol" or "collectib" in text
    numbers = levels <= {"1", "2", "3", "4", "5"}
    return is_named and numbers and bool(levels & {"1", "2"}) and bool(levels & {"3", "4", "5"})
