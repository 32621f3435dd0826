"""The card proves that monotone fields are, and says what that costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from carded import trained

from creditscore.evaluation.card import read_card
from creditscore.evaluation.confidence_intervals import summarise
from creditscore.evaluation.sensitivity import is_proven_monotone
from creditscore.model_card import ablation
from creditscore.model_card.build import build_card
from creditscore.model_card.markdown import to_markdown
from creditscore.schema import ForestSettings
from creditscore.schema.reader import read_schema
from creditscore.training.dataset import Dataset
from creditscore.training.fit import fit_forest, flatten

NAMES = ("income", "debt", "age")


def card_of(**income: Any) -> dict[str, Any]:
    """Train on 900 invented rows, of whom the poorest are not the worst, and build the card."""
    draw = np.random.default_rng(1)
    columns = {name: draw.random(900) for name in NAMES}
    share = np.clip(0.6 - 0.5 * columns["income"] + 0.3 * columns["debt"], 0, 1)
    share[columns["income"] < 0.2] = 0.1
    bad = (draw.random(900) < share).astype(np.int64)
    fields: dict[str, dict[str, Any]] = {
        name: {"kind": "number", "title": name.title(), "example": 0.5} for name in NAMES
    }
    fields["income"] |= income
    document = {
        "dataset": {"name": "loans", "title": "Loans"},
        "label": {"column": "bad", "good": 0, "bad": 1, "title": "Bad"},
        "scorecards": {
            "loan": {
                "title": "Loan",
                "fields": list(NAMES),
                "forest": {"trees": 20, "min_samples_leaf": 20},
            }
        },
        "fields": fields,
    }
    data = Dataset(name="loans.csv", sha256="0" * 64, columns=columns, bad=bad, folded={})
    model, rows = trained(data, read_schema(document, "loans.toml"))
    return build_card(model, rows, progress=lambda _: None)


def test_the_card_proves_a_monotone_field_and_says_what_it_costs() -> None:
    free, constrained = card_of(risk="falls"), card_of(risk="falls", monotone=True)

    text, section = to_markdown(read_card(constrained)), constrained["scorecards"]["loan"]
    assert section["sensitivity"]["monotonicity_violations"]["income"]["proven_monotone"] is True
    assert "- income: declared monotone, and proven from the trees for every applicant" in text
    assert "declared monotone" not in to_markdown(read_card(free))
    lost = {
        name: section["performance"]["scorecard"][name]["value"]
        - free["scorecards"]["loan"]["performance"]["scorecard"][name]["value"]
        for name in ("auc", "brier")
    }
    change = section["constraints"]["change"]
    assert change["auc"]["value"] == pytest.approx(lost["auc"], abs=2e-6)
    assert change["brier"]["value"] == pytest.approx(lost["brier"], abs=2e-6)
    # The poorest are safe: not to be told so must cost something.
    assert lost["auc"] < -0.01
    for words in (text, ablation.compare(read_card(constrained))):
        assert "may only go one way along income changes the AUC by" in words
    assert "may only go one way" not in ablation.compare(read_card(free))


def test_only_a_forest_that_goes_one_way_everywhere_is_proven_monotone() -> None:
    draw = np.random.default_rng(2)
    matrix = draw.random((500, 3))
    bad = (draw.random(500) < 0.2 + 0.6 * matrix[:, 0]).astype(np.int64)
    settings = ForestSettings(trees=10, min_samples_leaf=10)

    free, rising = (
        flatten(fit_forest(matrix, bad, settings, 1, monotonic=monotonic))
        for monotonic in ((), (1, 0, 0))
    )

    assert not is_proven_monotone(free, 0, "rises")
    assert is_proven_monotone(rising, 0, "rises")
    assert not is_proven_monotone(rising, 0, "falls")
    assert not is_proven_monotone(rising, 1, "rises")
    assert is_proven_monotone(rising.recalibrated(2.5, -0.6), 0, "rises")
    assert summarise(bad, rising.probability_of_default(matrix.astype(np.float32)))["auc"] > 0.6
