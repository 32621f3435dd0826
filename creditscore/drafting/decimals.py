"""Find the decimal sign of each column of a table, and the one to state for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from creditscore.drafting.cells import Affixes, find_affixes, is_missing, sample
from creditscore.drafting.columns import Column, Table
from creditscore.readers.file_format import CSV
from creditscore.schema.number_text import SIGNS, read_amount

#: Cells that settle the sign, at least, as a share of the ambiguous ones that it would decide: a
#: few cells typed in another way must not turn the decimals of a whole file into thousands.
SETTLING_SHARE = 0.1


@dataclass(frozen=True)
class DecimalSign:
    """How the numbers of a column are written.

    Attributes
    ----------
    sign : {".", ",", None}
        The sign to read them by; None where it cannot be told.
    ambiguous : str
        A number such as "1.250", in a column where no cell settles what it is; mostly empty.
    """

    sign: str | None
    ambiguous: str = ""


#: Of a column without such numbers.
POINT = DecimalSign(".")


def find_decimals(table: Table, decimal: str | None) -> tuple[str | None, Sequence[DecimalSign]]:
    """Return the decimal sign to state for a file, and that of each column.

    Where it is given, it is that of all columns. Otherwise it is stated where all columns that
    settle it, as "12.5" and "1.234.567" do, agree, and enough rows settle it (`SETTLING_SHARE`).
    Where none does, it is in CSV what is usual with the separator: semicolons are written where the
    decimal sign is a comma. Otherwise none is stated, and each column is read by its own, as
    training does.
    """
    if decimal is not None:
        return decimal, [DecimalSign(decimal)] * len(table.columns)
    votes = [_Votes.of(column) for column in table.columns]
    settled_signs = {vote.sign for vote in votes if vote.sign}
    settling = sum(vote.rows for vote in votes if vote.sign)
    ambiguous = sum(vote.ambiguous_rows for vote in votes if not vote.sign)
    stated = None
    is_undecided = not settled_signs and any(vote.ambiguous or vote.rows for vote in votes)
    if is_undecided and table.format.kind == CSV:
        stated = "." if table.format.separator == "," else ","
    elif len(settled_signs) == 1 and settling >= SETTLING_SHARE * ambiguous:
        (stated,) = settled_signs
    return stated, [DecimalSign(stated or vote.sign, vote.ambiguous) for vote in votes]


@dataclass(frozen=True)
class _Votes:
    """What the cells of a column settle: its sign if they agree, rows that do, and the others."""

    sign: str | None
    rows: int
    ambiguous_rows: int
    ambiguous: str

    @classmethod
    def of(cls, column: Column) -> _Votes:
        affixes = find_affixes(column.texts)
        counts = dict(zip(column.texts, column.counts.tolist(), strict=True))
        rows: Counter[tuple[str, ...]] = Counter()
        for text in sample(column.texts):
            if _has_sign(text, column):
                rows[_readable_signs(text, affixes)] += counts[text]
        settling_signs = [signs for signs in rows if len(signs) == 1]
        numbers = rows.total() - rows[()]
        sign = (
            settling_signs[0][0]
            if len(settling_signs) == 1 and numbers >= rows.total() / 2
            else None
        )
        ambiguous = ""
        if not settling_signs:
            # Nothing is left ambiguous, however few of a column's texts are such numbers.
            signed = (text for text in column.texts if _has_sign(text, column))
            ambiguous = next((t for t in signed if len(_readable_signs(t, affixes)) == 2), "")
        return cls(sign, sum(rows[signs] for signs in settling_signs), rows[SIGNS], ambiguous)


def _has_sign(text: str, column: Column) -> bool:
    """Check whether a text can settle a decimal sign: a number of the file itself settles none."""
    return ("." in text or "," in text) and text not in column.typed


def _readable_signs(text: str, affixes: Affixes) -> tuple[str, ...]:
    """Return the decimal signs with which a text is a number."""
    if is_missing(text):
        return ()
    plain = affixes.take_off(text)
    return tuple(sign for sign in SIGNS if read_amount(plain, sign) is not None)


def both_readings(text: str, affixes: Affixes) -> tuple[str, str]:
    """Return what an ambiguous number is with a decimal point and with a decimal comma."""
    plain = affixes.take_off(text)
    point, comma = (f"{read_amount(plain, sign) or 0:.10g}" for sign in (".", ","))
    return point, comma
