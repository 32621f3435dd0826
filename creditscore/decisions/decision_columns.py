"""A decision as columns of a table, which follow the applicant's own columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from creditscore.decisions.assessor import Decision, timestamp
from creditscore.i18n.catalogue import in_language
from creditscore.schema.csv_cells import to_cell
from creditscore.scorecard.reason_codes import MAX_REASONS

Cell = str | int | float | None


def warnings_in_short(warnings: Iterable[tuple[str, str | None]]) -> str:
    """Write warnings' codes into one cell, each behind its field where it is of one."""
    return "; ".join([code if field is None else f"{field} {code}" for code, field in warnings])


@dataclass(frozen=True)
class DecisionColumns:
    """The columns that are written of a decision.

    Attributes
    ----------
    logged : bool
        Whether the decisions are logged: then there are columns for id and time.
    reasons : bool
        Whether there are reasons, up to four, with their codes and impacts.
    language : str or None
        The language of their texts; None for none.
    prefix : str
        Put before the columns' names.
    separator : str
        Between cells.
    decimal : {".", ","}
        The decimal sign of numbers.
    """

    logged: bool
    reasons: bool = True
    language: str | None = None
    prefix: str = ""
    separator: str = ","
    decimal: str = "."

    @cached_property
    def types(self) -> dict[str, type]:
        """The type of each column, in their order."""
        types: dict[str, type] = {"decision_id": str, "decided_at": str} if self.logged else {}
        types |= {
            "label": str,
            "probability": float,
            "probability_of_default": float,
            "cutoff": float,
            "score": int,
            "scorecard": str,
            "model_version": str,
            "baseline": float,
        }
        for rank in range(1, 1 + MAX_REASONS if self.reasons else 1):
            types |= {f"reasons.{rank}.code": str, f"reasons.{rank}.impact": float}
            if self.language is not None:
                types[f"reasons.{rank}.text"] = str
        types["warnings"] = str
        return {f"{self.prefix}{name}": cell_type for name, cell_type in types.items()}

    def cells(self, decision: Decision) -> tuple[Cell, ...]:
        """Return a decision's cells; None for an empty one."""
        cells: list[Cell] = []
        if self.logged:
            cells += [decision.decision_id, timestamp(decision.decided_at)]
        cells += [
            decision.label,
            1 - decision.probability_of_default,
            decision.probability_of_default,
            decision.cutoff,
            decision.score,
            decision.applicant.scorecard,
            decision.model_version,
            decision.baseline,
        ]
        if self.reasons:
            cells += self._reasons(decision)
        cells.append(warnings_in_short([warning[:2] for warning in decision.warnings]) or None)
        return tuple(cells)

    def text(self, decision: Decision) -> str:
        """Return a decision's cells as CSV, without the line end."""
        cells = self.cells(decision)
        # Texts recur from row to row, other than probabilities and impacts.
        sign, separator = self.decimal, self.separator
        texts = [
            (repr(cell) if sign == "." else repr(cell).replace(".", sign))
            if type(cell) is float
            else _cached_cell(cell, separator)
            for cell in cells
        ]
        return separator.join(texts)

    def _reasons(self, decision: Decision) -> Sequence[Cell]:
        cells: list[Cell] = []
        for reason in decision.reasons:
            cells += [reason.code, reason.impact]
            if self.language is not None:
                cells.append(in_language(reason.text, self.language))
        width = 2 if self.language is None else 3
        return cells + [None] * (width * (MAX_REASONS - len(decision.reasons)))


_cached_cell = lru_cache(maxsize=4096)(to_cell)
