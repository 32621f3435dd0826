"""Codes are ordered by what became of those who had them, where the schema file asks for it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from carded import trained

from creditscore.errors import SchemaError
from creditscore.evaluation.card import read_card
from creditscore.evaluation.metrics import auc
from creditscore.model_card.build import build_card
from creditscore.model_card.markdown import to_markdown
from creditscore.schema import CodeList, Schema
from creditscore.schema.reader import read_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.training import dataset
from creditscore.training.code_order import encode_again, learn_order
from creditscore.training.fit import grow
from creditscore.training.split import Split, join, split

#: What becomes of each job: neither the alphabet nor the list knows.
SHARES = {"baker": 0.5, "clerk": 0.1, "driver": 0.7, "farmer": 0.3}

#: Quickly grown, and not searched for.
FOREST = {"trees": 20, "min_samples_leaf": 50}


def schema_of(order: object = "target", **more: Any) -> Schema:
    """Make a schema of a job and an age."""
    job = {"kind": "coded", "title": "Job", "codes": list(SHARES), "example": "clerk"}
    return read_schema(
        {
            "dataset": {"name": "jobs", "title": "Jobs"},
            "label": {"column": "bad", "good": 0, "bad": 1, "title": "Bad"},
            "scorecards": {"all": {"title": "All", "fields": ["job", "age"], "forest": FOREST}},
            "fields": {
                "job": job | ({"order": order} if order else {}) | more,
                "age": {"kind": "number", "title": "Age", "example": 30},
            },
        },
        "jobs.toml",
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Write 2,000 rows; a twentieth of the jobs is not stated."""
    return write_table(tmp_path, SHARES)


def write_table(folder: Path, shares: dict[str, float]) -> Path:
    draw = np.random.default_rng(1)
    path, names = folder / "jobs.csv", list(shares)
    lines = ["job,age,bad"]
    for _ in range(2000):
        job = names[draw.integers(4)]
        bad = int(draw.random() < shares[job])
        cell = "" if draw.random() < 0.05 else job
        lines.append(f"{cell},{draw.integers(20, 70)},{bad}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def train(path: Path, schema: Schema) -> tuple[Model, Split]:
    return trained(dataset.load(path, schema), schema)


BY_RISK = ["clerk", "farmer", "baker", "driver"]


def test_codes_are_ordered_by_their_share_of_bad_outcomes(table: Path) -> None:
    model, rows = train(table, schema_of(missing=True))

    rule = model.schema.fields["job"].rule
    assert isinstance(rule, CodeList)
    assert list(rule.positions) == BY_RISK
    assert [rule.encode(job) for job in BY_RISK] == [1, 2, 3, 4]
    assert model.manifest["data"]["code_orders"] == {"job": BY_RISK}
    assert np.isnan(rows.test.columns["job"]).sum() == pytest.approx(20, abs=15)


def test_the_rows_are_encoded_as_applicants_will_be(table: Path) -> None:
    schema = schema_of(missing=True)
    file_rows = split(dataset.load(table, schema), 1)

    model, rows = train(table, schema)

    old, new = schema.fields["job"], model.schema.fields["job"]
    for before, after in ((file_rows.train, rows.train), (file_rows.test, rows.test)):
        again = [new.encode(old.decode(code)) for code in before.columns["job"].tolist()]
        assert np.array_equal(after.columns["job"], np.array(again), equal_nan=True)


def test_another_split_orders_the_codes_by_its_own_training_rows(tmp_path: Path) -> None:
    schema = schema_of(missing=True)
    # Where no job matters, each split finds another order.
    model, rows = train(write_table(tmp_path, dict.fromkeys(SHARES, 0.3)), schema)

    card = build_card(model, rows, progress=lambda _: None, other_splits=3)

    spec = model.schema.scorecards["all"]
    file_rows = encode_again(join(rows.train, rows.test), model.schema, schema)
    orders, aucs = [], []
    for seed in (2, 3, 4):
        other_rows = split(file_rows, seed)
        learnt = learn_order(other_rows.train, schema)
        parts = [encode_again(part, schema, learnt) for part in (other_rows.train, other_rows.test)]
        forest = grow(parts[0], spec.fields, learnt, spec, seed=1).forest
        predicted = forest.probability_of_default(parts[1].matrix(spec.fields).astype("f4"))
        orders.append(learnt.document["fields"]["job"]["order"])
        aucs.append(auc(parts[1].bad, predicted))
    assert orders != [model.schema.document["fields"]["job"]["order"]] * 3
    figure = card["scorecards"]["all"]["cross_validation"]["figures"]["auc"]
    assert figure["mean"] == pytest.approx(np.mean(aucs), abs=1e-6)


def test_the_model_on_disk_keeps_the_order(table: Path, tmp_path: Path) -> None:
    model, rows = train(table, schema_of(missing=True))
    card = build_card(model, rows, progress=lambda _: None)
    artifact.save(replace(model, card=card), tmp_path / "model")

    again = artifact.load(tmp_path / "model")

    assert again.schema.document["fields"]["job"]["order"] == BY_RISK
    assert again.versions == model.versions
    assert f"the lowest first: {', '.join(BY_RISK)}." in to_markdown(read_card(card))


def test_the_order_is_part_of_the_version(table: Path) -> None:
    with_order, _ = train(table, schema_of(BY_RISK, missing=True))
    with_learnt_order, _ = train(table, schema_of(missing=True))
    without_order, _ = train(table, schema_of(None, missing=True))

    assert with_order.versions == with_learnt_order.versions != without_order.versions
    assert with_order.manifest["data"]["code_orders"] == {}


def test_only_training_rows_have_a_say(table: Path) -> None:
    schema = schema_of(missing=True)
    rows = split(dataset.load(table, schema), 1)
    upside_down = replace(rows.train, bad=1 - rows.train.bad)

    rule = learn_order(upside_down, schema).fields["job"].rule

    assert isinstance(rule, CodeList)
    assert list(rule.positions) == BY_RISK[::-1]


def test_rare_codes_are_drawn_towards_the_average(table: Path) -> None:
    schema = schema_of(missing=True)
    rows = split(dataset.load(table, schema), 1).train
    job, bad = rows.columns["job"].copy(), rows.bad.copy()
    # Of the two bakers left, both were good: less is known of them than of 300 clerks.
    job[job == 1] = np.nan
    job[:2], bad[:2] = 1, 0

    ordered_schema = learn_order(
        replace(rows, columns={**rows.columns, "job": job}, bad=bad), schema
    )

    rule = ordered_schema.fields["job"].rule
    assert isinstance(rule, CodeList)
    assert list(rule.positions) == ["clerk", "farmer", "baker", "driver"]


def test_too_few_rows_for_the_codes_keep_the_written_order(
    table: Path, caplog: pytest.LogCaptureFixture
) -> None:
    schema = schema_of(missing=True)
    rows = split(dataset.load(table, schema), 1).train

    with caplog.at_level(logging.WARNING):
        ordered_schema = learn_order(rows.rows(np.arange(150)), schema)

    assert ordered_schema.fields["job"].rule == schema_of(None, missing=True).fields["job"].rule
    assert "order" not in ordered_schema.document["fields"]["job"]
    assert "the written order stays" in caplog.text


@pytest.mark.parametrize(
    "order", ["risk", ["clerk"], [*BY_RISK, "clerk"], [*BY_RISK[:3], "tailor"], 3, [1, 2, 3, 4]]
)
def test_an_order_is_the_targets_or_a_list_of_all_codes(order: object) -> None:
    with pytest.raises(SchemaError, match=r"fields\.job\.order must be"):
        schema_of(order)
