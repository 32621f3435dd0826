"""Find the name that a misspelt one was meant to be, for hints in errors."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Longer names are no typing errors.
MAX_NAME_LENGTH = 100

#: What tells no two names apart, beside upper and lower case.
_SEPARATORS = re.compile(r"[\s_.-]+")


def nearest_name(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that a name is a misspelling of; None if there is none, or several.

    Case and separators do not count. Then a name of 3 to 5 characters may have one typing error, of
    6 to 9 two, and a longer one three: a character too many, too few, wrong, or two swapped. Digits
    must be the same: ``PAY_0`` is another month than ``PAY_1``, not a misspelling of it.

    Parameters
    ----------
    name : str
    candidates : iterable of str
        Each takes a constant time at most, however long it is.

    References
    ----------
    Damerau (1964), A technique for computer detection and correction of spelling errors,
    Communications of the ACM 7(3): four in five misspellings are one such error.
    """
    folded_name = _fold(name[: MAX_NAME_LENGTH + 1])
    digits, characters, limit = _digits(folded_name), set(folded_name), _max_errors(folded_name)
    if len(name) > MAX_NAME_LENGTH or not folded_name:
        return None
    matches: list[tuple[int, str]] = []
    for candidate in candidates:
        folded_candidate = _fold(candidate[:MAX_NAME_LENGTH])
        max_errors = min(limit, _max_errors(folded_candidate))
        # Cheap bounds first: a table may have thousands of columns.
        if (
            abs(len(folded_candidate) - len(folded_name)) <= max_errors
            and len(characters ^ set(folded_candidate)) <= 2 * max_errors
            and _digits(folded_candidate) == digits
            and (errors := typing_errors(folded_name, folded_candidate)) <= max_errors
        ):
            matches.append((errors, candidate))
    min_errors = min(matches, default=(0, ""))[0]
    nearest = [candidate for errors, candidate in matches if errors == min_errors]
    return nearest[0] if len(nearest) == 1 else None


def hint(name: str, candidates: Iterable[str]) -> str:
    """Return ", did you mean 'NAME'?", or nothing where no candidate is near."""
    nearest = nearest_name(name, candidates)
    return "" if nearest is None else f", did you mean {nearest!r}?"


def typing_errors(text: str, target: str) -> int:
    """Count the typing errors between two texts (optimal string alignment distance)."""
    older_line: list[int] = []
    last_line = list(range(len(target) + 1))
    for row, character in enumerate(text, start=1):
        line = [row]
        for column, target_character in enumerate(target, start=1):
            substitution = last_line[column - 1] + (character != target_character)
            errors = min(last_line[column] + 1, line[-1] + 1, substitution)
            if (
                row > 1
                and column > 1
                and character == target[column - 2]
                and text[row - 2] == target_character
            ):
                errors = min(errors, older_line[column - 2] + 1)
            line.append(errors)
        older_line, last_line = last_line, line
    return last_line[-1]


def _fold(name: str) -> str:
    return _SEPARATORS.sub("", name.casefold())


def _digits(folded: str) -> list[str]:
    return re.findall(r"\d+", folded)


def _max_errors(folded: str) -> int:
    """Return how many typing errors a name may have: about one in four characters."""
    length = len(folded)
    return (length > 2) + (length > 5) + (length > 9)
