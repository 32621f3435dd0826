"""What must not get out: numbers that stand for few rows, and real rows themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

import numpy as np
import pandas as pd

from data.synthesis.columns import FEATURES, Bools, Ints, active
from data.synthesis.leaves import MIN_ROWS


class PrivacyError(Exception):
    """Something is stored that stands for too few rows; its text says what."""


@dataclass(frozen=True)
class Stored:
    """A number that is stored, and how many rows it covers."""

    where: str
    rows: int


@dataclass(frozen=True)
class Copies:
    """Which drawn rows equal a real row in all features, by whether the account moved money."""

    active: Bools
    inactive: Bools


def check(generator: object) -> Stored:
    """Look through everything a generator stores, and give what covers the fewest rows.

    Raises
    ------
    PrivacyError
        If that is fewer than ``MIN_ROWS``, or if a number does not say how many rows it covers.
    """
    fewest = min(stored(generator, "generator"), key=lambda entry: entry.rows)
    if fewest.rows < MIN_ROWS:
        raise PrivacyError(
            f"{fewest.where} covers {fewest.rows} rows, every stored number must cover at least "
            f"{MIN_ROWS}; nothing was written"
        )
    return fewest


def stored(content: object, where: str) -> Iterator[Stored]:
    """Walk through all that is stored, however deep.

    An object with numbers must have ``rows``, one count for each of them. Names, codes and
    switches are no numbers of that sort.
    """
    if is_dataclass(content) and not isinstance(content, type):
        inside = {field.name: getattr(content, field.name) for field in fields(content)}
        counts = inside.get("rows")
        if isinstance(counts, np.ndarray):
            yield from _count_rows(counts, inside, where)
        else:
            for name, value in inside.items():
                yield from stored(value, f"{where}.{name}")
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield from stored(value, f"{where}[{key}]")
    elif isinstance(content, list | tuple):
        for index, value in enumerate(content):
            yield from stored(value, f"{where}[{index}]")
    elif not isinstance(content, str | int | None):
        kind = type(content).__name__
        raise PrivacyError(f"{where} does not say how many rows it covers: {kind}")


def copies(synthetic: pd.DataFrame, real: pd.DataFrame) -> Copies:
    """Find which drawn rows equal a real row in all features."""
    names = list(FEATURES)
    real_rows = pd.MultiIndex.from_frame(real[names].drop_duplicates())
    same = pd.MultiIndex.from_frame(synthetic[names]).isin(real_rows)
    moved = active(synthetic)
    return Copies(active=same & moved, inactive=same & ~moved)


def _count_rows(counts: Ints, inside: Mapping[str, object], where: str) -> Iterator[Stored]:
    """Return the counts of an object in which every number has one."""
    for name, value in inside.items():
        if not isinstance(value, np.ndarray):
            yield from stored(value, f"{where}.{name}")
        elif value.shape != counts.shape:
            raise PrivacyError(f"{where}.{name} does not say how many rows each number covers")
    for index, rows in enumerate(counts):
        yield Stored(f"{where}[{index}]", int(rows))
