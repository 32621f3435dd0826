"""Time each input at doubled sizes: none may take more than three times as long for twice as much.

.venv/bin/python benchmarks/input_scaling.py [--runs 5] [--model-dir MODEL] [NAME ...]

Tables, schema files, and all that a request is made of; each is made to take long: as many columns,
faults or quotation marks as fit into its bytes. Requests are answered in this process, and the
limits on sizes are raised, so that it is the work that is timed. What is over the limit is
measured again, as machines are shared. Exits with 1 when a ratio still is.
"""

from __future__ import annotations

import contextlib
import gc
import io
import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import process_time
from typing import NamedTuple

from werkzeug.test import create_environ, run_wsgi_app

from benchmarks import input_kinds
from benchmarks.command_line import make_parser
from benchmarks.input_kinds import SCHEMA, Kinds
from creditscore.errors import CreditScoreError
from creditscore.schema.reader import load_schema
from creditscore.settings import Settings
from creditscore.tables.csv_table import open_table
from creditscore.tables.table import RowReader
from creditscore.training import dataset
from creditscore.web import create_app
from creditscore.web.app import App

#: Bytes of tables and JSON; of schema files, which are read by Python; of forms, which may be no
#: longer; of queries and headers, though gunicorn takes 4 KiB and 64 times 8 KiB.
LARGE = [1 << exponent for exponent in (18, 19, 20)]
MIDDLE = [1 << exponent for exponent in (16, 17, 18)]
SMALL = [15_000, 30_000, 60_000]

#: The most that the time may grow when the size doubles.
MAX_RATIO = 3.0

#: Shorter times are counted as this: below, the ratio would tell of the clock.
MIN_SECONDS = 0.002

KEY = "a-key-of-the-benchmark-that-opens-nothing"

#: Routes, and headers that the service, or Flask for it, reads there.
HEADERS = {
    "/predict": "Content-Encoding Content-Type Host Idempotency-Key Origin Sec-Fetch-Site "
    "X-Forwarded-For",
    "/model": "Accept Accept-Language Cookie",
    "/decisions": "Authorization X-API-Key",
    "/static/page.css": "If-None-Match Range",
    "/health": "X-Request-ID",
}


class Case(NamedTuple):
    """What is timed: what reads an input, what makes one, and the sizes."""

    reader: Callable[[bytes], None]
    make: Callable[[int], str]
    sizes: Sequence[int]


def score(raw: bytes) -> None:
    """Read a table as score.py and POST /predict do."""
    table = open_table(
        io.BytesIO(raw), SCHEMA, reserved_names=["label"], whole_fields=list(SCHEMA.fields)
    )
    rows = RowReader(SCHEMA, table)
    for block in table.blocks():
        for index in range(len(block.numbers)):
            rows.applicant(block, index)
        assert len(block.lines()) == len(block.keys)


