"""Serve from PythonAnywhere: paste this into the WSGI file that the Web tab links to.

Settings are in the project's file .env. docs/pythonanywhere.md has every step.
"""

import sys
from pathlib import Path

# The working directory is the home folder, not the project.
sys.path.insert(0, str(Path.home() / "creditscore"))

from app import app as application  # noqa: F401  # the name that the host looks for
