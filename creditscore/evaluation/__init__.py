"""Evaluation of a scorecard: metrics, confidence intervals, fairness and sensitivity.

Numpy only, so that the service can measure itself; what is measured once stands in the model card.
"""

from creditscore.evaluation.confidence_intervals import (
    BootstrapResamples,
    bootstrap_metrics,
    rate,
    summarise,
)
from creditscore.evaluation.cutoff_tradeoff import Tradeoff, cheapest, trade_off
from creditscore.evaluation.metrics import at_cutoff

__all__ = [
    "BootstrapResamples", "Tradeoff", "at_cutoff", "bootstrap_metrics", "cheapest", "rate",
    "summarise", "trade_off",
]  # fmt: skip
