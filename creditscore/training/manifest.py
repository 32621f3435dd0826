"""What a training run writes down of where a model came from, in manifest.json."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import creditscore
from creditscore.schema import Schema
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.shapley import VALUE_FUNCTION
from creditscore.training.dataset import Dataset


def training_manifest(
    data: Dataset,
    schema: Schema,
    *,
    policy: Policy,
    seed: int,
    scorecards: Mapping[str, Scorecard],
    golden: Sequence[Mapping[str, Any]],
    now: datetime,
) -> dict[str, Any]:
    """Tell what was trained, from which data and with what, as plain data."""
    return {
        "trained_at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "seed": seed,
        "software": {
            "creditscore": creditscore.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scikit-learn", "pandas")},
        },
        "data": {
            "file": data.name,
            "sha256": data.sha256,
            "rows": len(data),
            "bad_rate": float(data.bad.mean()),
            "folded_rows": dict(data.folded),
        },
        "policy": policy.to_dict(),
        "scorecards": {
            name: {
                "predictors": list(card.predictors),
                "monitored_attributes": list(card.monitored),
                "protected_predictors": [
                    field for field in card.predictors if schema.fields[field].protected
                ],
                "forest": schema.scorecards[name].forest.to_dict(),
                "training_ranges": {field: list(r) for field, r in card.training_ranges.items()},
                "calibration": card.calibration.to_dict(),
                "reasons": {
                    "value_function": VALUE_FUNCTION,
                    "reference_group": card.reference.group,
                    "reference_rows": card.reference.rows,
                    "baseline": card.reference.baseline,
                },
            }
            for name, card in scorecards.items()
        },
        "golden": list(golden),
    }
