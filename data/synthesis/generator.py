"""Fit to a table, and draw rows like it.

The variables are drawn one after the other, each from a tree over those before it, the label last:
sequential trees after Reiter (2005), Using CART to generate partially synthetic public use
microdata. What is stored are tables in which every number stands for many rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.synthesis import privacy
from data.synthesis.accounts import Accounts, fit_accounts
from data.synthesis.columns import COLUMNS, LABEL, STORY, Kind
from data.synthesis.labels import LabelModel, fit_labels

#: Steps of fitting, for a progress bar.
STEPS = sum(variable.kind is not Kind.COMPUTED for variable in STORY) + 1

#: Rows drawn for each real one to see by how much the label must be corrected.
ECHO = 2

#: Rounds of redrawing what turned out to equal a real row.
ROUNDS = 20


class SynthesisError(Exception):
    """The rows cannot be learnt from, or drawn; its text is fit for the user."""


@dataclass(frozen=True)
class Generator:
    """All that is known of the rows.

    Attributes
    ----------
    accounts : Accounts
        How to draw features.
    labels : LabelModel
        Who defaults.
    """

    accounts: Accounts
    labels: LabelModel

    def draw(self, rows: int, seed: int, *, avoid: pd.DataFrame | None = None) -> pd.DataFrame:
        """Draw a table.

        Parameters
        ----------
        rows : int
        seed : int
            The same seed gives the same rows.
        avoid : DataFrame, optional
            Rows that no drawn active account may equal; a row that does is drawn again.
        """
        features = self.accounts.draw(rows, np.random.default_rng([seed, 0]))
        if avoid is not None:
            features = self._redraw(features, seed, avoid)
        labels = self.labels.draw(features, np.random.default_rng([seed, 1]))
        return features.assign(**{LABEL: labels})[list(COLUMNS)]

    def _redraw(self, features: pd.DataFrame, seed: int, avoid: pd.DataFrame) -> pd.DataFrame:
        for attempt in range(ROUNDS):
            same = privacy.copies(features, avoid).active
            if not same.any():
                return features
            redrawn = self.accounts.draw(int(same.sum()), np.random.default_rng([seed, 2, attempt]))
            features.loc[same] = redrawn.to_numpy()
        raise SynthesisError(
            f"after {ROUNDS} rounds of drawing again, active accounts still equal real rows"
        )


def fit(table: pd.DataFrame, progress: Callable[[str], None] = lambda step: None) -> Generator:
    """Fit to a table of real rows.

    Parameters
    ----------
    table : DataFrame
        The columns of `COLUMNS`, integers.
    progress : callable
        Told the name of each of `STEPS` steps as it begins.
    """
    rows = table.reset_index(drop=True)
    accounts = fit_accounts(rows, progress)
    progress("fitting the label")
    echo = accounts.draw(ECHO * len(rows), np.random.default_rng(0))
    return Generator(accounts, fit_labels(rows, echo))
