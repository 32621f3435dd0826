"""The model card: everything that is measured of a trained model, as one JSON document.

`build` computes, `to_markdown` words, `creditscore.plots` draws: both from the document alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from creditscore import card_words, evaluation, fairness
from creditscore.appraisal import CURVE_ROWS, IMPORTANCE_ROWS, STEPS, appraise
from creditscore.artefact import Model
from creditscore.card_text import to_markdown
from creditscore.challengers import Trial
from creditscore.dataset import Dataset
from creditscore.forest import Forest
from creditscore.intervals import CONFIDENCE, RESAMPLES
from creditscore.texts import FALLBACK_LANGUAGE, Text, in_language

__all__ = ["STEPS", "build", "quality", "to_markdown"]

Refit = Callable[[str, tuple[str, ...]], Forest]


def build(
    model: Model,
    *,
    train: Dataset,
    test: Dataset,
    refit: Refit,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Measure a trained model on rows that it never saw.

    Parameters
    ----------
    model : Model
    train, test : Dataset
        The rows that it learnt from, and those kept from it.
    refit : callable
        Takes a scorecard's name and predictors; grows its forest anew on them.
    progress : callable
        Told the name of each step as it begins, `STEPS` for each scorecard.

    Returns
    -------
    dict
        Plain data; numbers are rounded to six digits, the policy's excepted.
    """
    about = model.manifest
    trial = Trial(model.schema, train, test, model.policy.cutoff, about["seed"])
    return {
        "title": _english(model.schema.title),
        "notice": _english(model.schema.notice),
        "intended_use": list(card_words.INTENDED_USE),
        "out_of_scope": list(card_words.OUT_OF_SCOPE),
        "label": _label(model),
        "policy": model.policy.to_dict(),
        "data": _data(model, train, test),
        "fields": _fields(model),
        "method": {
            "confidence": CONFIDENCE,
            "resamples": RESAMPLES,
            "ece_bins": evaluation.ECE_BINS,
            "fewest_rows": fairness.FEWEST_ROWS,
            "fewest_of_each": fairness.FEWEST_OF_EACH,
            "curve_rows": min(CURVE_ROWS, len(test)),
            "importance_rows": min(IMPORTANCE_ROWS, len(test)),
        },
        "scorecards": {
            name: {
                "version": model.versions[name],
                "title": _english(model.schema.scorecards[name].title),
                **{key: value for key, value in known.items() if key != "quality"},
                **appraise(
                    model,
                    name,
                    trial=trial,
                    refit=partial(refit, name),
                    progress=progress,
                ),
            }
            for name, known in about["scorecards"].items()
        },
        "limits": list(card_words.LIMITS),
        "oversight": list(card_words.OVERSIGHT),
        "law": list(card_words.LAW),
        "trained_at": about["trained_at"],
        "seed": about["seed"],
        "software": dict(about["software"]),
    }


def quality(section: Mapping[str, Any]) -> dict[str, Any]:
    """Give a scorecard's figures without their intervals, as the manifest keeps them."""
    performance, decision = section["performance"], section["decision"]
    models = {"scorecard": performance["scorecard"], **performance["baselines"]}
    return {
        "rows": performance["rows"],
        "bad_rate": _value(performance["bad_rate"]),
        **{
            name: {figure: _value(one) for figure, one in measured.items()}
            for name, measured in models.items()
        },
        "decision": {
            name: _value(decision[name])
            for name in ("approval_rate", "bad_rate_approved", "bad_rate_declined")
        },
    }


# What it is


def _label(model: Model) -> dict[str, Any]:
    label = model.schema.label
    return {
        "column": label.column,
        "good": label.good,
        "bad": label.bad,
        "title": _english(label.title),
    }


def _data(model: Model, train: Dataset, test: Dataset) -> dict[str, Any]:
    about = model.manifest["data"]
    sources = model.schema.sources.values()
    source = next((one for one in sources if one.sha256 == about["sha256"]), None)
    return {
        **about,
        "published_as": source and source.title,
        "licence": source and source.licence,
        "train_rows": len(train),
        "test_rows": len(test),
        "test_bads": int(test.bad.sum()),
    }


def _fields(model: Model) -> dict[str, Any]:
    return {
        name: {
            "title": _english(field.title),
            "unit": _english(field.unit) if field.unit else None,
            "protected": field.protected,
            "actionable": field.actionable,
            "expected_risk": field.risk,
            "scorecards": {
                card.name: "predictor" if name in card.predictors else "monitored"
                for card in model.scorecards.values()
                if name in (*card.predictors, *card.monitored)
            },
        }
        for name, field in model.schema.fields.items()
    }


def _english(text: Text) -> str:
    return in_language(text, FALLBACK_LANGUAGE)


def _value(figure: Mapping[str, float] | None) -> float | None:
    return None if figure is None else figure["value"]
