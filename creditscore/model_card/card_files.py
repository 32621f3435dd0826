"""The model card as files for people: model_card.md and plots/, beside the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from creditscore.errors import ArtifactError
from creditscore.files import PUBLIC, atomic_write
from creditscore.model_card import plots
from creditscore.model_card.markdown import to_markdown

TEXT_FILE = "model_card.md"
PLOTS_FOLDER = "plots"


def write(card: Mapping[str, Any], folder: Path, *, draw: bool) -> Sequence[str]:
    """Write a model card in words and, if asked and where matplotlib is installed, its plots.

    What another training left is gone first: a plot never shows another model than the card.

    Parameters
    ----------
    card : mapping
        What `model_card.build` gave.
    folder : Path
        Of the model.
    draw : bool
        Whether plots are wanted.

    Returns
    -------
    sequence of str
        Names of the plots that were left out for lack of matplotlib.

    Raises
    ------
    ArtifactError
        If the files cannot be written.
    """
    wanted = plots.names(card) if draw else []
    drawn = wanted if plots.available() else []
    try:
        (folder / TEXT_FILE).unlink(missing_ok=True)
        for old in (folder / PLOTS_FOLDER).glob("*.svg"):
            old.unlink()
        if drawn:
            plots.write(card, folder / PLOTS_FOLDER)
        with atomic_write(folder / TEXT_FILE, mode=PUBLIC) as file:
            file.write(to_markdown(card, plots=drawn).encode())
    except OSError as error:
        problem = f"cannot be written: {error.strerror}"
        raise ArtifactError(folder / TEXT_FILE, problem, "make room for it") from None
    return [name for name in wanted if name not in drawn]