def train(raw: bytes) -> None:
    """Read a table as train.py does."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(raw)
        file.flush()
        dataset.load(Path(file.name), SCHEMA)


def schema_file(raw: bytes) -> None:
    """Read a schema file as train.py does."""
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(raw)
        file.flush()
        load_schema(Path(file.name))


def ask(app: App, path: str, raw: bytes, *, header: str = "", kind: str = "") -> None:
    """Send a request that has an input in its body, or in a header, in its query or path."""
    posts = path in {"/predict", "/"} or path.endswith("/outcome")
    environ = create_environ(method="POST" if posts else "GET")
    environ |= {"PATH_INFO": path, "CONTENT_TYPE": kind}
    if header:
        name = header.upper().replace("-", "_")
        environ[name if name == "CONTENT_TYPE" else f"HTTP_{name}"] = raw.decode("latin-1")
    else:
        environ |= {"wsgi.input": io.BytesIO(raw), "CONTENT_LENGTH": str(len(raw))}
    answer(app, environ)


def ask_for(app: App, path: str, raw: bytes, *, accept: str) -> None:
    """Send a request that has an input as its query, or in the place of a * in its path."""
    text = raw.decode("latin-1")
    environ = create_environ(method="POST" if path.endswith("/outcome") else "GET")
    environ |= {"PATH_INFO": path.replace("*", text), "HTTP_ACCEPT": accept}
    answer(app, environ | ({} if "*" in path else {"QUERY_STRING": text}))


def answer(app: App, environ: dict[str, object]) -> None:
    """Have a request answered."""
    # Decisions need no key, and without one the origin of a page counts.
    environ |= {} if environ["PATH_INFO"] == "/predict" else {"HTTP_X_API_KEY": KEY, **environ}
    _, status, _ = run_wsgi_app(app, environ, buffered=True)
    assert not status.startswith("500"), status


def cases(app: App) -> Iterator[tuple[str, Case]]:
    """Give all that is timed, by name."""

    def name_cases(
        prefix: str, kinds: Kinds, reader: Callable[[bytes], None], sizes: Sequence[int]
    ) -> Iterator[tuple[str, Case]]:
        for name, make in kinds.items():
            yield f"{prefix}, {name}", Case(reader, make, sizes)

    for reader in (score, train):
        yield from name_cases(reader.__name__, input_kinds.TABLES, reader, LARGE)
    yield from name_cases("schema file", input_kinds.TOML, schema_file, MIDDLE)
    yield from name_cases("JSON", input_kinds.JSON, partial(ask, app, "/predict"), LARGE)
    form = "application/x-www-form-urlencoded"
    for path in ("/", "/predict"):
        yield from name_cases(
            f"form to {path}", input_kinds.FORMS, partial(ask, app, path, kind=form), SMALL
        )
    outcome = partial(ask, app, f"/decisions/{'0' * 8}-0000-0000-0000-{'0' * 12}/outcome")
    yield from name_cases("outcome", input_kinds.JSON, outcome, [250, 500, 1000])
    for path in ("/decisions", "/monitoring", "/"):
        accept = "application/json" if path == "/decisions" else "text/html"
        reader = partial(ask_for, app, path, accept=accept)
        yield from name_cases(f"query of {path}", input_kinds.QUERIES, reader, SMALL)
    for path in ("/*", "/decisions/*", "/decisions/*/outcome", "/static/*"):
        reader = partial(ask_for, app, path, accept="*/*")
        yield from name_cases(f"path {path}", input_kinds.HEADERS, reader, SMALL)
    for path, headers in HEADERS.items():
        for header in headers.split():
            reader = partial(ask, app, path, header=header)
            yield from name_cases(header, input_kinds.HEADERS, reader, MIDDLE)


def seconds(reader: Callable[[bytes], None], raw: bytes, runs: int) -> float:
    """Return the shortest of several processor times."""
    times = []
    # The time for unreachable objects comes in steps, each a share of all objects that there are.
    gc.disable()
    for _ in range(runs):
        start = process_time()
        with contextlib.suppress(CreditScoreError):
            reader(raw)
        times.append(process_time() - start)
    gc.enable()
    return max(min(times), MIN_SECONDS)


def largest_ratio(times: Sequence[float]) -> float:
    """Return the most that the time grew by when the size doubled."""
    return max(more / less for less, more in itertools.pairwise(times))


def measure(case: Case, runs: int) -> list[float]:
    """Return the times of a case; the shortest of several if they are over the limit."""
    raws = [case.make(size).encode("utf-8", "surrogateescape") for size in case.sizes]
    times = [seconds(case.reader, raw, runs) for raw in raws]
    for _ in range(3):
        if largest_ratio(times) > MAX_RATIO:
            times = list(map(min, times, (seconds(case.reader, raw, 2 * runs) for raw in raws)))
    return times


def service(model_dir: Path, folder: Path) -> App:
    """Return a service with every feature that reads an input, and sizes without limits."""
    limit = 1 << 24
    settings = Settings(
        model_dir=model_dir,
        database_url=f"sqlite:///{folder}/log.sqlite",
        runtime_dir=folder,
        api_keys=(KEY,),
        open_predict=True,
        max_json_bytes=limit,
        max_applicants=limit,
        proxies=1,
        hosts=("a.example",),
        cors_origins=("https://a.example",),
        rate_limit=None,
        what_if_rate_limit=None,
    )
    return create_app(settings)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return the exit status."""
    parser = make_parser(__doc__, needs_model=True)
    parser.add_argument("names", nargs="*", metavar="NAME", help="inputs whose name holds this")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(arguments)
    over, worst = [], 0.0
    print("| input | bytes | times in ms | largest ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        app = service(options.model_dir, Path(folder))
        gc.freeze()
        for name, case in cases(app):
            if options.names and not any(text in name for text in options.names):
                continue
            times = measure(case, options.runs)
            ratio = largest_ratio(times)
            worst = max(worst, ratio)
            over += [name] if ratio > MAX_RATIO else []
            times_text = ", ".join(f"{1000 * time:,.0f}" for time in times)
            spread = f"{case.sizes[0]:,} to {case.sizes[-1]:,}"
            print(f"| {name} | {spread} | {times_text} | {ratio:.1f} |", flush=True)
    print(f"\nlargest ratio: {worst:.1f}, at most {MAX_RATIO:.0f}")
    if over:
        print("over it:", "; ".join(over))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
