"""A decision as columns of a table: what stands behind an applicant's own columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from creditscore.decisions.assessor import Decision, timestamp
from creditscore.i18n.catalogue import in_language
from creditscore.schema.csv_cells import to_cell
from creditscore.scorecard.reason_codes import MOST_REASONS

Cell = str | int | float | None


@dataclass(frozen=True)
class DecisionColumns:
    """Which columns there are.

    Attributes
    ----------
    logged : bool
        Whether the decisions are in the log: then each has its id and its time.
    reasons : bool
        Whether reasons are given, up to four, with their codes and impacts.
    language : str or None
        The language of their texts; None for none.
    """

    logged: bool
    reasons: bool = True
    language: str | None = None

    @cached_property
    def types(self) -> dict[str, type]:
        """The columns, in their order, and what stands in each."""
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
        for place in range(1, 1 + MOST_REASONS if self.reasons else 1):
            types |= {f"reasons.{place}.code": str, f"reasons.{place}.impact": float}
            if self.language is not None:
                types[f"reasons.{place}.text"] = str
        return types | {"warnings": str}

    def cells(self, made: Decision) -> tuple[Cell, ...]:
        """Give what stands in them, None for nothing."""
        cells: list[Cell] = []
        if self.logged:
            cells += [made.decision_id, timestamp(made.decided_at)]
        cells += [
            made.label,
            1 - made.probability_of_default,
            made.probability_of_default,
            made.cutoff,
            made.score,
            made.applicant.scorecard,
            made.model_version,
            made.baseline,
        ]
        if self.reasons:
            cells += self._reasons(made)
        cells.append("; ".join([f"{each.field} {each.code}" for each in made.warnings]) or None)
        return tuple(cells)

    def text(self, made: Decision) -> str:
        """Give them as cells of CSV."""
        cells = self.cells(made)
        # Few texts stand in many rows.
        shown = [repr(cell) if type(cell) is float else _known_cell(cell) for cell in cells]
        return ",".join(shown)

    def _reasons(self, made: Decision) -> Sequence[Cell]:
        cells: list[Cell] = []
        for reason in made.reasons:
            cells += [reason.code, reason.impact]
            if self.language is not None:
                cells.append(in_language(reason.text, self.language))
        width = 2 if self.language is None else 3
        return cells + [None] * (width * (MOST_REASONS - len(made.reasons)))


_known_cell = lru_cache(maxsize=4096)(to_cell)
