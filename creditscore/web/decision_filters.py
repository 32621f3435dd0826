"""The parameters that choose logged decisions: for programs, for pages, and for tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from creditscore.decision_log.search import OUTCOMES
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE
from creditscore.web import query_parameters
from creditscore.web.query_parameters import Parameter

#: What the list is written as, whatever the request accepts.
FORMATS = JSON, CSV = ("json", "csv")


def filter_parameters(scorecards: Iterable[str]) -> Mapping[str, Parameter]:
    """Return the parameters that become the `Filters` of a search."""
    return {
        "search": query_parameters.reference(),
        "reference": query_parameters.reference(),
        "label": query_parameters.one_of([ELIGIBLE, NOT_ELIGIBLE]),
        "scorecard": query_parameters.one_of(list(scorecards)),
        "outcome": query_parameters.one_of(OUTCOMES),
        "since": query_parameters.moment(),
        "until": query_parameters.moment(),
    }
