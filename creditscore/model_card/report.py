"""What training tells the person who ran it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, LEGAL_SENTENCE
from creditscore.model_card.card_files import PLOTS_FOLDER, TEXT_FILE
from creditscore.model_card.sections import MODELS
from creditscore.scorecard.artifact import CARD_FILE, MANIFEST_FILE, MODEL_FILE
from creditscore.scorecard.model import Model

FIGURES = (("AUC", "auc"), ("Brier", "brier"), ("ECE", "ece"), ("accuracy", "accuracy"))


def summarise(model: Model) -> str:
    """Tell in a few lines what was trained, how good it is, and what to mind."""
    return "\n".join(_lines(model))


def written(folder: Path, *, plots: bool, left_out: Sequence[str]) -> str:
    """Tell which files were written, and which plots were not for lack of matplotlib."""
    files = [MODEL_FILE, MANIFEST_FILE, CARD_FILE, TEXT_FILE]
    if plots and not left_out:
        files.append(f"{PLOTS_FOLDER}/")
    line = f"Wrote {', '.join(files[:-1])} and {files[-1]} to {folder}."
    if not left_out:
        return line
    names = ", ".join(name.removesuffix(".svg") for name in left_out)
    return (
        f"{line}\nLeft out, for lack of matplotlib, the plots {names}: "
        "python -m pip install -r requirements-plots.txt, and train again."
    )


def _lines(model: Model) -> Iterator[str]:
    data = model.card["data"]
    yield (
        f"Data: {data['file']}, {data['rows']:,} rows, {data['bad_rate']:.1%} bad; "
        f"tested on rows that training never saw."
    )
    for field, rows in data["folded_rows"].items():
        yield f"  {field}: {rows} rows with undocumented codes, folded as the schema file says"
    for name in model.scorecards:
        yield from _scorecard(model, model.card["scorecards"][name])


def _scorecard(model: Model, card: Mapping[str, Any]) -> Iterator[str]:
    performance, decision = card["performance"], card["decision"]
    measured = {"scorecard": performance["scorecard"], **performance["baselines"]}
    yield ""
    yield f"{card['version']}: {', '.join(card['predictors'])}"
    rows = f"{performance['rows']:,} test rows"
    yield "  " + rows.ljust(32) + _columns(name for name, _ in FIGURES)
    for key, found in measured.items():
        figures = (f"{found[figure]['value']:.4f}" for _, figure in FIGURES)
        yield f"  {MODELS[key]:32}" + _columns(figures)
    yield (
        f"  Eligible below a probability of default of {model.policy.cutoff:.4g}: "
        f"{decision['approval_rate']['value']:.1%} approved{_ended(decision['bad_rate_approved'])}"
    )
    if card["protected_predictors"]:
        yield f"  Uses protected attributes: {', '.join(card['protected_predictors'])}."
        yield f"  {LEGAL_SENTENCE[FALLBACK_LANGUAGE]}; --exclude leaves them out."
    if card["monitored_attributes"]:
        yield f"  Only monitored: {', '.join(card['monitored_attributes'])}."


def _columns(texts: Iterable[str]) -> str:
    return "".join(f"{text:>10}" for text in texts)


def _ended(bad_rate: Mapping[str, float] | None) -> str:
    return "" if bad_rate is None else f", of whom {bad_rate['value']:.1%} turned out bad"
