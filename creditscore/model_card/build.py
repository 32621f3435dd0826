"""Build the model card: everything that is measured of a trained model, as one JSON document.

`report` writes it out as Markdown and plots, from the document alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from creditscore.evaluation import fairness, metrics
from creditscore.evaluation.card import Data, Method
from creditscore.evaluation.card_reader import plain
from creditscore.evaluation.confidence_intervals import CONFIDENCE, RESAMPLES
from creditscore.evaluation.lineage import Lineage, trace_rows
from creditscore.i18n.catalogue import (
    DEFAULT_LANGUAGE,
    LEGAL_SENTENCE,
    card_statements,
    in_language,
    law_clauses,
)
from creditscore.model_card.baselines import EvaluationData, drawn_rows
from creditscore.model_card.measurements import (
    CURVE_ROWS,
    IMPORTANCE_ROWS,
    measure_scorecard,
)
from creditscore.model_card.sampling import describe_sample
from creditscore.model_card.stability import measure_stability
from creditscore.model_card.woe_binning import COARSE_BINS
from creditscore.schema.descriptions import schema_texts
from creditscore.scorecard.model import Model
from creditscore.training.split import Split


def build_card(
    model: Model, rows: Split, *, progress: Callable[[str], None], other_splits: int = 0
) -> dict[str, Any]:
    """Measure a trained model on rows that it never saw.

    Parameters
    ----------
    model : Model
    rows : Split
        The rows that it was fitted on, and those held out.
    progress : callable
        Called with the name of each step as it begins, `steps` of them.
    other_splits : int
        How many more splits of the rows each scorecard is tested on.

    Returns
    -------
    dict
        Plain data; numbers are rounded to six digits, the policy's excepted.
    """
    manifest, seed = model.manifest, model.manifest["seed"]
    data = EvaluationData(
        model.schema,
        rows.train,
        rows.test,
        model.policy.cutoff,
        seed,
        by_time=rows.by_time,
        out_of_bag=rows.out_of_bag,
    )
    texts = schema_texts(model.schema, DEFAULT_LANGUAGE)
    return {
        **texts,
        **card_statements(DEFAULT_LANGUAGE),
        "law_clauses": law_clauses(DEFAULT_LANGUAGE),
        "legal": LEGAL_SENTENCE[DEFAULT_LANGUAGE] if model.protected_predictors() else None,
        "policy": model.policy.to_dict(),
        "governance": plain(model.declarations(DEFAULT_LANGUAGE)),
        "data": plain(_data(model, rows, data)),
        "lineage": plain(_lineage(model, rows)),
        "method": plain(_method(model, rows)),
        "scorecards": {
            name: {
                "version": model.versions[name],
                **texts["scorecards"][name],
                **section,
                **plain(measure_scorecard(model, name, data=data, progress=progress)),
                **measure_stability(model, name, rows, other_splits, progress=progress),
            }
            for name, section in manifest["scorecards"].items()
        },
        "trained_at": manifest["trained_at"],
        "seed": seed,
        "software": dict(manifest["software"]),
    }


def _method(model: Model, rows: Split) -> Method:
    return Method(
        confidence=CONFIDENCE,
        resamples=RESAMPLES,
        ece_bins=metrics.ECE_BINS,
        min_group_rows=fairness.MIN_GROUP_ROWS,
        min_group_outcomes=fairness.MIN_GROUP_OUTCOMES,
        curve_rows=min(CURVE_ROWS, len(rows.test)),
        importance_rows=min(IMPORTANCE_ROWS, len(rows.test)),
        default_forest_rows=drawn_rows(len(rows.train)),
        woe_coarse_bins=COARSE_BINS,
        implementation_test_applicants=len(model.manifest["golden"]),
    )


def _data(model: Model, rows: Split, evaluation: EvaluationData) -> Data:
    """Describe the rows: published ones, known ones, or ones of the lender's own."""
    about, schema = model.manifest["data"], model.schema
    matches = (source for source in schema.sources.values() if source.sha256 == about["sha256"])
    source = next(matches, None)
    description = schema.files.get(about["sha256"])
    return Data(
        **about,
        published_as=source.title if source else None,
        licence=source.licence if source else None,
        about=in_language(description, DEFAULT_LANGUAGE) if description else None,
        train_rows=len(rows.train),
        test_rows=len(rows.test),
        test_bads=int(rows.test.bad.sum()),
        **describe_sample(evaluation),
    )


def _lineage(model: Model, rows: Split) -> Lineage:
    """Count the rows of each step, from the file to both sides of the split."""
    return trace_rows(
        {
            "train": (rows.train.bad, rows.train.columns),
            "test": (rows.test.bad, rows.test.columns),
        },
        left_out=sum(model.manifest["data"]["left_out_rows"].values()),
        ignored_columns=model.schema.ignored_columns,
        seed=model.manifest["seed"],
    )
