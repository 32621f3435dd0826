"""Whether a scorecard beats the benchmark of the trade, a WoE scorecard of the same fields."""

from __future__ import annotations

from collections.abc import Mapping

from creditscore.evaluation.card import Card
from creditscore.evaluation.card_sections import Performance
from creditscore.evaluation.confidence_intervals import Figure
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, PAGE_TEXTS
from creditscore.i18n.number_format import FORMATS

#: Its name among the baselines.
BENCHMARK = "woe_scorecard"

#: The figures that are compared: 1 where more is better, -1 where less is.
COMPARED = {"auc": 1, "brier": -1}


def gain(difference: Figure | None, *, better: int) -> int:
    """Return 1 where a difference is an improvement beyond noise, -1 for a loss, else 0.

    Parameters
    ----------
    difference : Figure or None
        By how much the scorecard exceeds the benchmark, with its interval.
    better : {1, -1}
        1 where more of the figure is better.
    """
    if difference is None or difference["low"] <= 0 <= difference["high"]:
        return 0
    return better if difference["low"] > 0 else -better


def gains(performance: Performance) -> dict[str, int] | None:
    """Return the `gain` in each figure; None for a card from before there was a benchmark."""
    differences = performance.difference_to_baseline.get(BENCHMARK)
    if differences is None:
        return None
    return {name: gain(differences[name], better=better) for name, better in COMPARED.items()}


def benchmark_paragraph(card: Card, language: str) -> str | None:
    """Say of each scorecard of a card whether it beats the benchmark, and by how much.

    Parameters
    ----------
    card : Card
        In that language.
    language : str

    Returns
    -------
    str or None
        None for a card from before there was a benchmark.
    """
    texts, sections = PAGE_TEXTS[language], card.scorecards.values()
    verdicts = {
        section.title: verdict
        for section in sections
        if (verdict := _verdict(section.performance, language))
    }
    if not verdicts:
        return None
    confidence = FORMATS[language].setting(card.method.confidence)
    sentences = [texts["benchmark_lead"].format(confidence=confidence)]
    sentences += [f"{title}: {verdict}." for title, verdict in verdicts.items()]
    if any(1 not in (gains(section.performance) or {}).values() for section in sections):
        sentences.append(texts["benchmark_unjustified"])
    return " ".join(sentences)


def benchmark_in_short(performance: Performance) -> str | None:
    """Say the same of one scorecard in one sentence for a terminal."""
    verdict = _verdict(performance, DEFAULT_LANGUAGE)
    return verdict and f"Against the WoE scorecard: {verdict}."


def _verdict(performance: Performance, language: str) -> str | None:
    figure_gains = gains(performance)
    if figure_gains is None:
        return None
    texts, differences = PAGE_TEXTS[language], performance.difference_to_baseline[BENCHMARK]
    if -1 in figure_gains.values():
        template = texts["benchmark_worse"]
    elif 1 not in figure_gains.values():
        template = texts["benchmark_none"]
    else:
        template = texts["benchmark_one" if 0 in figure_gains.values() else "benchmark_both"]
    return template.format(
        better=_figure_names(figure_gains, 1, texts),
        worse=_figure_names(figure_gains, -1, texts),
        figures=", ".join(
            f"{texts[name]} {_format_figure(difference, language)}"
            for name in COMPARED
            if (difference := differences[name]) is not None
        ),
    )


def _figure_names(figure_gains: Mapping[str, int], way: int, texts: Mapping[str, str]) -> str:
    """Name the figures that changed one way."""
    return texts["benchmark_and"].join(
        texts[name] for name, sign in figure_gains.items() if sign == way
    )


def _format_figure(figure: Figure, language: str) -> str:
    write = FORMATS[language].difference
    return PAGE_TEXTS[language]["benchmark_figure"].format(
        value=write(figure["value"]), low=write(figure["low"]), high=write(figure["high"])
    )
