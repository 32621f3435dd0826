"""Threads for requests: all work is done, by no more threads than allowed, the warm one first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from creditscore.web.threads import Threads

PATIENT = 30.0


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENT
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.002)


class Held:
    """Work that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.thread = 0

    def __call__(self) -> None:
        self.thread = threading.get_ident()
        self.begun.set()
        assert self.go_on.wait(PATIENT)


def idle(threads: Threads, count: int) -> Callable[[], bool]:
    return lambda: len(threads._idle) == count


def test_so_many_run_at_once_and_the_rest_in_their_order() -> None:
    threads, order = Threads(2), []
    held = [Held(), Held()]
    for one in held:
        threads.submit(one)
    for one in held:
        assert one.begun.wait(PATIENT)
    for number in range(100):
        threads.submit(lambda number=number: order.append(number))  # type: ignore[misc]
    assert order == []

    held[0].go_on.set()
    until(lambda: len(order) == 100)
    assert order == list(range(100))
    held[1].go_on.set()
    until(idle(threads, 2))


def test_the_thread_that_was_busy_last_is_called_first() -> None:
    threads = Threads(3)
    held = [Held(), Held(), Held()]
    for one in held:
        threads.submit(one)
    for count, one in enumerate(held, start=1):
        assert one.begun.wait(PATIENT)
        one.go_on.set()
        until(idle(threads, count))

    for _ in range(5):
        again = Held()
        threads.submit(again)
        again.go_on.set()
        until(idle(threads, 3))
        assert again.thread == held[2].thread


def test_no_thread_is_made_that_is_not_needed() -> None:
    threads, seen = Threads(16), set()
    for _ in range(50):
        threads.submit(lambda: seen.add(threading.get_ident()))
        until(idle(threads, 1))

    assert len(seen) == 1


@pytest.mark.parametrize("count", [1, 8])
def test_all_work_is_done_whoever_brings_it(count: int) -> None:
    threads, done = Threads(count), []

    def bring(begin: int) -> None:
        for number in range(begin, begin + 500):
            threads.submit(lambda number=number: done.append(number))  # type: ignore[misc]

    bringers = [threading.Thread(target=bring, args=(500 * place,)) for place in range(4)]
    for one in bringers:
        one.start()
    for one in bringers:
        one.join()
    until(lambda: len(done) == 2000)
    assert sorted(done) == list(range(2000))


def test_a_shutdown_ends_threads_and_drops_what_waits() -> None:
    threads, done = Threads(2), []
    held = [Held(), Held()]
    for one in held:
        threads.submit(one)
        assert one.begun.wait(PATIENT)
    threads.submit(lambda: done.append(1))
    held[0].go_on.set()
    until(lambda: bool(done))
    last = Held()
    threads.submit(last)
    assert last.begun.wait(PATIENT)
    threads.submit(lambda: done.append(2))
    threads.shutdown(wait=False)
    held[1].go_on.set()
    last.go_on.set()
    idents = {held[1].thread, last.thread}
    until(lambda: not idents & {one.ident for one in threading.enumerate()})
    assert done == [1]
