"""Threads that answer: who waits for one, who is told to come later, and what counts."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest
from asgi_client import MAX_BODY, Answered, ask, echo, pieces

from creditscore.web.asgi import Asgi
from creditscore.web.body_collector import LONG, BodyCollector
from creditscore.web.threads import FOR_LONG_ONES, THREADS, Threads

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@pytest.mark.parametrize(
    ("limits", "count"),
    [({"max_waiting": 2, "max_wait_seconds": 60.0}, 3), ({"max_wait_seconds": 0.01}, 5)],
    ids=["too many", "too long"],
)
def test_who_would_wait_for_a_thread_is_told_to_come_later_while_all_are_busy(
    limits: dict[str, Any], count: int
) -> None:
    go_on = threading.Event()

    def wait(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        go_on.wait()
        return echo(environ, start_response)

    async def run() -> list[Answered]:
        door = Asgi(wait, BodyCollector(MAX_BODY), Threads(**limits))
        tasks = [asyncio.create_task(ask(door)) for _ in range(THREADS + 5)]
        try:
            # Long enough for a busy machine, and less than for ever.
            async with asyncio.timeout(30):
                while sum(task.done() for task in tasks) < count:
                    await asyncio.sleep(0)
        finally:
            go_on.set()
        return await asyncio.gather(*tasks)

    answers = asyncio.run(run())

    refused = [answer for answer in answers if answer.status == 503]
    assert len(refused) == count
    assert all(answer.headers["retry-after"] == "1" for answer in refused)
    # Its connection stays good.
    assert all("connection" not in answer.headers for answer in refused)


def test_long_bodies_leave_threads_to_short_ones() -> None:
    go_on = threading.Event()

    def wait_for_long(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if int(environ["CONTENT_LENGTH"]) > LONG:
            go_on.wait()
        return echo(environ, start_response)

    async def run() -> tuple[list[Answered], Answered]:
        threads = Threads(max_wait_seconds=0.05)
        door = Asgi(wait_for_long, BodyCollector(2 * LONG), threads)
        lengths = [(b"content-length", b"%d" % (LONG + 1))]
        tasks = [
            asyncio.create_task(ask(door, pieces(bytes(LONG + 1)), headers=lengths))
            for _ in range(2 * THREADS)
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            short = await ask(door, headers=[(b"content-length", b"0")])
        finally:
            go_on.set()
        return await asyncio.gather(*tasks), short

    answers, short = asyncio.run(run())

    assert short.status == 201
    assert Counter(answer.status for answer in answers) == {
        201: FOR_LONG_ONES,
        503: 2 * THREADS - FOR_LONG_ONES,
    }


def test_a_thread_counts_until_it_is_done_though_its_client_has_gone() -> None:
    go_on = threading.Event()

    def wait(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        go_on.wait()
        return echo(environ, start_response)

    async def run() -> list[int]:
        door = Asgi(wait, BodyCollector(MAX_BODY), Threads(max_waiting=0, max_wait_seconds=60))
        tasks = [asyncio.create_task(ask(door, pieces(b"a"))) for _ in range(THREADS)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0.1)
        try:
            during = await asyncio.wait_for(ask(door), 30)
        finally:
            go_on.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        return [during.status, (await ask(door)).status]

    assert asyncio.run(run()) == [503, 201]
