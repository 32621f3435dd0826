"""What a test does when this machine lacks something that it needs."""

import os
from typing import NoReturn

import pytest

# Read once, before any test changes the environment.
REQUIRED = frozenset(os.environ.get("CREDITSCORE_REQUIRE", "").split(","))


def skip_or_fail(name: str, reason: str) -> NoReturn:
    """Skip for lack of `name`; where CREDITSCORE_REQUIRE lists it, fail instead.

    A skip is easily overlooked, so continuous integration lists all that it must have.

    Parameters
    ----------
    name : str
        What is lacking, such as "newman", "shap" or "uci".
    reason : str
        A sentence for the person who reads the test report.
    """
    if name in REQUIRED:
        pytest.fail(f"CREDITSCORE_REQUIRE lists {name}: {reason}")
    pytest.skip(reason)
