"""Do something in several threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from creditscore.decision_log.database import Database

T = TypeVar("T")


def at_once(url: str, count: int, work: Callable[[Database, int], T]) -> list[T]:
    """Run work in threads that begin together, each with connections of its own as workers have.

    Parameters
    ----------
    url : str
        Of the database.
    count : int
        How many threads.
    work : callable
        Takes a database and the number of the thread.
    """
    barrier = threading.Barrier(count)

    def run(number: int) -> T:
        database = Database(url)
        barrier.wait()
        try:
            return work(database, number)
        finally:
            database.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
