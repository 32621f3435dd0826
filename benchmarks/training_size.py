"""Train on a large table from file to model, beside pandas and scikit-learn's default forest.

.venv/bin/python benchmarks/training_size.py [--rows 1000000]

The table is that of `training_data.py`: 20 fields, each row invented. The schema is drafted from
it, and the draft is what training takes. The script beside it reads with pandas, fits the default
forest of scikit-learn, with as many rows for each tree as training draws at most, and predicts the
rows held out; it neither chooses settings nor calibrates, measures or explains. Seconds are those
of the clock, memory is the most that the process held. The goal, for a million rows on two quiet
cores, is 300 seconds and 3 GB: the exit status is 1 when training takes more.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.command_line import make_parser
from benchmarks.training_data import write_table
from creditscore.folders import WORKING_FOLDER
from creditscore.training.fit import MAX_DRAWN

#: Goals for a million rows.
MAX_SECONDS, MAX_GIGABYTES = 300, 3.0

SCRIPT = """
import sys
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

frame = pd.read_csv(sys.argv[1])
inputs = pd.get_dummies(frame.drop(columns="late"))
train, test = train_test_split(np.arange(len(frame)), test_size=0.2, stratify=frame["late"])
drawn = min(int(sys.argv[2]), len(train))
forest = RandomForestClassifier(n_jobs=-1, max_samples=drawn, random_state=1)
forest.fit(inputs.iloc[train], frame["late"].iloc[train])
said = forest.predict_proba(inputs.iloc[test])[:, 1]
print(f"AUC {roc_auc_score(frame['late'].iloc[test], said):.3f}")
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table, draft, train and run the script; print all, and give the exit status."""
    parser = make_parser(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args(arguments).rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table, schema = folder / "table.csv", folder / "table.toml"
        write_table(table, rows)
        print(f"{rows:,} rows of 20 fields, {table.stat().st_size / 1e6:.0f} MB")
        run("draft", "train.py", "--draft-schema", table, schema, "--outcome", "late")
        files = ("--data", table, "--schema", schema, "--model-dir", folder / "model")
        took, gigabytes, printed = run("train", "train.py", *files)
        alone, _, script_output = run("script", "-c", SCRIPT, table, MAX_DRAWN)
    auc = re.search(r"this scorecard +(\S+)", printed)
    print(f"AUC {auc[1] if auc else '-'}; the script's: {script_output.strip()}")
    print(f"training took {took / alone:.2f} times as long as the script")
    fine = took <= MAX_SECONDS and gigabytes <= MAX_GIGABYTES
    print(f"goal of {MAX_SECONDS} s and {MAX_GIGABYTES:g} GB: {'met' if fine else 'NOT MET'}")
    return 0 if fine else 1


def run(name: str, *command: object) -> tuple[float, float, str]:
    """Run Python; print and return the seconds, the gigabytes held at most, and what it printed."""
    began = perf_counter()
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=WORKING_FOLDER,
            stdout=printed,
            stderr=sys.stderr,
        )
        _, status, usage = os.wait4(process.pid, 0)
        took = perf_counter() - began
        printed.seek(0)
        text = printed.read()
    if status:
        sys.exit(f"{name} ended with status {os.waitstatus_to_exitcode(status)}: {text[-500:]}")
    gigabytes = usage.ru_maxrss / 1e6
    print(
        f"{name:8} {took:6.1f} s, {usage.ru_utime + usage.ru_stime:6.1f} s of processor, "
        f"{gigabytes:.2f} GB"
    )
    return took, gigabytes, text


if __name__ == "__main__":
    sys.exit(main())
