"""Score a file of applicants: a decision behind each row, in memory that does not grow.

{command} IN.csv OUT.csv          every row that is a valid applicant
{command} - - <IN.csv >OUT.csv    from and to a pipe
{command} --log IN.csv OUT.csv    and every decision into the decision log
{command} --dask tcp://scheduler:8786 'in/*.parquet' out/     on a Dask cluster

Rows that are not valid applicants go to OUT.csv.rejects.csv. A cluster scores a table part by part.

IN may also be an Excel workbook (with the extra excel); IN and OUT may end in .parquet or .pq (with
the extra parquet). All other files are CSV.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.environment import door_name, python_command
from creditscore.errors import CreditScoreError
from creditscore.files import is_stream
from creditscore.i18n.catalogue import LANGUAGES
from creditscore.settings import Settings
from creditscore.settings_file import load_settings
from creditscore.tables import dask_cluster
from creditscore.tables.job import STANDARD, Job, run
from creditscore.tables.output import Counts
from creditscore.tables.table import Table

NAME = door_name("score.py")


def main(arguments: Sequence[str] | None = None) -> int:
    """Score, print a summary, and return the exit status."""
    options = read_options(arguments)
    try:
        settings, warnings = load_settings(os.environ)
        for sentence in warnings:
            print(f"{NAME}: warning: {sentence}", file=sys.stderr)
        if options.model_dir is not None:
            settings = replace(settings, model_dir=options.model_dir)
        counts = score_cluster(options, settings) if options.dask else score_file(options, settings)
    except CreditScoreError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader closed the pipe, as `head` does; Python would report that at its own exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"{NAME}: stopped; nothing was written", file=sys.stderr)
        return 130
    print(summarise(counts, options), file=sys.stderr)
    # A run whose every row was rejected has not done what was asked for.
    return 1 if counts.rejected and not counts.scored else 0


def score_file(options: argparse.Namespace, settings: Settings) -> Counts:
    """Score a file here."""
    job = Job(options.source, options.target, rejects_of(options), columns_of(options), options.run)
    # Without a terminal (None) there is no bar.
    with tqdm(desc="Scoring", unit=" rows", unit_scale=True, disable=None) as bar:
        return run(job, settings, progress=lambda table, rows: advance(bar, table, rows))


def score_cluster(options: argparse.Namespace, settings: Settings) -> Counts:
    """Score the parts of a table on a cluster."""
    parts = dask_cluster.Parts.find(str(options.source), options.target, columns_of(options))
    with tqdm(total=len(parts.jobs()), desc="Scoring", unit=" parts", disable=None) as bar:
        rows = 0

        def advance_parts(parts_left: int, new_rows: int) -> None:
            nonlocal rows
            rows += new_rows
            bar.update(bar.total - parts_left - bar.n)
            bar.set_postfix_str(f"{rows:,} rows")

        return dask_cluster.score_parts(options.dask, parts, settings, progress=advance_parts)


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description=str(__doc__).format(command=python_command("score.py")),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="IN", type=Path, help="a table, or - for CSV")
    parser.add_argument(
        "target",
        metavar="OUT",
        type=Path,
        help="where to: a file, a pipe such as /dev/stdout, or -",
    )
    parser.add_argument(
        "--rejects",
        metavar="FILE",
        type=Path,
        help="rows that are not valid applicants, each with its line and what is wrong, as CSV; "
        "OUT.rejects.csv by default, none if OUT is - or a pipe",
    )
    parser.add_argument(
        "--reasons",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="up to four reasons for each decision, as codes and impacts (default: yes)",
    )
    parser.add_argument(
        "--language", choices=LANGUAGES, help="also give the reasons in words of this language"
    )
    parser.add_argument(
        "--log",
        action="store_true",
        help="log every decision where CREDITSCORE_DATABASE_URL says; the same rows scored again "
        "by the same model are not logged twice",
    )
    parser.add_argument(
        "--run",
        default="",
        metavar="NAME",
        help="with --log: the same rows under another name are logged again",
    )
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="score on the cluster of this scheduler: IN is a pattern in quotation marks, OUT a "
        "folder; parts that are there already are skipped",
    )
    parser.add_argument(
        "--model-dir", type=Path, metavar="FOLDER", help="the model, else CREDITSCORE_MODEL_DIR"
    )
    options = parser.parse_args(arguments)
    if options.language and not options.reasons:
        parser.error("--language is about the words of reasons: not with --no-reasons")
    if options.dask and (options.log or options.rejects):
        parser.error("--dask goes neither with --log nor with --rejects: each part has its own")
    if options.run and not options.log:
        parser.error("--run is about what is logged: only with --log")
    return options


def columns_of(options: argparse.Namespace) -> DecisionColumns:
    """Return the columns that are written of each decision."""
    return DecisionColumns(logged=options.log, reasons=options.reasons, language=options.language)


def rejects_of(options: argparse.Namespace) -> Path | None:
    """Return the file for rows that are not valid applicants; None to drop them."""
    if options.rejects is not None or options.target == STANDARD or is_stream(options.target):
        return Path(options.rejects) if options.rejects else None
    return Path(f"{options.target}.rejects.csv")


def advance(bar: tqdm[None], table: Table, rows: int) -> None:
    """Advance the bar, and estimate the number of rows by the share that was read."""
    bar.update(rows)
    if share := table.share_read():
        bar.total = int(bar.n / min(share, 1.0))


def summarise(counts: Counts, options: argparse.Namespace) -> str:
    """Return a sentence with the numbers of rows."""
    summary = f"{counts.scored:,} rows scored"
    if not counts.rejected:
        return summary
    rejects = f"{options.target}/*.rejects.csv" if options.dask else rejects_of(options)
    hint = f", see {rejects}" if rejects else "; --rejects FILE keeps them"
    return f"{summary}, {counts.rejected:,} rejected{hint} (the first: {counts.first_reject})"
