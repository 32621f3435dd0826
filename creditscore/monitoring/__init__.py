"""Monitoring: live decisions compared with training, from the log.

`drift` compares inputs and scores, `backtest` predictions with outcomes; `monitor` counts in the
database and puts both together with approval rates.
"""

from creditscore.monitoring.monitor import Window, monitor_model

__all__ = ["Window", "monitor_model"]
