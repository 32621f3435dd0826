"""Outcomes with the probabilities that were predicted for them."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from creditscore.arrays import Floats, Ints


def drawn(rows: int, seed: int = 1) -> tuple[Ints, Floats]:
    """Draw probabilities, and outcomes that come true as often as predicted."""
    random = np.random.default_rng(seed)
    predicted = random.beta(2, 6, rows)
    return (random.random(rows) < predicted).astype(np.int64), predicted


@st.composite
def judged(draw: st.DrawFn) -> tuple[Ints, Floats]:
    """Draw outcomes of both kinds, and predictions: coarse, so that there are ties."""
    size = draw(st.integers(2, 60))
    bad = np.array(draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)))
    assume(0 < bad.sum() < size)
    levels = draw(st.sampled_from([2, 5, 100, 10**6]))
    predicted = draw(st.lists(st.integers(1, levels - 1), min_size=size, max_size=size))
    return bad, np.array(predicted) / levels
