"""Draw accounts: all features of a row, in the order of the story."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.synthesis.columns import (
    ABOUT,
    AMOUNT,
    EXACTLY,
    FEATURES,
    MONTHS,
    NOTHING,
    STORY,
    Bools,
    Floats,
    Kind,
    Variable,
    side_by_side,
    spell_out,
)
from data.synthesis.conditionals import Conditional, fit_codes, fit_numbers
from data.synthesis.leaves import MIN_ROWS, Leaf, summarise_numbers

#: Limits are granted in steps of this many dollars, one step at least.
LIMIT_STEP = 10_000

#: The youngest age of the table, in years; more than enough rows hold it.
MIN_AGE = 21

#: Tries to draw charges that leave something to pay, and the most used where all of them fail.
TRIES = 6
LITTLE = 0.02

NAMES = tuple(variable.name for variable in STORY)


@dataclass(frozen=True)
class Accounts:
    """How to draw features.

    Attributes
    ----------
    variables : mapping of str to Conditional
        Each drawn variable, given those before it in the story.
    overpaid : mapping of int to Leaf
        For each month, bills below zero as shares of the limit.
    """

    variables: Mapping[str, Conditional]
    overpaid: Mapping[int, Leaf]

    def draw(self, rows: int, rng: np.random.Generator) -> pd.DataFrame:
        """Draw a table of features."""
        drawing = _Drawing(self, rows, rng)
        drawing.draw_person()
        drawing.draw_oldest_month()
        for month in (2, 1):
            drawing.draw_payment(month)
            drawing.draw_bill(month)
        return pd.DataFrame({name: drawing.columns[name].astype(np.int64) for name in FEATURES})


def fit_accounts(table: pd.DataFrame, progress: Callable[[str], None]) -> Accounts:
    """Fit every variable of the story."""
    columns = spell_out(table)
    variables = {}
    for index, variable in enumerate(STORY):
        if variable.kind is not Kind.COMPUTED:
            progress(f"fitting {variable.name}")
            rows = _where(variable, columns, len(table))
            if rows.sum() >= MIN_ROWS:
                subset = {name: column[rows] for name, column in columns.items()}
                variables[variable.name] = _fit(variable, subset, NAMES[:index])
    overpaid = {
        month: summarise_numbers(columns[f"USE_{month}"][columns[f"SIGN_{month}"] < 0])
        for month in MONTHS
    }
    return Accounts(variables, overpaid)


def _where(variable: Variable, columns: Mapping[str, Floats], rows: int) -> Bools:
    if variable.where is None:
        return np.ones(rows, dtype=np.bool_)
    name, value = variable.where
    matches: Bools = columns[name] == value
    return matches


def _fit(variable: Variable, columns: Mapping[str, Floats], names: tuple[str, ...]) -> Conditional:
    target = columns[variable.name]
    before = side_by_side(columns, names, len(target))
    if variable.kind is Kind.CODE:
        return fit_codes(before, target)
    alike = [columns[name] for name in variable.alike]
    return fit_numbers(before, target, alike=alike, relative=variable.relative)


class _Drawing:
    """A table in the making: each step adds variables to ``columns``."""

    def __init__(self, accounts: Accounts, rows: int, rng: np.random.Generator) -> None:
        self.accounts, self.rows, self.rng = accounts, rows, rng
        self.columns: dict[str, Floats] = {}

    def draw_person(self) -> None:
        """Draw who it is, the limit, and how the three months were paid."""
        for name in ("SEX", "EDUCATION", "MARRIAGE"):
            self.columns[name] = self.draw(name)
        self.columns["AGE"] = np.maximum(self.draw("AGE").round(), MIN_AGE)
        steps = (self.draw("LIMIT_BAL") / LIMIT_STEP).round()
        self.columns["LIMIT_BAL"] = np.maximum(steps, 1) * LIMIT_STEP
        for name in ("PAY_3", "PAY_2", "PAY_1"):
            self.columns[name] = self.draw(name)

    def draw_oldest_month(self) -> None:
        """Draw the first bill and the payment of that month."""
        limit = self.columns["LIMIT_BAL"]
        owing = self.draw_sign(3) > 0
        use = self.draw("USE_3", owing)
        self.set_bill(3, np.where(owing, np.maximum((use * limit).round(), 1), 0))
        self.columns["PAID_3"] = self.draw("PAID_3")
        payment = self.draw_amount(3)
        self.columns["PAY_AMT3"], self.columns["REPAID_3"] = payment, payment / limit

    def draw_payment(self, month: int) -> None:
        """Draw a payment, given the bill of the month before."""
        before, limit = self.columns[f"BILL_AMT{month + 1}"], self.columns["LIMIT_BAL"]
        kind = self.draw(f"PAID_{month}")
        kind = np.where((kind >= ABOUT) & (before <= 0), NOTHING, kind)
        self.columns[f"PAID_{month}"] = kind
        ratio = self.columns[f"RATIO_{month}"] = self.draw(f"RATIO_{month}", kind == ABOUT)
        payment = np.select(
            [kind == EXACTLY, kind == ABOUT],
            [before, np.maximum((before * ratio).round(), 1)],
            self.draw_amount(month),
        )
        self.columns[f"PAY_AMT{month}"] = payment
        self.columns[f"REPAID_{month}"] = payment / limit
        self.columns[f"CARRIED_{month}"] = (before - payment) / limit

    def draw_bill(self, month: int) -> None:
        """Draw a bill: what was carried over, and new charges."""
        limit, sign = self.columns["LIMIT_BAL"], self.draw_sign(month)
        carried = self.columns[f"BILL_AMT{month + 1}"] - self.columns[f"PAY_AMT{month}"]
        bill = np.zeros(self.rows)
        for _ in range(TRIES):
            owing = (sign > 0) & (bill <= 0)
            spent = self.draw(f"SPENT_{month}", owing)
            bill = np.where(owing, (carried + spent * limit).round(), bill)
        little = np.maximum((self.rng.random(self.rows) * LITTLE * limit).round(), 1)
        self.set_bill(month, np.where((sign > 0) & (bill <= 0), little, bill))
        self.columns[f"SPENT_{month}"] = (self.columns[f"BILL_AMT{month}"] - carried) / limit

    def set_bill(self, month: int, bill: Floats) -> None:
        """Write a bill down, with one below zero where the sign asks for it."""
        limit = self.columns["LIMIT_BAL"]
        below = np.flatnonzero(self.columns[f"SIGN_{month}"] < 0)
        if len(below):
            share = self.accounts.overpaid[month].draw(self.rng.random(len(below)), self.rng)
            bill[below] = np.minimum((share * limit[below]).round(), -1)
        self.columns[f"BILL_AMT{month}"], self.columns[f"USE_{month}"] = bill, bill / limit

    def draw_sign(self, month: int) -> Floats:
        """Draw the sign of a bill."""
        sign = self.columns[f"SIGN_{month}"] = self.draw(f"SIGN_{month}")
        return sign

    def draw_amount(self, month: int) -> Floats:
        """Draw a payment where it is an amount of its own, and give 0 elsewhere."""
        is_amount = self.columns[f"PAID_{month}"] == AMOUNT
        amounts = self.draw(f"PAY_AMT{month}", is_amount)
        return np.where(is_amount, np.maximum(amounts.round(), 1), 0)

    def draw(self, name: str, within: Bools | None = None) -> Floats:
        """Draw a variable, given those before it; 0 where it is not asked for."""
        values = np.zeros(self.rows)
        where = np.ones(self.rows, dtype=np.bool_) if within is None else within
        if where.any():
            before = side_by_side(self.columns, NAMES[: NAMES.index(name)], self.rows)
            values[where] = self.accounts.variables[name].draw(before[where], self.rng)
        return values
