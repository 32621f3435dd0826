"""A demo with made-up data: a model, and months of decisions and outcomes with a drift in them.

It has a folder of its own; nothing here reads or writes another log or model. Start at `command`.
"""

from creditscore.demo.applicants import Crowd, read_crowds
from creditscore.demo.history import History, write_history

__all__ = ["Crowd", "History", "read_crowds", "write_history"]
