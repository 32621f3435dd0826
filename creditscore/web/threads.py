"""The threads that answer requests: so many at a time, and nobody waits for one too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any, TypeVar

#: Threads of a process, and how many of them long requests may have.
THREADS, FOR_LONG_ONES = 16, 8

Result = TypeVar("Result")


class NoThread(Exception):
    """No thread gets free in time, or too many wait for one."""


class Threads:
    """Calls functions in threads, for an event loop.

    Parameters
    ----------
    max_waiting : int
        Most that wait for a thread.
    max_wait_seconds : float
        How long one of them waits; a long one first as long at most for its turn among its like.
    """

    def __init__(self, *, max_waiting: int = 128, max_wait_seconds: float = 1.0) -> None:
        self._max_under_way, self._under_way = THREADS + max_waiting, 0
        self._max_wait_seconds, self._free = max_wait_seconds, asyncio.Semaphore(THREADS)
        self._free_for_long_ones = asyncio.Semaphore(FOR_LONG_ONES)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        """The threads, started by the first request: the processes have forked by then."""
        return ThreadPoolExecutor(THREADS, "request")

    async def begin(
        self, function: Callable[..., Result], *arguments: Any, is_long: bool = False
    ) -> Result:
        """Call a function, unless too many calls wait for a thread.

        One that `is_long` may wait for a thread once fewer than `FOR_LONG_ONES` such are under way.

        Raises
        ------
        NoThread
            At once if there are too many; else when it has waited for too long.
        """
        if self._under_way >= self._max_under_way:
            raise NoThread
        self._under_way += 1
        try:
            if not is_long:
                return await self._begin(function, *arguments)
            await self._wait(self._free_for_long_ones)
            try:
                return await self._begin(function, *arguments)
            finally:
                self._free_for_long_ones.release()
        finally:
            self._under_way -= 1

    async def _begin(self, function: Callable[..., Result], *arguments: Any) -> Result:
        await self._wait(self._free)
        return await self._run(function, *arguments)

    async def _wait(self, semaphore: asyncio.Semaphore) -> None:
        try:
            async with asyncio.timeout(self._max_wait_seconds):
                await semaphore.acquire()
        except TimeoutError:
            raise NoThread from None

    async def go_on(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Call a function for what has begun already: it waits for a thread however long."""
        await self._free.acquire()
        return await self._run(function, *arguments)

    async def _run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._pool, partial(function, *arguments))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            # The client has gone. Its thread goes on, with all that it holds: both still count.
            await asyncio.wait([future])
            raise
        finally:
            self._free.release()
