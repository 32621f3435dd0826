"""The model page: the model card, and the trade-off of another cut-off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Response, request

from creditscore.charts.model_charts import MAX_FIELDS, cutoff_plot, field_curves, scorecard_plots
from creditscore.charts.topics import Topic, Wording
from creditscore.charts.validation_tables import validation_topics
from creditscore.evaluation.benchmark import benchmark_paragraph
from creditscore.evaluation.card import Card, read_card
from creditscore.evaluation.cutoff_tradeoff import (
    HIGHEST_PERCENT,
    HIGHEST_RATIO,
    LOWEST_PERCENT,
    LOWEST_RATIO,
    break_even_percent,
    cheapest,
    group_rates,
    trade_off,
)
from creditscore.i18n.catalogue import DECIMAL_SIGNS, PAGE_TEXTS
from creditscore.i18n.number_format import PAGE_FORMATS
from creditscore.schema.declarations import ReleaseText
from creditscore.schema.governance import TEXTS
from creditscore.scorecard.model_archive import ArchivedVersion, list_versions
from creditscore.web.content_negotiation import page_language
from creditscore.web.localised_card import localised_card
from creditscore.web.pages.layout import notice, render_page, render_part, write_group
from creditscore.web.problems import UNPROCESSABLE
from creditscore.web.service import service

#: Metrics that the page shows; the JSON has all.
FIGURES = ("auc", "ks", "brier", "ece")


@dataclass(frozen=True)
class Choice:
    """The chosen scorecard, ratio and cut-off in percent, and an error for each wrong entry."""

    scorecard: str
    ratio: float
    percent: int
    errors: Mapping[str, str]


def show_model() -> Response:
    """Render the card, or only the part on the cut-off if a script asks for that."""
    assessor, language = service().assessor, page_language()
    card = read_card(localised_card(assessor.model, assessor.policy, language))
    validation = _validation_topics(card, language)
    if request.args.get("part") == "validation":
        query = {"part": "validation"}
        return render_page(
            "validation.html", language, query=query, card=card, validation=validation
        )
    choice = _read_choice(card, language)
    name = choice.scorecard
    parts = {
        "write": PAGE_FORMATS[language],
        "group": partial(write_group, language=language),
        **_cutoff_part(card, choice, language),
    }
    if request.args.get("part") == "cutoff":
        answer = render_part("cutoff.html", language, **parts)
    else:
        answer = render_page(
            "model.html",
            language,
            query={"scorecard": name},
            card=card,
            versions=_versions(card, name),
            limits=(LOWEST_PERCENT, HIGHEST_PERCENT, LOWEST_RATIO, HIGHEST_RATIO),
            notice=notice(language),
            benchmark=benchmark_paragraph(card, language),
            figures=FIGURES,
            decimal=DECIMAL_SIGNS[language],
            declarations=TEXTS,
            max_fields=MAX_FIELDS,
            validation=validation,
            plots=scorecard_plots(card.scorecards[name], PAGE_TEXTS[language], language),
            curves=list(
                field_curves(card.scorecards[name], card.fields, PAGE_TEXTS[language], language)
            ),
            **parts,
        )
    if choice.errors:
        answer.status_code = UNPROCESSABLE
    return answer


def _validation_topics(card: Card, language: str) -> dict[str, list[Topic]]:
    """Return the topics of each scorecard by its name; none for a card of an earlier release."""
    words = Wording(
        language=language,
        field=lambda name: str(card.fields[name].title),
        group=partial(write_group, language=language),
        scorecard=lambda name: str(card.scorecards[name].title),
    )
    return {
        name: list(validation_topics(section, words)) for name, section in card.scorecards.items()
    }


def _versions(card: Card, name: str) -> list[tuple[ArchivedVersion, list[ReleaseText]]]:
    """List the versions of a scorecard, each with what is declared of it in the version history."""
    svc = service()
    releases = card.governance.versions if card.governance else ()
    return [
        (
            archived,
            [text for text in releases if archived.version in re.findall(r"[\w-]+", text.version)],
        )
        for archived in list_versions(svc.settings.model_dir, svc.assessor.model)
        if archived.scorecard == name
    ]


def _read_choice(card: Card, language: str) -> Choice:
    """Read the choice from the query string; what is missing is as the service decides."""
    texts, policy, errors = PAGE_TEXTS[language], card.policy, {}
    query, names = request.args, list(card.scorecards)
    scorecard = query.get("scorecard", "")
    policy_ratio = policy.loss_to_margin or (1 - policy.cutoff) / policy.cutoff
    ratio = _number(query.get("ratio"), LOWEST_RATIO, HIGHEST_RATIO, policy_ratio)
    if ratio is None:
        errors["ratio"] = _wrong(texts, "cut_ratio", LOWEST_RATIO, HIGHEST_RATIO, language)
        ratio = policy_ratio
    default = break_even_percent(ratio) if "ratio" in query else round(100 * policy.cutoff)
    # A browser sends both fields; the button says which of them counts.
    typed = query.get("cutoff") if query.get("by") != "ratio" else None
    percent = _number(typed, LOWEST_PERCENT, HIGHEST_PERCENT, default)
    if percent is None:
        errors["cutoff"] = _wrong(texts, "cut_percent", LOWEST_PERCENT, HIGHEST_PERCENT, language)
    return Choice(
        scorecard=scorecard if scorecard in names else names[0],
        ratio=ratio,
        percent=round(default if percent is None else percent),
        errors=errors,
    )


def _number(text: str | None, low: float, high: float, default: float) -> float | None:
    """Read a number within bounds; None for anything else."""
    if text is None:
        return default
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if low <= number <= high else None


def _wrong(texts: Mapping[str, str], key: str, low: float, high: float, language: str) -> str:
    write = PAGE_FORMATS[language].number
    return texts["cut_wrong"].format(name=texts[key], low=write(low), high=write(high))


def _cutoff_part(card: Card, choice: Choice, language: str) -> dict[str, Any]:
    """Return the trade-off of the chosen cut-off, beside that of the one in force."""
    section = card.scorecards[choice.scorecard]
    now = round(100 * card.policy.cutoff)
    tradeoff = trade_off(section, choice.percent, choice.ratio)
    return {
        "choice": choice,
        "card_fields": card.fields,
        "tradeoff": tradeoff,
        "in_force": trade_off(section, now, choice.ratio),
        "cheapest": cheapest(section, choice.ratio),
        "group_rates": group_rates(section, choice.percent),
        "group_rates_now": group_rates(section, now),
        "cutoff_plot": cutoff_plot(section, tradeoff, PAGE_TEXTS[language], language),
    }
