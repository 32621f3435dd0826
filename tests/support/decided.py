"""Decisions for tests of the log that need no model: every kind of value a row can hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from creditscore.decisions.assessor import Decision
from creditscore.decisions.record import RequestOrigin
from creditscore.decisions.value_cache import Warning
from creditscore.schema import Applicant
from creditscore.schema.constraints import Value
from creditscore.scorecard.policy import NOT_ELIGIBLE
from creditscore.scorecard.reason_codes import Reason

#: A request that showed a key.
ORIGIN = RequestOrigin(request_id="r-1", key_id="k-1")

NOON = datetime(2026, 11, 22, 12, 30, 5, 123_000, tzinfo=UTC)

#: 0.1 + 0.2, and a number that needs all of its 17 digits.
UNEVEN = (0.30000000000000004, 0.12345678901234566)


def decision(**changes: Any) -> Decision:
    """Make a decision with an id of its own."""
    uneven, long = UNEVEN
    values: dict[str, Value] = {
        "amount": 20000,
        "rate": uneven,
        "whole": 35.0,
        "below": -0.0,
        "house": "own é",
    }
    template = Decision(
        decision_id=str(uuid4()),
        decided_at=NOON,
        applicant=Applicant("application", values),
        label=NOT_ELIGIBLE,
        probability_of_default=long,
        cutoff=0.1,
        score=541,
        model_version="application-3f2a9c1d",
        baseline=5e-324,
        impacts={"amount": uneven - 0.2, "rate": 1e-17, "whole": -0.0},
        reasons=(
            Reason(
                code="AMOUNT_LOW",
                field="amount",
                value=20000,
                impact=uneven,
                actionable=False,
                text={"en": "Too “small”", "id": "Terlalu kecil"},
            ),
        ),
        strengths=(),
        warnings=(Warning("outside", "whole", 35.0, {"en": "never seen", "id": "belum"}),),
        bins="a0c",
    )
    return template._replace(**changes)


def hourly(count: int, **changes: Any) -> Iterator[Decision]:
    """Make decisions an hour apart."""
    for hour in range(count):
        yield decision(decided_at=NOON + timedelta(hours=hour), **changes)
