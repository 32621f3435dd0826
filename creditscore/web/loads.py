"""How many connections each process holds, where all of them can see it.

A new connection wakes every process that listens, and the kernel gives it to whichever is first:
of eight that are kept open, one process may hold all while the others idle. So each process leaves
a new one, for a moment, to those that hold fewer.
"""

from __future__ import annotations

import mmap

#: Processes that have a place; more of them share some, and are told apart less well.
PLACES = 256

#: Made before the processes part, so that all see the same. A place holds one more than the
#: connections of its process, and 0 where there is none.
_places = memoryview(mmap.mmap(-1, PLACES * 4)).cast("i")


def tell(age: int, connections: int) -> None:
    """Note how many connections a process holds; gunicorn numbers them by age."""
    _places[age % PLACES] = connections + 1


def forget(age: int) -> None:
    """Note that a process takes no more connections."""
    _places[age % PLACES] = 0


def least() -> int:
    """Give the fewest connections that a process holds; 0 if there is none."""
    return min(filter(None, _places.tolist()), default=1) - 1
