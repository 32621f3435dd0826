"""Models trained for the tests, kept between runs until something that they depend on changes.

The small one learns from a tenth of the bundled rows, which takes seconds; the full one is what a
user's first `python train.py` makes, which takes a minute or more.
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from answers import PROJECT

from creditscore.scorecard.artifact import MANIFEST_FILE

if sys.platform != "win32":
    import fcntl

#: Where they are kept; git ignores it.
CACHE = PROJECT / ".pytest_cache" / "models"

#: Rows that each is trained on; None for all. Both outcomes and all codes are among the first ones.
ROWS = {"small": 3000, "full": None}

#: Models of a kind that are kept: going back and forth between branches trains none anew.
MODELS_KEPT = 4

#: What a model depends on: our code and data, and other people's packages.
SOURCES = (
    "train.py",
    "data/schema.toml",
    "data/credit.csv",
    "creditscore/*.py",
    *(
        f"creditscore/{package}/**/*.*"
        for package in (
            "i18n",
            "schema",
            "scorecard",
            "evaluation",
            "charts",
            "training",
            "model_card",
        )
    ),
)
PACKAGES = ("numpy", "pandas", "scikit-learn")


def trained_model(kind: str) -> Path:
    """Return the folder of a model, trained if no run has done so since it last changed.

    Parameters
    ----------
    kind : {"small", "full"}
        A key of `ROWS`.
    """
    folder = CACHE / f"{kind}-{fingerprint()}"
    with only_one(CACHE / f"{kind}.lock"):
        if not folder.exists():
            # A run that is killed leaves an unfinished folder, which is never taken for a model.
            unfinished = Path(tempfile.mkdtemp(prefix=f"{kind}-unfinished-", dir=CACHE))
            train_into(unfinished, rows=ROWS[kind])
            unfinished.replace(folder)
        folder.touch()
        remove_old(kind)
    return folder


def train_into(folder: Path, *, rows: int | None) -> None:
    """Train as a user does, on the first so many bundled rows or on all."""
    from creditscore.cli import train  # it takes a second or two, which most runs can do without

    with tempfile.TemporaryDirectory() as cut:
        data = PROJECT / "data" / "credit.csv"
        if rows is not None:
            with data.open(encoding="utf-8", newline="") as file:
                data = Path(cut) / data.name
                data.write_text("".join(islice(file, 1 + rows)), encoding="utf-8")
        assert train.main(["--data", str(data), "--model-dir", str(folder)]) == 0
    assert (folder / MANIFEST_FILE).exists()


def fingerprint() -> str:
    """Return a hash of all that a model depends on."""
    made_of = hashlib.sha256(f"{ROWS} {platform.python_version()}".encode())
    for package in PACKAGES:
        made_of.update(version(package).encode())
    for path in sorted({path for pattern in SOURCES for path in PROJECT.glob(pattern)}):
        if path.is_file() and path.suffix != ".pyc":
            made_of.update(hashlib.sha256(path.read_bytes()).digest())
    return made_of.hexdigest()[:16]


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Let one process at a time into the block; Windows has no such lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        if sys.platform != "win32":
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove_old(kind: str) -> None:
    """Remove what killed runs left, and all but the models of a kind that were used last."""
    folders = [path for path in CACHE.glob(f"{kind}-*") if path.is_dir()]
    unfinished = [path for path in folders if "unfinished" in path.name]
    models = sorted(set(folders) - set(unfinished), key=lambda path: path.stat().st_mtime)
    for path in unfinished + models[:-MODELS_KEPT]:
        shutil.rmtree(path, ignore_errors=True)
