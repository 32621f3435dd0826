"""Sections of the model card on what its lender declares, on the way of the rows, and on law."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

from creditscore.evaluation.card import Card
from creditscore.evaluation.lineage import Lineage
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, PAGE_TEXTS
from creditscore.model_card.formats import count, share, table
from creditscore.schema.declarations import Declarations
from creditscore.schema.governance import STEPS, TEXTS

#: What stands where nothing is declared.
NOT_STATED = f"**{PAGE_TEXTS[DEFAULT_LANGUAGE]['not_declared']}**"

#: Where the reader of a printed card signs.
LINE = "\\_" * 20


def front_page(card: Card) -> Iterator[str]:
    """Write what a filed document has on its first page: which models, when, whose, signed by."""
    versions = ", ".join(f"`{scorecard.version}`" for scorecard in card.scorecards.values())
    yield from table(
        ["Document", "Model card"],
        [
            ["Model versions", versions],
            ["Trained at", card.trained_at],
            ["Trained on", f"{card.data.file}, {count(card.data.rows)} rows"],
            *_owner_and_status(card.governance),
        ],
    )


def _owner_and_status(declarations: Declarations | None) -> list[list[str]]:
    if declarations is None:
        return []
    return [["Owner", _or_not_stated(declarations.owner)], ["Status", _status(declarations)]]


def _status(declarations: Declarations) -> str:
    unsigned_steps = [step for step in STEPS if step in declarations.missing]
    if not unsigned_steps:
        return f"Approved on {declarations.sign_off['approved'].date}"
    return f"**Not signed off**: {', '.join(unsigned_steps)} missing"


def governance(declarations: Declarations) -> Iterator[str]:
    """Write what is declared, and what is not."""
    texts, missing = PAGE_TEXTS[DEFAULT_LANGUAGE], len(declarations.missing)
    state = texts["governance_missing" if missing else "governance_complete"]
    counts = state.format(missing=missing, total=declarations.total)
    yield f"{texts['governance_lead']} {f'**{counts}**' if missing else counts}"
    yield ""
    yield from table(
        ["declaration", "stated"],
        ([_title(key), _or_not_stated(getattr(declarations, key))] for key in TEXTS),
    )
    yield from ("", "### Version history", "")
    if declarations.versions:
        yield from table(
            ["version", "date", "what changed", "by"],
            (map(_cell, astuple(version)) for version in declarations.versions),
        )
    else:
        yield f"{NOT_STATED}."
    yield from ("", "### Why each variable is in", "")
    yield from table(
        ["field", "why"],
        ([f"`{name}`", _or_not_stated(why)] for name, why in declarations.variables.items()),
    )
    yield from ("", "### Triggers for a validation before its time", "")
    usual = f"**{texts['usual_limit']}**"
    yield from table(
        ["trigger", "limit", "declared"],
        (
            [f"`{name}`", _limit(limit), usual if name in declarations.usual_triggers else "yes"]
            for name, limit in declarations.triggers.items()
        ),
    )


def _limit(limit: Any) -> str:
    return " to ".join(map(str, limit)) if isinstance(limit, list) else str(limit)


def sign_off(declarations: Declarations) -> Iterator[str]:
    """Write the block that is signed, on paper where names and dates are not declared."""
    yield (
        "The person who signs has read this document and answers for the step. A signature covers "
        "the model versions on the first page."
    )
    yield ""
    yield from table(
        ["step", "name", "role", "date", "signature"],
        (
            [
                _title(step),
                *(_or_not_stated(text) for text in astuple(declarations.sign_off[step])),
                LINE,
            ]
            for step in STEPS
        ),
    )


def _title(key: str) -> str:
    return PAGE_TEXTS[DEFAULT_LANGUAGE][f"declared_{key}"]


def _or_not_stated(text: str | None) -> str:
    return NOT_STATED if text is None else _cell(text)


def _cell(text: str) -> str:
    """Return a text of a schema file as a cell: a bar would begin the next one."""
    return " ".join(text.split()).replace("|", "\\|")


# Lineage


def lineage(trace: Lineage, card: Card) -> Iterator[str]:
    """Write the way of the rows: counts by step, missing values by field, the split, software."""
    texts = PAGE_TEXTS[DEFAULT_LANGUAGE]
    yield from ("", "### Rows from the file to the figures", "")
    yield from table(
        ["step", "rows", "bad", "bad rate"],
        (
            [
                texts[f"rows_{step}"],
                count(counts.rows),
                "-" if counts.bad is None else count(counts.bad),
                share(counts.bad / counts.rows if counts.bad is not None and counts.rows else None),
            ]
            for step, counts in trace.steps.items()
        ),
    )
    people = card.data.people
    yield from (
        "",
        f"The split is at random with seed {trace.seed}, with the same share of bad rows on "
        f"both sides (stratified){', and all rows of a person on one side' if people else ''}.",
    )
    if ignored_columns := trace.ignored_columns:
        yield ""
        yield f"Columns of the file that are not used: {', '.join(map(_cell, ignored_columns))}."
    yield from ("", "### Missing values by field", "")
    yield from _missing_values(trace)
    yield from ("", "### Software", "")
    yield ", ".join(f"{name} {version}" for name, version in card.software.items()) + "."


def _missing_values(trace: Lineage) -> Iterator[str]:
    missing = {name: rows for name, rows in trace.missing.items() if rows}
    if not missing:
        yield "No field is empty in any of the rows used."
        return
    used_rows = trace.steps["used"].rows
    yield from table(
        ["field", "rows without a value", "share of the rows used"],
        ([f"`{name}`", count(rows), share(rows / used_rows)] for name, rows in missing.items()),
    )
    complete = len(trace.missing) - len(missing)
    if complete:
        yield from ("", f"The other fields, {count(complete)}, have no gap.")


# Law


def law_clauses(card: Card) -> Iterator[str]:
    """Write the clauses of law beside what in the product answers them."""
    yield ""
    yield from table(
        ["place", "clause", "what it asks for", "what is there for it"],
        (
            [_cell(text) for text in (clause.place, clause.clause, clause.asks, clause.answer)]
            for clause in card.law_clauses
        ),
    )
