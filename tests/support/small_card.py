"""The smallest model card that can be read, to change parts of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from creditscore.evaluation.card import Card, read_card

FIGURE = {"value": 0.7, "low": 0.6, "high": 0.8}
CUTOFF_ROW = {
    "cutoff": 0.3,
    "approval_rate": 0.5,
    "bad_rate_approved": 0.5,
    "bad_rate_declined": 0.5,
    "cost": 0.0,
}


def small_card(**parts: Mapping[str, Any]) -> Card:
    """Read a card of one scorecard, "one", some of whose parts are given."""
    return small_cards({"one": parts})


def small_cards(scorecards: Mapping[str, Mapping[str, Any]]) -> Card:
    """Read a card of scorecards, of which some parts are given by name."""
    return read_card(
        {
            "title": "A card",
            "notice": "",
            "legal": None,
            **{key: [] for key in ("intended_use", "out_of_scope", "limits", "oversight", "law")},
            "label": {"column": "bad", "good": 0, "bad": 1, "title": "Bad"},
            "fields": {},
            "policy": {
                "cutoff": 0.25,
                "loss_to_margin": 3.0,
                "base_points": 600.0,
                "base_odds": 19.0,
                "points_to_double_odds": 50.0,
            },
            "data": {
                "file": "file.csv",
                "sha256": "0" * 64,
                "rows": 20,
                "bad_rate": 0.5,
                "train_rows": 16,
                "test_rows": 4,
                "test_bads": 2,
            },
            "method": {
                "confidence": 0.95,
                "resamples": 500,
                "ece_bins": 15,
                "min_group_rows": 200,
                "min_group_outcomes": 30,
                "curve_rows": 4,
                "importance_rows": 4,
            },
            "scorecards": {name: _section(parts) for name, parts in scorecards.items()},
            "trained_at": "2026-01-31T00:00:00Z",
            "seed": 1,
            "software": {},
        }
    )


def _section(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scorecard's section; each part that is given is joined with the smallest one."""
    smallest: dict[str, Any] = {
        "version": "one-00000000",
        "title": "One",
        "predictors": [],
        "monitored_attributes": [],
        "protected_predictors": [],
        "forest": {},
        "calibration": {"slope": 1, "intercept": 0, "error_before": 0, "error_after": 0},
        "reasons": {
            "value_function": "interventional",
            "reference_group": "all",
            "reference_rows": 16,
            "baseline": 0.5,
        },
        "decision": {
            "cutoff": 0.25,
            "loss_to_margin": 3.0,
            "approval_rate": FIGURE,
            "bad_rate_approved": FIGURE,
            "bad_rate_declined": FIGURE,
            "table": [],
        },
        "fairness": {},
        "protected_attribute_effects": {},
        "explanation": {"importance": [], "refusals": 0, "reasons": []},
        "sensitivity": {"partial_dependence": {}, "monotonicity_violations": {}},
        "curves": {
            "roc": {"declined_good": [0, 1], "declined_bad": [0, 1]},
            "calibration": [],
            "scores": {"edges": [0, 1], "good": [2], "bad": [2], "cutoff": 0},
            "cutoffs": [CUTOFF_ROW] * 99,
        },
        "performance": {
            "rows": 4,
            "bads": 2,
            "bad_rate": FIGURE,
            "scorecard": {"auc": FIGURE},
            "baselines": {},
            "difference_to_baseline": {},
        },
        "ablation": [],
    }
    for name, value in parts.items():
        base = smallest.get(name)
        smallest[name] = {**base, **value} if isinstance(base, dict) and value else value
    return smallest
