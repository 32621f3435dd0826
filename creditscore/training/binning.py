"""Part training rows into bins, for live ones to be compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2

from creditscore.arrays import Floats, Ints
from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, in_language
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import CodeList
from creditscore.schema.descriptions import band_texts
from creditscore.scorecard.bins import ALPHABET, Bins, TrainingBins
from creditscore.training.dataset import Dataset

#: A shift counts as significant when chance alone gives a larger one in one of a hundred cases.
SIGNIFICANCE = 0.99


def bin_training_rows(
    train: Dataset, schema: Schema, names: Sequence[str], *, scores: Ints
) -> TrainingBins:
    """Part the training rows by each field, and by the score.

    CodeList are a bin each; numbers are parted where the schema file puts bands, a protected field
    without them into quarters, any other one into tenths.

    Parameters
    ----------
    train : Dataset
    schema : Schema
    names : sequence of str
        The scorecard's fields.
    scores : ndarray of shape (n_rows,)
        The rows' scores, in points.
    """
    return TrainingBins(
        score=_number_bins(scores.astype(np.float64), _tiles(scores, 10), integral=True),
        fields={name: _field_bins(schema.fields[name], train.columns[name]) for name in names},
    )


def _field_bins(field: Field, column: Floats) -> Bins:
    if isinstance(field.rule, CodeList):
        codes = tuple(field.rule.labels)
        rows = [int((column == field.rule.encode(code)).sum()) for code in codes]
        last = len(ALPHABET) - 1
        counts = [*rows[:last], sum(rows[last:])] if len(rows) > len(ALPHABET) else rows
        labels = [in_language(text, FALLBACK_LANGUAGE) for text in field.rule.labels.values()]
        return Bins(
            codes=codes,
            edges=(),
            low=None,
            high=None,
            labels=tuple(labels[: len(counts)]),
            counts=tuple(counts),
            critical=_critical(len(counts)),
        )
    edges = field.bands or _tiles(column, 4 if field.protected else 10)
    return _number_bins(column, edges, integral=field.rule.integral)


def _number_bins(column: Floats, edges: Sequence[float], *, integral: bool) -> Bins:
    counts = np.bincount(np.searchsorted(edges, column, side="right"), minlength=len(edges) + 1)
    return Bins(
        codes=(),
        edges=tuple(float(edge) for edge in edges),
        low=float(column.min()),
        high=float(column.max()),
        labels=tuple(
            in_language(text, FALLBACK_LANGUAGE)
            for text in band_texts([float(edge) for edge in edges], integral=integral)
        ),
        counts=tuple(counts.tolist()),
        critical=_critical(len(counts)),
    )


def _tiles(column: Floats | Ints, parts: int) -> list[float]:
    """Give the edges of parts of about equal size; fewer where many rows share a value."""
    edges = np.unique(np.quantile(column, np.arange(1, parts) / parts, method="nearest"))
    return [float(edge) for edge in edges if edge > column.min()]


def _critical(bins: int) -> float:
    return float(chi2.ppf(SIGNIFICANCE, bins - 1)) if bins > 1 else 0.0
