"""Monitoring: live decisions compared with training, from the log.

`counting` counts in the database by the `periods` of a window; `drift` compares inputs and scores,
`backtest` predictions with outcomes; `verdicts` holds figures against the triggers for
revalidation, `course` over time; `monitor` puts all together with approval rates.
"""

from creditscore.monitoring.monitor import monitor_model
from creditscore.monitoring.periods import Window

__all__ = ["Window", "monitor_model"]
