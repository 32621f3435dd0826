"""The log of decisions, written before they are answered: SQLite or PostgreSQL.

Outcomes, overrides, idempotency, integrity checks, replay, export, retention and backup belong to
it. Start at `log.DecisionLog`; `database` is the connection, `tables` and `migrations` are what
stands in it.
"""

from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog, Recorded, ScoredRow
from creditscore.decision_log.migrations import migrate
from creditscore.decision_log.outcomes import Outcome
from creditscore.decision_log.overrides import Override
from creditscore.decision_log.search import Page

__all__ = [
    "Database",
    "DecisionLog",
    "Outcome",
    "Override",
    "Page",
    "Recorded",
    "ScoredRow",
    "migrate",
]
