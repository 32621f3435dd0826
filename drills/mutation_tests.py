"""Take each defence away in turn, and look whether a test fails for it.

.venv/bin/python drills/mutation_tests.py [--some 8] [--only WORD]
    [--seed N] [--fault nothing_removed]

Mutation tests: works on copies of the files under version control. In each copy one defence of
mutation_tests.toml gives way, and the tests that are said to hold it run: one of them has to fail.
Before that they all have to pass. Exits with 1 if a defence can go without a test that notices.
"""

from __future__ import annotations

import os
import queue
import random
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import harness
from harness import PROJECT, Drill

#: Copies that are worked on at the same time.
COPIES = 2

#: What pytest says when all tests pass, and when some fail.
PASSED, FAILED = 0, 1

#: Seconds that the tests of a defence may take; without some of them a test waits for ever.
TESTS_TIMEOUT_S = 600


@dataclass(frozen=True)
class Defence:
    """A defence: the code that it is made of, what stands there without it, and its tests."""

    what: str
    file: str
    remove: str
    instead: str
    tests: tuple[str, ...]


def read_defences() -> list[Defence]:
    """Read all defences."""
    listed = tomllib.loads((PROJECT / "drills" / "mutation_tests.toml").read_text("utf-8"))
    return [Defence(**{**entry, "tests": tuple(entry["tests"])}) for entry in listed["defence"]]


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["nothing_removed"])
    parser.add_argument("--some", type=int, help="only so many, drawn by the seed")
    parser.add_argument("--only", default="", help="only those whose description has this in it")
    return harness.run(take_away_in_turn, parser.parse_args())


def take_away_in_turn(drill: Drill) -> int:
    """Take the defences away, and tell which of them nobody missed."""
    options = drill.options
    defences = [defence for defence in read_defences() if options.only in defence.what]
    if options.some is not None:
        defences = random.Random(options.seed).sample(defences, min(options.some, len(defences)))
    model = shutil.copytree(options.model_dir, drill.folder / "model")
    copies: queue.Queue[Path] = queue.Queue()
    for number in range(COPIES):
        copies.put(copy_project(drill.folder / f"copy-{number}"))

    def in_copy(job: Callable[[Path], int]) -> int:
        folder = copies.get()
        try:
            return job(folder)
        finally:
            copies.put(folder)

    modules = sorted({name for defence in defences for name in defence.tests})
    with_all = [partial(run_tests, names=[name], model=model) for name in modules]
    without = [
        partial(run_without, defence, model=model, really=not options.fault) for defence in defences
    ]
    with ThreadPoolExecutor(COPIES) as pool:
        results = [*pool.map(in_copy, [*with_all, *without])]
    failing = [name for name, status in zip(modules, results, strict=False) if status != PASSED]
    for name in failing:
        print(f"FAILS with all defences: {name}")
    statuses = results[len(modules) :]
    for defence, status in zip(defences, statuses, strict=True):
        verdict = {PASSED: "NOBODY NOTICED", FAILED: "noticed"}.get(status, f"BROKE OFF: {status}")
        print(f"{verdict}: without '{defence.what}' ({', '.join(defence.tests)})")
    noticed = statuses.count(FAILED)
    return drill.report(
        f"{len(statuses)} defences taken away: {noticed} noticed, {statuses.count(PASSED)} not, "
        f"{len(statuses) - noticed - statuses.count(PASSED)} broke off; with all of them the tests "
        f"{'FAIL' if failing else 'pass'}",
        fine=not failing and noticed == len(statuses) > 0,
    )


def copy_project(folder: Path) -> Path:
    """Copy the files under version control, as they are now, and those that will be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    return folder


def run_without(defence: Defence, folder: Path, *, model: Path, really: bool) -> int:
    """Run the tests of a defence in a copy that lacks it, and give their exit status."""
    path = folder / defence.file
    source = path.read_text("utf-8")
    if source.count(defence.remove) != 1:
        raise ValueError(f"{defence.file} does not have this once: {defence.remove}")
    if really:
        path.write_text(source.replace(defence.remove, defence.instead), "utf-8")
    try:
        return run_tests(folder, names=defence.tests, model=model)
    finally:
        path.write_text(source, "utf-8")


def run_tests(folder: Path, *, names: Sequence[str], model: Path) -> int:
    """Run tests in a copy, up to the first failure, and give their exit status."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    try:
        ended = subprocess.run(
            [*command, *(f"tests/{name}" for name in names)],
            cwd=folder,
            env={
                **os.environ,
                "CREDITSCORE_TESTS_MODEL": str(model),
                # Before the checkout that is installed: what tests start has to be the copy too.
                "PYTHONPATH": os.pathsep.join(map(str, (folder, folder / "tests" / "support"))),
                # Lest a file is taken for the compiled one of before, of the same second.
                "PYTHONPYCACHEPREFIX": "",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TESTS_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return FAILED
    if ended.returncode not in {PASSED, FAILED}:
        print(ended.stdout[-2000:])
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
