"""Run as: .venv/bin/python -m creditscore."""

from creditscore.cli.command import main

main()
