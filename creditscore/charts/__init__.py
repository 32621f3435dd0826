"""Charts: figures as SVG, for the pages and for the model card's files.

`model_charts` turns figures into plots, `svg` draws them; nothing here knows the web framework.
"""

from creditscore.charts.axes import Axes
from creditscore.charts.svg import Plot, sheet

__all__ = ["Axes", "Plot", "sheet"]
