"""Train the scorecards: `.venv/bin/python train.py --help`."""

import sys

from creditscore.environment import open_door

main = open_door("train.py").main

if __name__ == "__main__":
    sys.exit(main())
