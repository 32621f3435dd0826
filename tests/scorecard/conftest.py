"""What the tests of scorecards share: each scorecard of a trained model."""

from __future__ import annotations

import pytest

from creditscore.scorecard.model import Model
from creditscore.scorecard.scorecard import Scorecard


# Hypothesis refuses a fixture that is set up for each test.
@pytest.fixture(scope="module", params=["application", "behavioural"])
def card(request: pytest.FixtureRequest, model: Model) -> Scorecard:
    """A scorecard of the model: the test runs once for each."""
    return model.scorecards[request.param]
