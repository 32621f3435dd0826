"""The model card: everything that is measured of a trained model, as one JSON document.

`build` computes, `markdown` words, `plots` draws: both from the document alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from creditscore.evaluation import fairness, metrics
from creditscore.evaluation.confidence_intervals import CONFIDENCE, RESAMPLES
from creditscore.i18n.catalogue import (
    FALLBACK_LANGUAGE,
    LEGAL_SENTENCE,
    card_statements,
    in_language,
)
from creditscore.model_card.baselines import EvaluationData
from creditscore.model_card.markdown import to_markdown
from creditscore.model_card.measurements import (
    CURVE_ROWS,
    IMPORTANCE_ROWS,
    STEPS,
    measure_scorecard,
)
from creditscore.schema.descriptions import schema_texts
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.model import Model
from creditscore.training.dataset import Dataset

__all__ = ["STEPS", "build", "to_markdown"]

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
    trial = EvaluationData(model.schema, train, test, model.policy.cutoff, about["seed"])
    texts = schema_texts(model.schema, FALLBACK_LANGUAGE)
    return {
        **texts,
        **card_statements(FALLBACK_LANGUAGE),
        "legal": LEGAL_SENTENCE[FALLBACK_LANGUAGE] if model.protected_predictors() else None,
        "policy": model.policy.to_dict(),
        "data": _data(model, train, test),
        "method": {
            "confidence": CONFIDENCE,
            "resamples": RESAMPLES,
            "ece_bins": metrics.ECE_BINS,
            "fewest_rows": fairness.FEWEST_ROWS,
            "fewest_of_each": fairness.FEWEST_OF_EACH,
            "curve_rows": min(CURVE_ROWS, len(test)),
            "importance_rows": min(IMPORTANCE_ROWS, len(test)),
        },
        "scorecards": {
            name: {
                "version": model.versions[name],
                **texts["scorecards"][name],
                **known,
                **measure_scorecard(
                    model, name, trial=trial, refit=partial(refit, name), progress=progress
                ),
            }
            for name, known in about["scorecards"].items()
        },
        "trained_at": about["trained_at"],
        "seed": about["seed"],
        "software": dict(about["software"]),
    }


def _data(model: Model, train: Dataset, test: Dataset) -> dict[str, Any]:
    """Tell whose rows it learnt from: published ones, known ones, or ones of the lender's own."""
    about, schema = model.manifest["data"], model.schema
    published = (one for one in schema.sources.values() if one.sha256 == about["sha256"])
    source = next(published, None)
    known = schema.files.get(about["sha256"])
    return {
        **about,
        "published_as": source and source.title,
        "licence": source and source.licence,
        "about": known and in_language(known, FALLBACK_LANGUAGE),
        "train_rows": len(train),
        "test_rows": len(test),
        "test_bads": int(test.bad.sum()),
    }
