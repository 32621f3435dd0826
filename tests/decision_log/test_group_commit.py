"""Group commit: requests that wait share a transaction, and each gets its own result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest
from decided import decision
from sqlalchemy import Engine, event
from waiting import wait_until

from creditscore.decision_log.group_commit import CommitTimeout, GroupCommitter
from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.record import RequestOrigin
from creditscore.errors import KeyReused

PATIENT = 60.0


class Worker:
    """Doubles numbers; the first commit waits until it is let go."""

    def __init__(self, *, is_held: bool = False) -> None:
        self.groups: list[list[int]] = []
        self.has_begun, self.go_on = threading.Event(), threading.Event()
        if not is_held:
            self.go_on.set()

    def __call__(self, drain_queue: Callable[[], Sequence[int]], _: float) -> list[int | Exception]:
        numbers = drain_queue()
        self.groups.append(list(numbers))
        self.has_begun.set()
        assert self.go_on.wait(PATIENT)
        if 13 in numbers:
            raise RuntimeError("all of them")
        return [ValueError("only this one") if number == 7 else 2 * number for number in numbers]


def ask(
    pool: ThreadPoolExecutor, committer: GroupCommitter[int, int], numbers: Iterable[int]
) -> list[Future[int]]:
    """Submit numbers, each in a thread of its own."""
    return [pool.submit(committer.submit, number, seconds=PATIENT) for number in numbers]


def busy(
    pool: ThreadPoolExecutor, committer: GroupCommitter[int, int], worker: Worker
) -> Future[int]:
    """Begin a commit that does not end yet."""
    (first,) = ask(pool, committer, [1])
    assert worker.has_begun.wait(PATIENT)
    return first


def test_a_request_that_comes_alone_is_committed_at_once() -> None:
    worker = Worker()
    committer: GroupCommitter[int, int] = GroupCommitter(worker)

    assert [committer.submit(number, seconds=0) for number in (1, 2)] == [2, 4]
    assert worker.groups == [[1], [2]]


@pytest.mark.parametrize(("bound", "sizes"), [(100, [1, 8]), (3, [1, 2, 3, 3])])
def test_requests_that_wait_are_committed_together_in_bounded_groups(
    bound: int, sizes: list[int]
) -> None:
    worker = Worker(is_held=True)
    committer: GroupCommitter[int, int] = GroupCommitter(worker, max_group=bound)
    with ThreadPoolExecutor(9) as pool:
        first = busy(pool, committer, worker)
        followers = ask(pool, committer, range(20, 28))
        assert wait_until(lambda: committer.queued == 8)
        assert not any(future.done() for future in (first, *followers))
        worker.go_on.set()

        assert first.result() == 2
        assert [future.result() for future in followers] == [2 * number for number in range(20, 28)]
    assert sorted(map(len, worker.groups)) == sizes
    assert sorted(number for group in worker.groups for number in group) == [1, *range(20, 28)]


def test_a_request_that_comes_before_the_queue_is_drained_is_in_the_group() -> None:
    has_begun, go_on, groups = threading.Event(), threading.Event(), []

    def work(drain_queue: Callable[[], Sequence[int]], _: float) -> list[int | Exception]:
        has_begun.set()
        assert go_on.wait(PATIENT)
        groups.append(sorted(drain_queue()))
        return list(range(len(groups[-1])))

    committer: GroupCommitter[int, int] = GroupCommitter(work)
    with ThreadPoolExecutor(4) as pool:
        (first,) = ask(pool, committer, [1])
        assert has_begun.wait(PATIENT)
        followers = ask(pool, committer, (2, 3, 4))
        assert wait_until(lambda: committer.queued == 3)
        go_on.set()
        assert sorted(future.result() for future in (first, *followers)) == [0, 1, 2, 3]
    assert groups == [[1, 2, 3, 4]]


def test_a_leader_that_fails_before_it_drained_the_queue_fails_alone() -> None:
    worker = Worker(is_held=True)
    broken = threading.Event()

    def work(drain_queue: Callable[[], Sequence[int]], _: float) -> list[int | Exception]:
        if broken.is_set():
            broken.clear()
            raise RuntimeError("no database")
        return worker(drain_queue, PATIENT)

    committer: GroupCommitter[int, int] = GroupCommitter(work)
    with ThreadPoolExecutor(3) as pool:
        first = busy(pool, committer, worker)
        (unlucky,) = ask(pool, committer, [5])
        assert wait_until(lambda: committer.queued == 1)
        (lucky,) = ask(pool, committer, [6])
        assert wait_until(lambda: committer.queued == 2)
        broken.set()
        worker.go_on.set()

        assert first.result() == 2
        with pytest.raises(RuntimeError, match="no database"):
            unlucky.result()
        assert lucky.result() == 12


@pytest.mark.parametrize(
    ("numbers", "outcomes"),
    [
        ((7, 8), ["ValueError('only this one')", "16"]),
        ((13, 8), ["RuntimeError('all of them')"] * 2),
    ],
)
def test_an_error_is_for_whom_it_concerns_and_the_next_group_is_committed(
    numbers: tuple[int, int], outcomes: list[str]
) -> None:
    worker = Worker(is_held=True)
    committer: GroupCommitter[int, int] = GroupCommitter(worker)
    with ThreadPoolExecutor(3) as pool:
        first = busy(pool, committer, worker)
        futures = ask(pool, committer, numbers)
        assert wait_until(lambda: committer.queued == 2)
        worker.go_on.set()

        assert first.result() == 2
        assert [repr(future.exception() or future.result()) for future in futures] == outcomes
    assert committer.submit(5, seconds=0) == 10


def test_a_request_whose_time_is_up_is_not_committed_later() -> None:
    worker = Worker(is_held=True)
    committer: GroupCommitter[int, int] = GroupCommitter(worker)
    with ThreadPoolExecutor(1) as pool:
        first = busy(pool, committer, worker)
        with pytest.raises(CommitTimeout):
            committer.submit(2, seconds=0.01)
        worker.go_on.set()
        first.result()

    assert committer.submit(3, seconds=0) == 6
    assert worker.groups == [[1], [3]]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_leader_that_is_interrupted_leaves_no_follower_waiting(
    error: type[BaseException],
) -> None:
    has_begun, go_on = threading.Event(), threading.Event()

    def commit(drain_queue: Callable[[], Sequence[int]], _: float) -> list[int | Exception]:
        has_begun.set()
        assert go_on.wait(PATIENT)
        if drain_queue()[0] == 1:
            raise error
        return [0]

    committer: GroupCommitter[int, int] = GroupCommitter(commit)
    with ThreadPoolExecutor(2) as pool:
        (leader,) = ask(pool, committer, [1])
        assert has_begun.wait(PATIENT)
        (follower,) = ask(pool, committer, [2])
        assert wait_until(lambda: committer.queued == 1)
        go_on.set()

        assert type(leader.exception()) is error
        expected = error if issubclass(error, Exception) else CommitTimeout
        assert type(follower.exception()) is expected
    assert committer.submit(3, seconds=0) == 0


def test_many_at_once_get_each_their_own() -> None:
    worker = Worker()
    committer: GroupCommitter[int, int] = GroupCommitter(worker)
    numbers = range(100, 2100)
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda number: committer.submit(number, seconds=PATIENT), numbers))

    assert results == [2 * number for number in numbers]
    assert sorted(number for group in worker.groups for number in group) == list(numbers)


# The log


@pytest.fixture
def commits() -> Iterator[Worker]:
    """Count what is committed in any database, and hold the first until it is let go."""
    counter = Worker(is_held=True)

    def count(_: object) -> None:
        counter(lambda: [1], PATIENT)

    event.listen(Engine, "commit", count)
    yield counter
    event.remove(Engine, "commit", count)


def test_requests_that_wait_at_the_same_moment_share_a_commit(
    log: DecisionLog, commits: Worker
) -> None:
    batch = [decision() for _ in range(9)]
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(log.record, batch[:1], RequestOrigin("r-0"))
        assert commits.has_begun.wait(PATIENT)
        followers = [
            pool.submit(log.record, [original], RequestOrigin(f"r-{number}"))
            for number, original in enumerate(batch[1:], start=1)
        ]
        assert wait_until(lambda: log.committer.queued == 8)
        assert not first.done()
        commits.go_on.set()
        results = [future.result() for future in (first, *followers)]

    assert len(commits.groups) == 2
    assert [result.decisions for result in results] == [(original,) for original in batch]
    for number, original in enumerate(batch):
        assert log.find(original.decision_id).request_id == f"r-{number}"


def test_a_request_that_is_refused_does_not_touch_those_beside_it(
    log: DecisionLog, commits: Worker
) -> None:
    first_decision, second_decision, third_decision, fourth_decision = (
        decision() for _ in range(4)
    )
    keyed = RequestOrigin("r-1", idempotency_key="k", body_hash="one")
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(log.record, [first_decision], keyed)
        assert commits.has_begun.wait(PATIENT)
        refused = pool.submit(log.record, [second_decision], replace(keyed, body_hash="another"))
        repetition = pool.submit(log.record, [third_decision], keyed)
        neighbour = pool.submit(log.record, [fourth_decision], RequestOrigin("r-4"))
        assert wait_until(lambda: log.committer.queued == 3)
        commits.go_on.set()

        assert first.result().decisions == repetition.result().decisions
        with pytest.raises(KeyReused):
            refused.result()
        assert neighbour.result().decisions == (fourth_decision,)
    logged_decisions = [entry.decision for entry in log.page(limit=9).decisions]
    assert sorted(entry.decision_id for entry in logged_decisions) == sorted(
        entry.decision_id for entry in (first_decision, fourth_decision)
    )
