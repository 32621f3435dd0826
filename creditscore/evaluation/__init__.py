"""Evaluation of a scorecard: metrics, confidence intervals, fairness and sensitivity.

Numpy only, so that the service can measure itself; what is measured once stands in the model card.
"""

from creditscore.evaluation.card import Card, read_card
from creditscore.evaluation.confidence_intervals import (
    BootstrapResamples,
    bootstrap_metrics,
    rate,
    summarise,
)
from creditscore.evaluation.cutoff_tradeoff import cheapest, trade_off
from creditscore.evaluation.metrics import at_cutoff

__all__ = [
    "BootstrapResamples", "Card", "at_cutoff", "bootstrap_metrics", "cheapest", "rate", "read_card",
    "summarise", "trade_off",
]  # fmt: skip
