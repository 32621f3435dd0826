"""Keys of model cards written by earlier releases, renamed when such a card is served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

#: Path of the objects that hold a key, its name up to release 0.1, its name since. A star stands
#: for each value of an object and each item of an array.
RENAMED = (
    ("method", "fewest_rows", "min_group_rows"),
    ("method", "fewest_of_each", "min_group_outcomes"),
    ("scorecards.*", "influence", "protected_attribute_effects"),
    ("scorecards.*.protected_attribute_effects.*", "highest_band", "age_62_test"),
    (
        "scorecards.*.protected_attribute_effects.*.age_62_test",
        "refused_for_it",
        "refused_due_to_age",
    ),
    ("scorecards.*", "behaviour", "sensitivity"),
    ("scorecards.*.sensitivity", "wrong_ways", "monotonicity_violations"),
    ("scorecards.*.sensitivity.partial_dependence.*", "wrong_steps", "violating_steps"),
    ("scorecards.*", "exclusions", "ablation"),
    ("scorecards.*.performance", "lead", "difference_to_baseline"),
    ("scorecards.*.curves.calibration.*", "said", "mean_predicted"),
    ("scorecards.*.curves.calibration.*", "happened", "observed_rate"),
)


def with_current_keys(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model card with the keys of this release, whichever release wrote it."""
    if "min_group_rows" in card["method"]:
        return dict(card)
    current = deepcopy(dict(card))
    for path, old, new in RENAMED:
        for holder in _find(current, path.split(".")):
            if isinstance(holder, dict) and old in holder:
                items = {new if key == old else key: value for key, value in holder.items()}
                holder.clear()
                holder.update(items)
    return current


def _find(content: Any, path: list[str]) -> Iterator[Any]:
    """Yield what lies at a path."""
    if not path:
        yield content
        return
    if isinstance(content, dict):
        values = list(content.values()) if path[0] == "*" else [content.get(path[0])]
    else:
        values = content if path[0] == "*" and isinstance(content, list) else []
    for value in values:
        yield from _find(value, path[1:])
