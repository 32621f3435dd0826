"""From applicants to decisions, and a decision as a record, as columns, and explained.

`Assessor.assess` decides on one applicant, `Assessor.assess_batch` on many; every door of the
service calls one of the two.
"""

from creditscore.decisions.assessor import Assessor, Decision
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.decisions.explanation import explain
from creditscore.decisions.record import (
    LoggedDecision,
    RequestOrigin,
    content_hash,
    from_row,
    to_row,
)

__all__ = [
    "Assessor",
    "Decision",
    "DecisionColumns",
    "LoggedDecision",
    "RequestOrigin",
    "content_hash",
    "explain",
    "from_row",
    "to_row",
]
