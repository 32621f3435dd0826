"""The model card as Markdown, in which every number comes from the card's JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from creditscore.evaluation.benchmark import benchmark_paragraph
from creditscore.evaluation.card import Card, Data, ScorecardCard
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, PAGE_TEXTS
from creditscore.model_card.formats import bullets, count, listed, share, table, yes
from creditscore.model_card.governance_sections import (
    front_page,
    governance,
    law_clauses,
    lineage,
    sign_off,
)
from creditscore.model_card.sample_sections import drawn_rows
from creditscore.model_card.sections import MISSING, PARTS

#: Which plots stand under which heading.
PLOTS = {
    "Performance": ("roc", "calibration", "scores"),
    "Decision": ("cutoffs",),
    "Fairness": ("fairness",),
    "Explanation": ("reasons", "partial_dependence"),
}


_HEADING = re.compile(r"(##|###) (.+)")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


def to_markdown(card: Card, *, plots: Sequence[str] = ()) -> str:
    """Write a model card as Markdown.

    Parameters
    ----------
    card : Card
    plots : sequence of str
        The files that were drawn, in the folder plots/ beside the card.
    """
    return "\n".join(numbered(list(_lines(card, plots)))) + "\n"


def _lines(card: Card, plots: Sequence[str]) -> Iterator[str]:
    yield f"# Model card: {card.title}"
    if paragraph := benchmark_paragraph(card, DEFAULT_LANGUAGE):
        yield from ("", paragraph)
    if card.notice:
        yield from ("", f"> {card.notice}")
    yield from ("", *front_page(card))
    if card.governance:
        yield from _section("Governance", governance(card.governance))
    yield from _section("Intended use", bullets(card.intended_use))
    yield from _section("Out of scope", bullets(card.out_of_scope))
    yield from _section("Data and lineage", _data(card))
    yield from _section("Predictors and monitored attributes", _fields(card))
    may_be_missing = any(section.missing_values for section in card.scorecards.values())
    for title in (title for title in PARTS if may_be_missing or title != MISSING):
        yield from _section(title, _scorecard_sections(card, title, plots))
    yield from _section("Limits", bullets(card.limits))
    yield from _section("Human oversight and monitoring", bullets(card.oversight))
    yield from _section("Law", [*bullets(card.law), *law_clauses(card)])
    yield from _section("Versions", _versions(card))
    if card.governance:
        yield from _section("Sign-off", sign_off(card.governance))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield from lines


def _scorecard_sections(card: Card, title: str, plots: Sequence[str]) -> Iterator[str]:
    """Write one section for every scorecard, with its plots."""
    for index, (name, section) in enumerate(card.scorecards.items()):
        if index:
            yield ""
        yield from (f"### {section.title}", "")
        yield from PARTS[title](card, section)
        for kind in PLOTS.get(title, ()):
            file = f"{name}-{kind}.svg"
            if file in plots:
                words = kind.replace("_", " ")
                yield from ("", f"![{section.title}: {words}](plots/{file})")


# Sections


def _data(card: Card) -> Iterator[str]:
    data, label = card.data, card.label
    yield f"- File: {data.file}, SHA-256 `{data.sha256}`."
    if data.published_as:
        yield f"- Origin: published by {data.published_as}, licence {data.licence}."
    else:
        yield f"- Origin: {data.about or 'not stated in the schema file.'}"
    yield (
        f"- Rows: {count(data.rows)}, of which {share(data.bad_rate)} bad. "
        f"{count(data.train_rows)} to learn from, {count(data.test_rows)} held out, "
        f"{count(data.test_bads)} of them bad: figures below are measured on rows held out, "
        "unless they say otherwise."
    )
    yield (
        f"- Outcome: {label.title} (`{label.column}` = {_outcomes(label.bad)}). The "
        f"probability of default is the probability that {label.event}."
    )
    if left_out := left_out_rows(data):
        yield f"- {left_out}"
    for name, rows in data.folded_rows.items():
        yield f"- {name}: {count(rows)} rows with undocumented codes, folded as the schema says."
    yield from bullets(drawn_rows(data))
    for name, codes in data.code_orders.items():
        yield (
            f"- {name}: codes in the order of their share of bad outcomes in the training rows, "
            f"the lowest first: {', '.join(map(str, codes))}."
        )
    if card.lineage:
        yield from lineage(card.lineage, card)


def _outcomes(bad: object) -> str:
    """Return the value of a bad outcome, or all of them."""
    return " or ".join(map(str, bad)) if isinstance(bad, list) else str(bad)


def left_out_rows(data: Data) -> str:
    """Return how many rows were left out for their outcome, in a sentence; else nothing."""
    outcomes = dict(data.left_out_rows)
    if not outcomes:
        return ""
    total, empty = sum(outcomes.values()), outcomes.pop("", 0)
    kinds = [f"{name} ({count(rows)})" for name, rows in outcomes.items()]
    if empty:
        kinds.append(f"none ({count(empty)})")
    return (
        f"{count(total)} more rows of the file were left out, as their outcome is neither good "
        f"nor bad: {', '.join(kinds)}."
    )


def _fields(card: Card) -> Iterator[str]:
    sections = card.scorecards.values()
    titles = [section.title for section in sections]
    yield from table(
        ["field", "meaning", "accepted", "protected", "applicant can change it", *titles],
        (
            [
                f"`{name}`",
                field.title + (f", {field.unit}" if field.unit else ""),
                field.accepted,
                yes(field.protected),
                yes(field.actionable),
                *(_part_in(section, name) for section in sections),
            ]
            for name, field in card.fields.items()
        ),
    )
    yield from ("", "A monitored attribute is asked for and watched; no decision depends on it.")
    for section in sections:
        if section.protected_predictors:
            yield from (
                "",
                f"**{section.title}: its decisions depend on protected attributes "
                f"({listed(section.protected_predictors)}).** {card.legal}; see Law for "
                "other places. `train.py --exclude` leaves them out; see Fairness "
                "for what that costs.",
            )


def _part_in(section: ScorecardCard, field: str) -> str:
    """Return the part that a field has in a scorecard."""
    if field in section.predictors:
        return "predictor"
    return "monitored" if field in section.monitored_attributes else "-"


def _versions(card: Card) -> Iterator[str]:
    for section in card.scorecards.values():
        forest = section.forest
        settings = ", ".join(f"{name} {value}" for name, value in forest.items() if value)
        yield f"- {section.title}: `{section.version}`, a random forest ({settings})."
        if trials := section.forest_trials:
            yield (
                f"  Size of a leaf, features a split and depth were chosen from {len(trials)} "
                "settings by the log-loss of out-of-bag predictions on the training rows."
            )
    yield (
        f"- Trained at {card.trained_at} with seed {card.seed}. The same file, schema, "
        "options, seed and software give the same versions again."
    )
    if golden := card.method.implementation_test_applicants:
        texts = PAGE_TEXTS[DEFAULT_LANGUAGE]
        test = texts["implementation_test_of"].format(applicants=golden)
        yield f"- {texts['implementation_test']}: {test}"


# Headings


def numbered(lines: Sequence[str]) -> Iterator[str]:
    """Return the lines with headings numbered, "3." and "3.1", and those of sections listed.

    The list, with links, comes before the first section.
    """
    output: list[str] = []
    chapters: list[str] = []
    section = 0
    for line in lines:
        heading = _HEADING.fullmatch(line)
        if heading is None:
            output.append(line)
        elif heading[1] == "##":
            section = 0
            chapters.append(f"{len(chapters) + 1}. {heading[2]}")
            output.append(f"## {chapters[-1]}")
        else:
            section += 1
            output.append(f"### {len(chapters)}.{section} {heading[2]}")
    first = next(i for i, line in enumerate(output) if line.startswith("## "))
    yield from output[:first]
    yield from ("**Contents**", "")
    for chapter in chapters:
        number, title = chapter.split(". ", 1)
        yield f"{number}. [{title}](#{anchor(chapter)})"
    yield ""
    yield from output[first:]


def anchor(heading: str) -> str:
    """Return the anchor that GitHub and others give a heading."""
    return _NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-")
