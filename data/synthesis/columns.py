"""The columns of the table, and the variables that a drawn row is told in.

A bill follows from the bill before it, the payment and what was spent, so an account is told month
by month: 3 is the oldest of the three months, 1 the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: Newest month first, as in the table.
MONTHS = (1, 2, 3)

APPLICATION = ("LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE")
STATUSES = tuple(f"PAY_{month}" for month in MONTHS)
BILLS = tuple(f"BILL_AMT{month}" for month in MONTHS)
PAYMENTS = tuple(f"PAY_AMT{month}" for month in MONTHS)
AMOUNTS = (*BILLS, *PAYMENTS)
FEATURES = (*APPLICATION, *STATUSES, *AMOUNTS)
LABEL = "TARGET"
COLUMNS = (*FEATURES, LABEL)

#: Columns whose values are codes, not quantities.
CODED = ("SEX", "EDUCATION", "MARRIAGE", *STATUSES, LABEL)

#: Codes that nobody documented, and the code "other" that each counts as in training.
UNDOCUMENTED = {"EDUCATION": {0: 4, 5: 4, 6: 4}, "MARRIAGE": {0: 3}}

#: Kinds of payment: none, an amount of its own, about the bill before, that bill to the dollar.
NOTHING, AMOUNT, ABOUT, EXACTLY = 0, 1, 2, 3

#: A payment is "about the bill" within this factor.
FACTOR = 2


class Kind(StrEnum):
    """How a variable is come by."""

    CODE = "drawn, as one of a few codes"
    QUANTITY = "drawn, as a number"
    COMPUTED = "computed from others"


@dataclass(frozen=True)
class Variable:
    """A variable of the story.

    Attributes
    ----------
    name : str
    kind : Kind
    where : tuple of str and int, optional
        Drawn only where this variable has this value.
    relative : bool
        Whether its spread grows with it, so that it is kept by its logarithm.
    alike : tuple of str
        Rows that are counted as like each other should be alike in these, too.
    """

    name: str
    kind: Kind = Kind.QUANTITY
    where: tuple[str, int] | None = None
    relative: bool = False
    alike: tuple[str, ...] = ()


def _codes(*names: str) -> tuple[Variable, ...]:
    return tuple(Variable(name, Kind.CODE) for name in names)


def _computed(*names: str) -> tuple[Variable, ...]:
    return tuple(Variable(name, Kind.COMPUTED) for name in names)


def _payment(month: int) -> tuple[Variable, ...]:
    """Return the variables of a payment: kind, ratio to the bill before, amount, what is left."""
    kind = f"PAID_{month}"
    return (
        *_codes(kind),
        Variable(f"RATIO_{month}", where=(kind, ABOUT), relative=True),
        Variable(f"PAY_AMT{month}", where=(kind, AMOUNT), relative=True),
        *_computed(f"REPAID_{month}", f"CARRIED_{month}"),
    )


def _bill(month: int) -> tuple[Variable, ...]:
    """Return the variables of a bill: sign and new charges, in dollars and by the limit."""
    sign = f"SIGN_{month}"
    alike = (f"USE_{month}", f"CHARGES_{month}")
    return (
        *_codes(sign),
        Variable(f"SPENT_{month}", where=(sign, 1), alike=alike),
        *_computed(f"BILL_AMT{month}", f"USE_{month}"),
    )


#: The story, each variable given all before it. `SIGN` is the bill's sign, `USE`, `REPAID`,
#: `CARRIED` and `SPENT` are the bill, the payment, the bill before less the payment, and the new
#: charges as shares of the limit.
STORY = (
    *_codes("SEX", "EDUCATION", "MARRIAGE"),
    *(Variable("AGE"), Variable("LIMIT_BAL")),
    *_codes("PAY_3", "PAY_2", "PAY_1", "SIGN_3"),
    Variable("USE_3", where=("SIGN_3", 1), relative=True, alike=("BILL_AMT3",)),
    *_computed("BILL_AMT3"),
    *_codes("PAID_3"),
    Variable("PAY_AMT3", where=("PAID_3", AMOUNT), relative=True),
    *_computed("REPAID_3"),
    *(*_payment(2), *_bill(2)),
    *(*_payment(1), *_bill(1)),
)


def spell_out(table: pd.DataFrame) -> dict[str, Floats]:
    """Return every column and every variable of a table as an array of shape (n_rows,)."""
    columns = {name: table[name].to_numpy(np.float64) for name in FEATURES}
    limit = columns["LIMIT_BAL"]
    for month in MONTHS:
        bill, payment = columns[f"BILL_AMT{month}"], columns[f"PAY_AMT{month}"]
        columns[f"SIGN_{month}"] = np.sign(bill)
        columns[f"USE_{month}"] = bill / limit
        columns[f"REPAID_{month}"] = payment / limit
    columns["PAID_3"] = np.where(columns["PAY_AMT3"] > 0, float(AMOUNT), float(NOTHING))
    for month in (2, 1):
        before, payment = columns[f"BILL_AMT{month + 1}"], columns[f"PAY_AMT{month}"]
        kind = columns[f"PAID_{month}"] = kind_of_payment(payment, before)
        columns[f"RATIO_{month}"] = np.where(kind == ABOUT, payment / np.maximum(before, 1), 0)
        columns[f"CARRIED_{month}"] = (before - payment) / limit
        columns[f"CHARGES_{month}"] = columns[f"BILL_AMT{month}"] - before + payment
        columns[f"SPENT_{month}"] = columns[f"CHARGES_{month}"] / limit
    return columns


def kind_of_payment(payment: Floats, bill: Floats) -> Floats:
    """Classify how each payment relates to the bill of the month before."""
    about = (payment * FACTOR >= bill) & (payment <= bill * FACTOR) & (bill > 0)
    kinds = np.select([payment == 0, payment == bill, about], [NOTHING, EXACTLY, ABOUT], AMOUNT)
    return kinds.astype(np.float64)


def side_by_side(columns: Mapping[str, Floats], names: Sequence[str], rows: int) -> Floats:
    """Return the named variables as an array of shape (n_rows, n_names)."""
    return np.column_stack([columns[name] for name in names]) if names else np.empty((rows, 0))


def fold(table: pd.DataFrame) -> pd.DataFrame:
    """Count undocumented codes as "other", as training does."""
    return table.replace(UNDOCUMENTED)


def active(table: pd.DataFrame) -> Bools:
    """Find which accounts moved any money: one of the six amounts is not zero."""
    moved: Bools = (table[list(AMOUNTS)] != 0).any(axis=1).to_numpy()
    return moved
