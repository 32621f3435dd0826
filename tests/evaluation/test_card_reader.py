"""A part of the model card comes back from JSON as the dataclass that it was written from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from creditscore.evaluation.card import Card, ScorecardCard, read_card
from creditscore.evaluation.card_reader import plain, read_section


@dataclass(frozen=True)
class Inner:
    from_: float | str
    label: str | None = None


@dataclass(frozen=True)
class Outer:
    rows: int
    parts: tuple[Inner, ...]
    by_name: Mapping[str, Inner | None]
    pairs: tuple[tuple[float, float], ...] = ()
    proven: bool | None = field(default=None, metadata={"optional": True})


DOCUMENT = {
    "rows": 3,
    "parts": [{"from": "late", "label": None}, {"from": 0.5, "label": "half"}],
    "by_name": {"a": {"from": 1, "label": None}, "b": None},
    "pairs": [[1, 2], [3, 4]],
}
SECTION = Outer(
    rows=3,
    parts=(Inner("late"), Inner(0.5, "half")),
    by_name={"a": Inner(1), "b": None},
    pairs=((1, 2), (3, 4)),
)


def test_what_was_written_is_read_and_written_alike() -> None:
    assert read_section(Outer, DOCUMENT) == SECTION
    assert json.dumps(plain(SECTION)) == json.dumps(DOCUMENT)


def test_an_optional_part_is_written_only_where_there_is_one() -> None:
    proven = read_section(Outer, {**DOCUMENT, "proven": False})

    assert proven.proven is False
    assert plain(proven)["proven"] is False
    assert "proven" not in plain(SECTION)


def test_an_earlier_release_lacks_parts_and_a_later_one_has_more() -> None:
    older = {key: part for key, part in DOCUMENT.items() if key != "pairs"}

    assert read_section(Outer, older).pairs == ()
    assert read_section(Outer, {**DOCUMENT, "from_the_future": 1}) == SECTION


def test_a_part_that_every_release_has_must_be_there() -> None:
    with pytest.raises(TypeError, match="rows"):
        read_section(Outer, {key: part for key, part in DOCUMENT.items() if key != "rows"})


def test_the_whole_card_is_read_and_written_as_it_is_on_disk(card: Any) -> None:
    read = read_card(card)

    assert _differing(read, card, without={"scorecards", "data"}) == []
    assert plain(read.data).items() <= card["data"].items()
    for name, section in read.scorecards.items():
        stored_section = card["scorecards"][name]
        # The ranges are in the manifest too, and no reader of the card needs them.
        assert _differing(section, stored_section, without={"training_ranges"}) == []


def _differing(
    section: Card | ScorecardCard, document: Mapping[str, Any], *, without: set[str]
) -> list[str]:
    return [
        key
        for key, part in document.items()
        if key not in without and json.dumps(plain(getattr(section, key))) != json.dumps(part)
    ]
