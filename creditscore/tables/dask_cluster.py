"""Score tables in parts, and fit forests, on a Dask cluster.

A part is scored by the same steps as a single file, and appears when it is complete. If a worker
dies, another one scores its part again; a run that was stopped goes on with the missing parts.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from creditscore.decisions.assessor import Assessor
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.environment import install_command
from creditscore.errors import BatchError, CreditScoreError
from creditscore.files import atomic_write
from creditscore.scorecard import artifact
from creditscore.scorecard.artifact import CARD_FILE, MANIFEST_FILE, MODEL_FILE
from creditscore.settings import Settings
from creditscore.tables.job import WORKBOOKS, Job, assessor_of, run_with
from creditscore.tables.output import Counts

#: File that names the model, cut-off and columns of a folder's parts.
RECIPE = "_score.json"

#: Time to reach the scheduler.
CONNECT_TIMEOUT_S = 15

#: How often a part is scored again after its worker died.
RETRIES = 5

INSTALL = install_command("dask")


@dataclass(frozen=True)
class Parts:
    """A table in parts, and the folder of its decisions.

    Attributes
    ----------
    sources : sequence of Path
        The parts. Every worker must find them under the same path.
    folder : Path
        Gets a file of the same name for each part, of a workbook one that ends in .csv; every
        worker must find it, too.
    columns : DecisionColumns
        The columns that are written of each decision.
    """

    sources: Sequence[Path]
    folder: Path
    columns: DecisionColumns

    @classmethod
    def find(cls, pattern: str, folder: Path, columns: DecisionColumns) -> Parts:
        """Return the parts that match a pattern such as ``in/*.parquet``.

        Raises
        ------
        BatchError
            If there is none, if two have the same name, or if they lie where the decisions go.
        """
        paths = sorted(Path(name).resolve() for name in glob.glob(pattern))  # noqa: PTH207
        sources = [path for path in paths if path.is_file()]
        if not sources:
            raise BatchError(f"{pattern}: there is no such file")
        if len({path.name for path in sources}) < len(sources):
            raise BatchError(f"{pattern}: two files have the same name")
        if any(path.parent == folder.resolve() for path in sources):
            raise BatchError(f"{folder} holds the applicants: name another folder")
        return cls(sources, folder.resolve(), columns)

    def jobs(self) -> list[Job]:
        """Return a job for each part that has no decisions yet."""
        jobs = [
            Job(
                path,
                self.folder / _target_name(path),
                self.folder / f"{path.name}.rejects.csv",
                self.columns,
            )
            for path in self.sources
        ]
        return [job for job in jobs if not job.target.exists()]

    def sweep(self) -> None:
        """Delete unfinished files of killed workers; to be called when all parts are there."""
        for path in self.sources:
            for leftover in self.folder.glob(f".{glob.escape(_target_name(path))}.*.part"):
                leftover.unlink(missing_ok=True)


def _target_name(source: Path) -> str:
    """Return the name of a part's decisions: workbooks are read, not written."""
    return f"{source.name}.csv" if source.suffix.lower() in WORKBOOKS else source.name


def score_parts(
    address: str,
    parts: Parts,
    settings: Settings,
    *,
    progress: Callable[[int, int], None],
) -> Counts:
    """Score the parts that are missing, on a cluster.

    Parameters
    ----------
    address : str
        The scheduler's, such as ``tcp://scheduler:8786``.
    progress : callable
        Called after each part with the number of parts left, and of this part's rows.

    Raises
    ------
    BatchError
        If the cluster cannot be reached, or a part cannot be scored; parts that are finished stay.
    """
    assessor = assessor_of(artifact.load(settings.model_dir), settings)
    files = {
        name: (settings.model_dir / name).read_bytes()
        for name in (MODEL_FILE, MANIFEST_FILE, CARD_FILE)
    }
    parts.folder.mkdir(parents=True, exist_ok=True)
    _keep_recipe(parts, assessor)
    jobs, counts = parts.jobs(), Counts()
    with connected(address) as client:
        from distributed import as_completed

        # Once for each worker, however many parts there are.
        model = client.scatter(files, broadcast=True, hash=False)
        futures = [
            client.submit(_score_part, job, model, settings.cutoff, pure=False, retries=RETRIES)
            for job in jobs
        ]
        for future in as_completed(futures):  # type: ignore[no-untyped-call]
            part_counts = _result(future)
            counts.scored += part_counts.scored
            counts.rejected += part_counts.rejected
            counts.first_reject = counts.first_reject or part_counts.first_reject
            jobs.pop()
            progress(len(jobs), part_counts.scored + part_counts.rejected)
    parts.sweep()
    if futures and not (counts.scored or counts.rejected):
        raise BatchError("none of the parts has any rows")
    return counts


@contextlib.contextmanager
def connected(address: str) -> Iterator[Any]:
    """Connect to a scheduler.

    Raises
    ------
    BatchError
        If it cannot be reached, or Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError:
        raise BatchError(f"a cluster needs Dask, which is not installed: {INSTALL}") from None
    try:
        client: Any = Client(  # type: ignore[no-untyped-call]
            address, timeout=CONNECT_TIMEOUT_S, set_as_default=True
        )
    except (OSError, ValueError) as error:
        raise BatchError(f"no scheduler answers at {address}: {error}") from None
    with client:
        yield client


@contextlib.contextmanager
def fitting_on(address: str | None) -> Iterator[None]:
    """Run joblib on a cluster within the block; on this machine without an address.

    The trees are the same anywhere: each has its own seed.
    """
    if address is None:
        yield
        return
    # Imported here, as scoring does not need it.
    import joblib

    with connected(address), joblib.parallel_config(backend="dask"):
        yield


def _keep_recipe(parts: Parts, assessor: Assessor) -> None:
    """Write model, cut-off and columns into the folder, or compare them with those there.

    Raises
    ------
    BatchError
        If the folder holds parts of another model, cut-off or choice of columns.
    """
    columns = replace(parts.columns, prefix=assessor.model.schema.decision_prefix)
    recipe = {
        "model_versions": dict(assessor.model.versions),
        "cutoff": assessor.policy.cutoff,
        "columns": list(columns.types),
    }
    path = parts.folder / RECIPE
    if not path.exists():
        with atomic_write(path) as file:
            file.write(json.dumps(recipe, indent=2).encode())
        return
    try:
        is_same = json.loads(path.read_bytes()) == recipe
    except ValueError:
        is_same = False
    if not is_same:
        raise BatchError(
            f"{parts.folder} holds decisions of another model, cut-off or choice of columns "
            f"({RECIPE} says which): name another folder"
        )


def _result(future: Any) -> Counts:
    """Return the counts of a part."""
    try:
        counts: Counts = future.result()
    except CreditScoreError:
        raise
    except Exception as error:  # noqa: BLE001  # Dask passes on whatever a worker met
        raise BatchError(f"a part could not be scored: {type(error).__name__}: {error}") from None
    return counts


# On a worker

_MODELS: dict[str, Assessor] = {}


def _score_part(job: Job, files: Mapping[str, bytes], cutoff: float | None) -> Counts:
    """Score a part, with the model that was sent."""
    return run_with(job, _unpack(files, cutoff), may_be_empty=True)


def _unpack(files: Mapping[str, bytes], cutoff: float | None) -> Assessor:
    """Load the model that was sent, through the gate that every model goes through, once."""
    digest = hashlib.sha256(repr(cutoff).encode())
    for name in sorted(files):
        digest.update(files[name])
    key = digest.hexdigest()
    if key not in _MODELS:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            settings = Settings(model_dir=Path(folder), cutoff=cutoff)
            _MODELS[key] = assessor_of(artifact.load(settings.model_dir), settings)
    return _MODELS[key]
