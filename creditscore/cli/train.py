"""Train the scorecards: data and its data dictionary in, model/ out.

{command}                 on data/credit.csv, the synthetic rows of this project
{command} --data uci      on the real rows, fetched from the UCI archive
{command} --data MINE.csv --schema MINE.toml     on your own
{command} --compare       what it costs to leave protected fields out, nothing else
{command} --draft-schema MINE.csv MINE.toml     drafts a schema file for them
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tqdm import tqdm

from creditscore import model_card, training
from creditscore.drafting import draft_files
from creditscore.environment import door_name, python_command
from creditscore.errors import CreditScoreError
from creditscore.evaluation.card import read_card
from creditscore.folders import SAMPLE_DATA, SAMPLE_SCHEMA, WORKING_FOLDER
from creditscore.model_card import ablation, report
from creditscore.schema import Schema
from creditscore.schema.reader import load_schema
from creditscore.scorecard import artifact, model_archive
from creditscore.scorecard.policy import DEFAULT_LOSS_TO_MARGIN, Policy
from creditscore.tables import dask_cluster
from creditscore.tables.table import taken_columns
from creditscore.training import dataset, download
from creditscore.training.dataset import Dataset
from creditscore.training.reference import GROUPS

NAME = door_name("train.py")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, write the model and its card, print a summary; return the exit status."""
    options = read_options(arguments)
    try:
        if options.draft_schema:
            draft_files.draft(
                *options.draft_schema, outcome=options.outcome, decimal=options.decimal
            )
            return 0
        if not options.compare:
            artifact.check_writable(options.model_dir)
        schema = load_schema(options.schema)
        data = read_data(options.data, schema)
        for note in [*data.notes, *taken_columns(data.header, schema)]:
            print(f"{NAME}: {note}", file=sys.stderr)
        quick = options.quick or options.compare
        seeds, splits = (0, 0) if quick else (training.OTHER_SEEDS, model_card.OTHER_SPLITS)
        steps = (training.STEPS + bool(seeds)) * len(schema.scorecards)
        steps += model_card.steps(schema, other_splits=splits)
        # Without a terminal (None), each step gets a line of its own instead of a bar.
        bar = tqdm(total=steps, desc="Training", unit="step", leave=False, disable=None)
        with dask_cluster.fitting_on(options.dask), bar:
            model, rows = training.train(
                data,
                schema,
                policy=Policy.from_ratio(options.loss_to_margin),
                exclude=options.exclude,
                reference_group=options.reference_group,
                seed=options.seed,
                now=datetime.now(UTC),
                progress=partial(advance, bar),
                other_seeds=seeds,
            )
            card = model_card.build_card(
                model, rows, progress=partial(advance, bar), other_splits=splits
            )
        if options.compare:
            print(ablation.compare(read_card(card)))
            return 0
        model = replace(model, card=card)
        model_archive.archive_replaced_model(options.model_dir, model)
        artifact.save(model, options.model_dir)
        report.write(read_card(card), options.model_dir, plots=options.plots)
    except CreditScoreError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{NAME}: stopped; nothing was changed", file=sys.stderr)
        return 130
    print(report.summarise(model, options.model_dir, plots=options.plots))
    return 0


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description=str(__doc__).format(command=python_command("train.py")),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data",
        default=str(SAMPLE_DATA),
        metavar="FILE",
        help="a CSV, Excel or Parquet file, or the name of a source in the schema file, such as "
        "uci (default: data/credit.csv)",
    )
    parser.add_argument(
        "--schema",
        type=Path,
        default=SAMPLE_SCHEMA,
        metavar="FILE",
        help="the data dictionary of the data (default: data/schema.toml)",
    )
    parser.add_argument(
        "--model-dir",
        type=Path,
        default=WORKING_FOLDER / "model",
        metavar="FOLDER",
        help="where the model goes (default: model/)",
    )
    parser.add_argument(
        "--draft-schema",
        nargs="+",
        type=Path,
        metavar=("FILE", "OUT.toml"),
        help="write a schema file for this table, with comments that say what to look at, and "
        "train nothing; to the screen without OUT.toml",
    )
    parser.add_argument(
        "--outcome",
        metavar="COLUMN",
        help="with --draft-schema: the column of the outcome, where the guess is wrong",
    )
    parser.add_argument(
        "--decimal",
        choices=(".", ","),
        help="with --draft-schema: the decimal sign of the table's numbers, where the draft asks",
    )
    parser.add_argument(
        "--exclude",
        nargs="+",
        action="extend",
        default=[],
        metavar="FIELD",
        help="fields that no decision may depend on; they are only monitored, and applicants may "
        "leave out those that the schema file calls optional_when_excluded",
    )
    parser.add_argument(
        "--compare",
        action="store_true",
        help="print what leaving out each protected field, and all of them, costs and gains, and "
        "what monotone fields cost; write nothing",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="test on one split of the rows and with one seed only, in half the time; the model "
        "card says so, and no answer warns that training again could change its label",
    )
    parser.add_argument(
        "--no-plots",
        dest="plots",
        action="store_false",
        help="write the model card without its plots",
    )
    parser.add_argument(
        "--loss-to-margin",
        type=ratio,
        default=DEFAULT_LOSS_TO_MARGIN,
        metavar="RATIO",
        help="what a default costs over what a good account earns; sets the cut-off to "
        "1 / (1 + RATIO) (default: %(default)g)",
    )
    parser.add_argument(
        "--reference-group",
        choices=GROUPS,
        default=GROUPS[0],
        help="whom the reasons compare an applicant with: the approved training rows, or all "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="fit on the cluster of this Dask scheduler, such as tcp://scheduler:8786: the same "
        "model version as here (needs the extra dask)",
    )
    parser.add_argument(
        "--seed",
        type=seed,
        default=1,
        metavar="NUMBER",
        help="of all that is random; the same data and seed give the same model version "
        "(default: %(default)d)",
    )
    options = parser.parse_args(arguments)
    if len(options.draft_schema or []) > 2:
        parser.error("--draft-schema takes a table and the schema file to write, nothing else")
    if options.outcome is not None and not options.draft_schema:
        parser.error("--outcome goes with --draft-schema; a schema file names it in [label]")
    if options.decimal is not None and not options.draft_schema:
        parser.error("--decimal goes with --draft-schema; a schema file states it in [file]")
    return options


def read_data(name: str, schema: Schema) -> Dataset:
    """Read a file, or fetch a source that the schema file names."""
    source = schema.sources.get(name)
    if source is None:
        return dataset.load(Path(name), schema)
    print(f"{source.title}; licence {source.licence}", file=sys.stderr)
    path = download.fetch(source, WORKING_FOLDER / "data" / "cache")
    return dataset.load(path, schema, columns=source.columns)


def advance(bar: tqdm, step: str) -> None:
    """Show that a step begins."""
    if bar.disable:
        print(f"{step} ...", file=sys.stderr)
    else:
        bar.update()
        bar.set_postfix_str(step)


def ratio(text: str) -> float:
    """Read a positive number."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, got {text!r}")
    return number


def seed(text: str) -> int:
    """Read a seed as numpy takes it."""
    if not text.isascii() or not text.isdigit() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(
            f"must be a whole number from 0 to 4294967295, got {text!r}"
        )
    return int(text)
