"""What a test does when this machine lacks something that it needs."""

import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

from creditscore.settings import Settings

# Read once, before any test changes the environment.
REQUIRED = frozenset(os.environ.get("CREDITSCORE_REQUIRE", "").split(","))


def log_in(folder: Path) -> str:
    """Give the address of a log beside what a test made; no test writes into the project's own."""
    return f"sqlite:///{folder.with_name(f'{folder.name}-log')}/decisions.sqlite"


def settings_of(model_dir: Path, **changes: Any) -> Settings:
    """Give the settings of a service for tests: its log beside the model, no limits of rate."""
    usual = {
        "model_dir": model_dir,
        "database_url": log_in(model_dir),
        "rate_limit": None,
        "what_if_rate_limit": None,
        "runtime_dir": model_dir.with_name(f"{model_dir.name}-run"),
    }
    return Settings(**{**usual, **changes})


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
