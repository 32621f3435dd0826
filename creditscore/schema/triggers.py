"""Triggers for revalidation: the figures at which monitoring says that a model needs a new look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from creditscore.errors import SchemaError
from creditscore.schema.toml_reader import MAX_COUNT, TomlTable, raise_all, read_parts, shown

NAME = "triggers"


@dataclass(frozen=True)
class Triggers:
    """The limits that live figures are held against, from ``[governance.triggers]``.

    Attributes
    ----------
    score_psi, score_psi_notice : float
        Population stability index of the score: from where on it is a notice, and where it fails.
        0.10 and 0.25 are the usual bands (Siddiqi 2006, Credit Risk Scorecards).
    field_psi, field_psi_notice : float
        The same of each field.
    approval_points : float
        Percentage points between the live approval rate and the model card's. No standard: twice
        as much as the 95 % interval of 300 decisions is wide on either side.
    auc_drop : float
        How far the live AUC may lie below the model card's. No standard: validators commonly ask
        about 0.05 (Gini 0.10).
    calibration : tuple of float
        Bounds of observed over expected defaults. No standard: a quarter more, and its inverse.
    min_decisions : int
        Fewer get no verdict: without any drift, 100 rows exceed 0.10 in 31 of 100 samples, 300
        hardly ever (Yurdakul & Naranjo 2020, Journal of Risk Model Validation 14(4)).
    min_outcomes : int
        Fewer known outcomes get no verdict on AUC and calibration. At one default in three that
        is the hundred of each kind of Vergouwe et al. (2005), Journal of Clinical Epidemiology
        58(5); where defaults are rarer, more are better.
    declared : tuple of str
        The limits that the file states; all others are the usual ones.
    """

    score_psi: float = 0.25
    score_psi_notice: float = 0.10
    field_psi: float = 0.25
    field_psi_notice: float = 0.10
    approval_points: float = 10.0
    auc_drop: float = 0.05
    calibration: tuple[float, float] = (0.8, 1.25)
    min_decisions: int = 300
    min_outcomes: int = 300
    declared: tuple[str, ...] = field(default=(), compare=False)


def read_triggers(governance: TomlTable) -> Triggers | None:
    """Read the table ``triggers`` of ``[governance]``, None without one.

    Limits that it does not state are the usual ones.

    Raises
    ------
    SchemaError
        Naming everything that is wrong with it.
    """
    if NAME not in governance.content:
        return None
    table = governance.table(NAME)
    stated = read_parts(table, _readers(table), only_stated=True)
    triggers = Triggers(**stated, declared=tuple(stated))
    raise_all(_check_order(table, triggers))
    return triggers


def _readers(table: TomlTable) -> dict[str, Callable[[str], Any]]:
    def positive(name: str) -> float:
        return _number(table, name, "a number above 0", low=0, high=float("inf"))

    def share(name: str) -> float:
        return _number(table, name, "a number above 0 and below 1", low=0, high=1)

    def points(name: str) -> float:
        return _number(table, name, "percentage points above 0 and below 100", low=0, high=100)

    def count(name: str) -> int:
        return table.positive(name) or MAX_COUNT

    return {
        "score_psi": positive,
        "score_psi_notice": positive,
        "field_psi": positive,
        "field_psi_notice": positive,
        "approval_points": points,
        "auc_drop": share,
        "calibration": lambda name: _bounds(table, name),
        "min_decisions": count,
        "min_outcomes": count,
    }


def _number(table: TomlTable, name: str, allowed: str, *, low: float, high: float) -> float:
    number: float = table.get(name, (int, float), allowed)
    if not low < number < high:
        table.refuse(name, f"must be {allowed}, got {shown(number)}")
    return float(number)


def _bounds(table: TomlTable, name: str) -> tuple[float, float]:
    allowed = "a list of two numbers around 1, such as [0.8, 1.25]"
    bounds = table.get(name, (list, tuple), allowed)
    numbers = [bound for bound in bounds if isinstance(bound, int | float)]
    if len(bounds) != 2 or len(numbers) != 2 or not 0 < numbers[0] < 1 < numbers[1] < float("inf"):
        table.refuse(name, f"must be {allowed}, got {shown(bounds)}")
    return float(numbers[0]), float(numbers[1])


def _check_order(table: TomlTable, triggers: Triggers) -> list[SchemaError]:
    """Check that a notice comes before what it is a notice of."""
    faults = []
    for name in ("score_psi", "field_psi"):
        limit, notice = getattr(triggers, name), getattr(triggers, f"{name}_notice")
        if notice > limit:
            key = f"{name}_notice" if f"{name}_notice" in table.content else name
            problem = f"must leave {name}_notice at most {name}, got {notice:g} and {limit:g}"
            faults.append(SchemaError(table.source, table.key(key), problem))
    return faults
