"""Time score.py beside a script of pandas and scikit-learn on the same files, and their memory.

.venv/bin/python benchmarks/score.py [--rows 100000 1000000 10000000] [--runs 3]

Needs a model in model/ (or CREDITSCORE_MODEL_DIR) and the rows of data/credit.csv. Each program
runs as a process of its own, from its start to its end, as its users run it; the files are drawn
from the bundled rows, each field on its own. Goal: 6 times the script at the most rows, and the
memory of the fewest.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.command_line import make_parser
from benchmarks.forests import grow_forest
from creditscore.folders import SAMPLE_DATA, SAMPLE_SCHEMA, WORKING_FOLDER
from creditscore.schema import Schema
from creditscore.schema.reader import load_schema
from creditscore.training import dataset
from creditscore.training.dataset import Dataset

GOAL = 6.0

#: A run of more rows may take this much more memory than one of the fewest, in MiB.
MAX_GROWTH_MIB = 16.0

#: What the script does: no checks, no reasons, all rows at once.
SCRIPT = """
import pickle, sys
import pandas
source, target, forest, *fields = sys.argv[1:]
table = pandas.read_csv(source)
with open(forest, "rb") as file:
    probability = pickle.load(file).predict_proba(table[fields].to_numpy())[:, 0]
table["probability"] = probability
table["label"] = ["eligible" if good >= 0.75 else "not_eligible" for good in probability]
table.to_csv(target, index=False)
"""

LAUNCHER = """
import resource, subprocess, sys, time
begun = time.perf_counter()
status = subprocess.call(sys.argv[1:])
seconds = time.perf_counter() - begun
print(status, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and give the exit status."""
    parser = make_parser(__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(arguments)
    print("| rows | program | seconds | rows/s | over the script | MiB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        schema = load_schema(SAMPLE_SCHEMA)
        bundled = dataset.load(SAMPLE_DATA, schema)
        programs, results = _programs(folder, bundled, schema), {}
        for count in options.rows:
            _draw(count, bundled, schema.base_fields).to_csv(folder / "in.csv", index=False)
            results[count] = _measure(programs, count, options.runs, folder)
    return _judge(results)


def _programs(folder: Path, bundled: Dataset, schema: Schema) -> dict[str, list[str]]:
    """Give the commands, each without its files; the forest is fitted as train.py would."""
    fields = schema.base_fields
    forest = grow_forest(bundled, fields, schema, "application", seed=1)
    (folder / "forest.pkl").write_bytes(pickle.dumps(forest))
    (folder / "script.py").write_text(SCRIPT)
    ours = [sys.executable, str(WORKING_FOLDER / "score.py"), "IN", "OUT"]
    script = [str(folder / "script.py"), "IN", "OUT", str(folder / "forest.pkl"), *fields]
    return {
        "script": [sys.executable, *script],
        "score.py --no-reasons": [*ours, "--no-reasons"],
        "score.py": ours,
    }


def _measure(
    programs: dict[str, list[str]], rows: int, runs: int, folder: Path
) -> dict[str, tuple[float, float]]:
    """Run the programs in turns, and give seconds and MiB of each: the median of the runs."""
    paths = {"IN": str(folder / "in.csv"), "OUT": str(folder / "out.csv")}
    measurements: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, command in programs.items():
            measurements[name].append(_run([paths.get(word, word) for word in command]))
    medians = {
        name: (median(run[0] for run in results), median(run[1] for run in results))
        for name, results in measurements.items()
    }
    for name, (seconds, memory) in medians.items():
        ratio = medians["script"][0] / seconds
        rate = rows / seconds
        print(f"| {rows:,} | {name} | {seconds:.2f} | {rate:,.0f} | {ratio:.1f} | {memory:.0f} |")
    return medians


def _draw(count: int, bundled: Dataset, fields: Sequence[str]) -> pd.DataFrame:
    """Draw applicants, each field on its own, with a customer number."""
    draw = np.random.default_rng(1)
    columns = {name: draw.choice(bundled.columns[name], count).astype(np.int64) for name in fields}
    return pd.DataFrame({"customer": np.arange(count) + 1_000_000, **columns})


def _run(command: Sequence[str]) -> tuple[float, float]:
    """Run a program to its end; give its seconds, and its largest resident memory in MiB."""
    # A child counts the memory of its parent too: this starts it from a small process.
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *command],
        cwd=WORKING_FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    status, seconds, memory = done.stdout.split()
    if int(status):
        raise SystemExit(f"{command[1]} ended with status {int(status)}")
    # Linux counts kibibytes, macOS bytes.
    return float(seconds), float(memory) / (1024 if sys.platform != "darwin" else 1024**2)


def _judge(results: dict[int, dict[str, tuple[float, float]]]) -> int:
    """Compare with the goals, print the last lines, and give the exit status."""
    min_rows, max_rows = min(results), max(results)
    met = True
    for name in ("score.py --no-reasons", "score.py"):
        ratio = results[max_rows]["script"][0] / results[max_rows][name][0]
        more = results[max_rows][name][1] - results[min_rows][name][1]
        fast, flat = ratio >= GOAL, more <= MAX_GROWTH_MIB
        print(
            f"{name}, {max_rows:,} rows: {ratio:.1f} times the script ({GOAL:.0f} asked): "
            f"{'met' if fast else 'not met'}; {more:+.0f} MiB from {min_rows:,} rows "
            f"(flat: {MAX_GROWTH_MIB:.0f}): {'met' if flat else 'not met'}"
        )
        met = met and fast and flat
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
