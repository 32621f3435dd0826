"""gunicorn as for the service, under an app that is none: `serving.py` starts the constant so."""

import runpy
from pathlib import Path
from typing import Any

globals().update(runpy.run_path(str(Path(__file__).parent.parent / "gunicorn.conf.py")))


def on_starting(server: Any) -> None:
    """Ask nothing of the app."""
