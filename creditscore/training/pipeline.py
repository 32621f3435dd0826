"""From a data set to a model: split the rows, fit every scorecard, write down what was done."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

import creditscore
from creditscore.errors import ExclusionError, ReasonsTooLargeError
from creditscore.nearest_name import hint
from creditscore.schema import Schema, ScorecardSpec, Value
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.shapley import VALUE_FUNCTION
from creditscore.scorecard.verification import golden_applicants
from creditscore.training.calibration import OutOfBag
from creditscore.training.code_order import encode_again, learn_order, learnt_orders
from creditscore.training.dataset import Dataset
from creditscore.training.fit import fit, max_values
from creditscore.training.forest_search import ForestTrial, try_forests
from creditscore.training.retraining import train_again
from creditscore.training.split import Split, split, split_by_time, weighted

_Fitted = tuple[Scorecard, OutOfBag]

#: Steps of progress for each scorecard: its forest's settings, and the fit.
STEPS = 2


def train(
    data: Dataset,
    schema: Schema,
    *,
    policy: Policy,
    exclude: Sequence[str],
    reference_group: str,
    seed: int,
    now: datetime,
    progress: Callable[[str], None],
    other_seeds: int = 0,
) -> tuple[Model, Split]:
    """Fit every scorecard of a schema.

    Parameters
    ----------
    data : Dataset
        All the rows; a fifth of them is kept for the test.
    schema : Schema
        Their data dictionary.
    policy : Policy
        Cut-off and scale.
    exclude : sequence of str
        Fields that no decision may depend on.
    reference_group : {"approved", "all"}
        Whom reasons compare an applicant with.
    seed : int
        Of all that is random.
    now : datetime
        Written down as the time of training.
    progress : callable
        Called with the name of each step as it begins, `STEPS` for each scorecard, and one more
        where it is trained with other seeds.
    other_seeds : int
        How many more seeds each scorecard is trained with, to learn how far they move it.

    Returns
    -------
    model : Model
        With an empty model card.
    rows : Split
        The rows it was fitted on, and those to measure it on, weighted where `schema.sample` says.

    Raises
    ------
    DatasetError, ExclusionError
        If there is too little to learn from.
    """
    check_exclusion(schema, exclude)
    data = weighted(data, schema.sample)
    rows, written_schema = split(data, seed), schema
    schema = learn_order(rows.train, written_schema)
    train, test = (encode_again(part, written_schema, schema) for part in (rows.train, rows.test))
    by_time = split_by_time(data, written_schema.sample)
    if by_time is not None:
        # Of the earlier rows alone: the latest ones are not known yet.
        earlier = learn_order(by_time.earlier, written_schema)
        by_time = replace(
            by_time,
            earlier=encode_again(by_time.earlier, written_schema, earlier),
            latest=encode_again(by_time.latest, written_schema, earlier),
        )
    rows = Split(train, test, by_time)
    cards, golden, specs, trials, by_seed, out_of_bag = {}, [], {}, {}, {}, {}
    for name, spec in schema.scorecards.items():
        progress(f"choosing the forest settings of the {name} scorecard")
        trials[name] = _try_forests(rows.train, schema, spec, exclude=exclude, seed=seed)
        progress(f"fitting the {name} scorecard")
        (cards[name], out_of_bag[name]), specs[name] = _fit_first(
            [replace(spec, forest=trial.settings) for trial in trials[name]] or [spec],
            partial(
                fit,
                rows.train,
                schema,
                policy=policy,
                exclude=exclude,
                reference_group=reference_group,
                seed=seed,
            ),
        )
        if other_seeds:
            progress(f"training the {name} scorecard with {other_seeds} other seeds")
            spread, by_seed[name] = train_again(
                cards[name], rows, schema, specs[name], seed=seed, seeds=other_seeds
            )
            cards[name] = replace(cards[name], retraining_spread=spread)
        golden += golden_applicants(cards[name], schema, seed=seed)
    schema = replace(schema, scorecards=specs)
    manifest = training_manifest(
        data,
        schema,
        policy=policy,
        seed=seed,
        scorecards=cards,
        trials=trials,
        code_orders=learnt_orders(written_schema, schema),
        golden=golden,
        now=now,
    )
    model = Model.assemble(
        schema=schema, scorecards=cards, policy=policy, manifest=manifest, card={}
    )
    return model, replace(rows, by_seed=by_seed, out_of_bag=out_of_bag)


def _try_forests(
    data: Dataset, schema: Schema, spec: ScorecardSpec, *, exclude: Sequence[str], seed: int
) -> list[ForestTrial]:
    """Try forest settings where the schema file names none; empty where it does."""
    if spec.forest.min_samples_leaf is not None:
        return []
    predictors = [name for name in spec.fields if name not in exclude]
    return try_forests(
        data.matrix(predictors),
        data.bad,
        spec.forest,
        seed=seed,
        max_values=max_values(schema),
        monotonic=schema.monotonic_constraints(predictors, spec.name),
        weights=data.weight,
    )


def _fit_first(
    specs: Sequence[ScorecardSpec], fit_one: Callable[[ScorecardSpec], _Fitted]
) -> tuple[_Fitted, ScorecardSpec]:
    """Fit by the first settings whose exact reasons fit into memory."""
    *better_specs, last_spec = specs
    for spec in better_specs:
        try:
            return fit_one(spec), spec
        except ReasonsTooLargeError as error:
            logging.getLogger(__name__).warning("%s; the next best settings are taken", error)
    return fit_one(last_spec), last_spec


def check_exclusion(schema: Schema, exclude: Sequence[str]) -> None:
    """Check that all excluded names are fields, and that each scorecard keeps a predictor.

    Raises
    ------
    ExclusionError
    """
    for name in exclude:
        if name not in schema.fields:
            allowed = f"must name fields: {', '.join(schema.fields)}"
            raise ExclusionError(f"{allowed}; got {name!r}{hint(name, schema.fields)}")
    for spec in schema.scorecards.values():
        if set(spec.fields) <= set(exclude):
            fields = ", ".join(spec.fields)
            raise ExclusionError(f"must leave the {spec.name} scorecard at least one of {fields}")


def training_manifest(
    data: Dataset,
    schema: Schema,
    *,
    policy: Policy,
    seed: int,
    scorecards: Mapping[str, Scorecard],
    trials: Mapping[str, Sequence[ForestTrial]],
    code_orders: Mapping[str, Sequence[Value]],
    golden: Sequence[Mapping[str, Any]],
    now: datetime,
) -> dict[str, Any]:
    """Return what was trained, from which data and with what, as plain data for manifest.json."""
    return {
        "trained_at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "seed": seed,
        "software": {
            "creditscore": creditscore.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scikit-learn")},
        },
        "data": {
            "file": data.name,
            "sha256": data.sha256,
            "rows": len(data),
            "bad_rate": float(data.bad.mean()),
            "folded_rows": dict(data.folded),
            "code_orders": {name: list(codes) for name, codes in code_orders.items()},
            "left_out_rows": dict(data.left_out),
            "format": dict(data.file_format),
        },
        "policy": policy.to_dict(),
        "scorecards": {
            name: {
                "predictors": list(card.predictors),
                "monitored_attributes": list(card.monitored),
                "protected_predictors": [
                    field for field in card.predictors if schema.fields[field].protected
                ],
                "forest": asdict(schema.scorecards[name].forest),
                "forest_trials": [trial.to_dict() for trial in trials[name]],
                "training_ranges": {field: list(r) for field, r in card.training_ranges.items()},
                "calibration": asdict(card.calibration),
                "reasons": {
                    "value_function": VALUE_FUNCTION,
                    "reference_group": card.reference.group,
                    "reference_rows": card.reference.rows,
                    "baseline": card.reference.baseline,
                },
            }
            for name, card in scorecards.items()
        },
        "golden": list(golden),
    }
