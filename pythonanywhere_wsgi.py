"""Serve from PythonAnywhere: paste this into the WSGI file that the Web tab links to.

Edit the line with PROJECT. docs/pythonanywhere.md has every step.
"""

import os
import sys

PROJECT = "/home/YOUR_USERNAME/creditscore"

# Settings go here, before the import: what a console exports never reaches the web app.
os.environ["CREDITSCORE_API_KEYS"] = ""  # empty: anyone may ask for a decision
# The site's own proxy: the last address that it names is the client's, for the rate limits.
os.environ["CREDITSCORE_PROXIES"] = "1"

# The working directory is the home folder, not the project.
sys.path.insert(0, PROJECT)

from app import app as application  # noqa: E402, F401  # the name that the host looks for
