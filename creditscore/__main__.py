"""Run as: python -m creditscore."""

from creditscore.cli.command import main

main(prog_name="python -m creditscore")
