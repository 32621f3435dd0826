"""Run as: .venv/bin/python -m creditscore.demo."""

import sys

from creditscore.demo.command import main

sys.exit(main())
