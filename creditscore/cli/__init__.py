"""The commands of the shell: the doors of the checkout and `creditscore` of the installed package.

Nothing is imported here: each command imports what it needs, and an installation that only serves
has no packages for training.
"""
