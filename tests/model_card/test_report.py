"""The summary that training prints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from creditscore.model_card import report
from creditscore.scorecard.model import Model


@pytest.mark.parametrize(
    ("rows", "bad_rate", "said"),
    [
        (614, 0.31, "Few rows: 190 have the rarer outcome"),
        (30_000, 0.003, "Few rows: 90 have the rarer outcome"),
        (30_000, 0.998, "Few rows: 60 have the rarer outcome"),
        (1000, 0.1, None),
    ],
)
def test_few_rows_or_few_of_an_outcome_are_said(
    model: Model, rows: int, bad_rate: float, said: str | None
) -> None:
    data = {**model.card["data"], "rows": rows, "bad_rate": bad_rate}
    other = replace(model, card={**model.card, "data": data})

    summary = report.summarise(other, Path("model"), plots=False)

    assert (said in summary) if said else ("Few rows" not in summary)
