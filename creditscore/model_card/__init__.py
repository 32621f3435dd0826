"""The model card: measured with baselines and ablation, written as JSON, Markdown and plots.

Made once, by training; the service reads the JSON and never imports this package.
"""

from creditscore.model_card.build import build_card
from creditscore.model_card.measurements import steps
from creditscore.model_card.stability import OTHER_SPLITS

__all__ = ["OTHER_SPLITS", "build_card", "steps"]
