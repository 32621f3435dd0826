"""Settings of a service under test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from creditscore.settings import Settings

#: Builds a service with some settings, as the fixture `build` does.
Build = Callable[..., Flask]


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
