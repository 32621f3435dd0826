"""Score a file of applicants: `.venv/bin/python score.py --help`."""

import sys

from creditscore.environment import open_door

main = open_door("score.py").main

if __name__ == "__main__":
    sys.exit(main())
