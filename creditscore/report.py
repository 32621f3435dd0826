"""What training tells the person who ran it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from creditscore.artefact import Model

#: What law says of protected predictors, in one sentence.
LEGAL_SENTENCE = (
    "Unlawful for consumer credit in the US (ECOA, Regulation B: sex and marital status never, "
    "age only if nobody of 62 or over is worse off)"
)

FIGURES = (("AUC", "auc"), ("Brier", "brier"), ("ECE", "ece"), ("accuracy", "accuracy"))
ROWS = (
    ("this scorecard", "scorecard"),
    ("scikit-learn's default forest", "default_forest"),
    ("everybody gets the average", "majority"),
)


def summarise(model: Model) -> str:
    """Tell in a few lines what was trained, how good it is, and what to mind."""
    return "\n".join(_lines(model))


def _lines(model: Model) -> Iterator[str]:
    manifest = model.manifest
    data = manifest["data"]
    yield (
        f"Data: {data['file']}, {data['rows']:,} rows, {data['bad_rate']:.1%} bad; "
        f"tested on rows that training never saw."
    )
    for field, rows in data["folded_rows"].items():
        yield f"  {field}: {rows} rows with undocumented codes, folded as the schema file says"
    for name in model.scorecards:
        yield from _scorecard(model, name, manifest["scorecards"][name])


def _scorecard(model: Model, name: str, card: Mapping[str, Any]) -> Iterator[str]:
    quality, policy = card["quality"], model.policy
    yield ""
    yield f"{model.versions[name]}: {', '.join(card['predictors'])}"
    yield "  " + f"{quality['rows']:,} test rows".ljust(32) + _columns(name for name, _ in FIGURES)
    for title, key in ROWS:
        yield f"  {title:32}" + _columns(f"{quality[key][figure]:.4f}" for _, figure in FIGURES)
    decision = quality["decision"]
    yield (
        f"  Eligible below a probability of default of {policy.cutoff:.4g}: "
        f"{decision['approval_rate']:.1%} approved{_ended(decision['bad_rate_approved'])}"
    )
    if card["protected_predictors"]:
        yield f"  Uses protected attributes: {', '.join(card['protected_predictors'])}."
        yield f"  {LEGAL_SENTENCE}; --exclude leaves them out."
    if card["monitored_attributes"]:
        yield f"  Only monitored: {', '.join(card['monitored_attributes'])}."


def _columns(texts: Iterator[str]) -> str:
    return "".join(f"{text:>10}" for text in texts)


def _ended(bad_rate: float | None) -> str:
    return "" if bad_rate is None else f", of whom {bad_rate:.1%} turned out bad"
