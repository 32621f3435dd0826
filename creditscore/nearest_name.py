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
    wanted = _folded(name[: MAX_NAME_LENGTH + 1])
    digits, characters, limit = _digits(wanted), set(wanted), _max_errors(wanted)
    if len(name) > MAX_NAME_LENGTH or not wanted:
        return None
    found: list[tuple[int, str]] = []
    for candidate in candidates:
        folded = _folded(candidate[:MAX_NAME_LENGTH])
        most = min(limit, _max_errors(folded))
        # Cheap bounds first: a table may have thousands of columns.
        if (
            abs(len(folded) - len(wanted)) <= most
            and len(characters ^ set(folded)) <= 2 * most
            and _digits(folded) == digits
            and (errors := typing_errors(wanted, folded)) <= most
        ):
            found.append((errors, candidate))
    least = min(found, default=(0, ""))[0]
    nearest = [candidate for errors, candidate in found if errors == least]
    return nearest[0] if len(nearest) == 1 else None


def hint(name: str, candidates: Iterable[str]) -> str:
    """Return ", did you mean 'NAME'?", or nothing where no candidate is near."""
    near = nearest_name(name, candidates)
    return "" if near is None else f", did you mean {near!r}?"


def typing_errors(one: str, other: str) -> int:
    """Count the typing errors between two texts (optimal string alignment distance)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, character in enumerate(one, start=1):
        line = [row]
        for column, wanted in enumerate(other, start=1):
            errors = min(last[column] + 1, line[-1] + 1, last[column - 1] + (character != wanted))
            if row > 1 and column > 1 and character == other[column - 2] and one[row - 2] == wanted:
                errors = min(errors, before[column - 2] + 1)
            line.append(errors)
        before, last = last, line
    return last[-1]


def _folded(name: str) -> str:
    return _SEPARATORS.sub("", name.casefold())


def _digits(folded: str) -> list[str]:
    return re.findall(r"\d+", folded)


def _max_errors(folded: str) -> int:
    """Return how many typing errors a name may have: about one in four characters."""
    length = len(folded)
    return (length > 2) + (length > 5) + (length > 9)
