"""Order codes by what became of those who had them, where the schema file asks for it.

A tree can only cut the codes of a field into those before a place and those behind it, so an order
that means something saves it questions. Where codes have none of their own, the share of defaults
in the training rows gives one, each code's share drawn towards the average as if it had `SMOOTHING`
rows more (Micci-Barreca 2001, A preprocessing scheme for high-cardinality categorical attributes).
Out-of-bag rows have a say in the order as well; with few codes, that is too little to matter.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from creditscore.arrays import Floats
from creditscore.schema import CodeList, Schema, Value
from creditscore.training.dataset import Dataset

#: Rows of the average that each code's share of defaults is smoothed by.
SMOOTHING = 20.0

#: Rows of the rarer outcome for each code, on average, below which an order from the data is noise.
MIN_PER_CODE = 20


def learn_order(train: Dataset, schema: Schema) -> Schema:
    """Order the codes of those fields whose order the schema file leaves to the outcome.

    Parameters
    ----------
    train : Dataset
        The rows to learn from, and no others.
    schema : Schema

    Returns
    -------
    Schema
        With the order in its document, too. Where there are too few rows of one outcome for so
        many codes, the written order stays, and the log says so.
    """
    fields, tables = dict(schema.fields), dict(schema.document["fields"])
    for name, field in schema.fields.items():
        rule = field.rule
        if isinstance(rule, CodeList) and rule.order_by_target:
            order = _order(rule, train.columns[name], train, name)
            fields[name] = replace(field, rule=replace(rule, order=order, order_by_target=False))
            tables[name] = _stated(tables[name], order)
    return replace(schema, fields=fields, document={**schema.document, "fields": tables})


def encode_again(data: Dataset, before: Schema, after: Schema) -> Dataset:
    """Return rows with the positions that codes have in another schema; missing values stay."""
    columns = dict(data.columns)
    for name, field in after.fields.items():
        old, new = before.fields[name].rule, field.rule
        if not isinstance(old, CodeList) or not isinstance(new, CodeList) or old == new:
            continue
        columns[name] = np.full(len(data), np.nan)
        for code in new.labels:
            columns[name][data.columns[name] == old.encode(code)] = new.encode(code)
    return replace(data, columns=columns)


def learnt_orders(before: Schema, after: Schema) -> Mapping[str, list[Value]]:
    """List the codes of each field that was ordered by the outcome, the safest first."""
    return {
        name: list(field.rule.positions)
        for name, field in after.fields.items()
        if isinstance(field.rule, CodeList)
        and isinstance(rule := before.fields[name].rule, CodeList)
        and field.rule.order != rule.order
    }


def _stated(table: Mapping[str, Any], order: tuple[Value, ...]) -> dict[str, Any]:
    """Return a field's part of the document with the order, or with none where it stays."""
    rest = {key: value for key, value in table.items() if key != "order"}
    return {**rest, "order": list(order)} if order else rest


def _order(rule: CodeList, column: Floats, train: Dataset, name: str) -> tuple[Value, ...]:
    bads = int(train.bad.sum())
    if min(bads, len(train) - bads) < MIN_PER_CODE * len(rule.labels):
        logging.getLogger(__name__).warning(
            "fields.%s: too few rows of one outcome to order %d codes; the written order stays",
            name,
            len(rule.labels),
        )
        return ()
    weights = np.ones(len(train)) if train.weight is None else train.weight
    average = float(np.average(train.bad, weights=weights))
    share = {}
    for code in rule.labels:
        has_code = column == rule.encode(code)
        bad = float(weights[has_code] @ train.bad[has_code])
        share[code] = (bad + SMOOTHING * average) / (float(weights[has_code].sum()) + SMOOTHING)
    # Codes of the same share keep their order: sorted() is stable.
    return tuple(sorted(rule.labels, key=share.__getitem__))
