"""Group commit: one of the waiting requests commits all of them in one transaction.

The disk takes as long for ten decisions as for one. While a transaction is on its way to the disk,
further requests queue. When it ends, the first in the queue becomes the leader of the next group:
it opens the transaction, drains the queue as late as possible, and commits for the others, its
followers. No request is answered before the transaction that holds it has ended, none waits for
others to come, and there is no thread beside those of the requests.

References
----------
DeWitt, Katz, Olken, Shapiro, Stonebraker & Wood (1984), Implementation techniques for main memory
database systems, SIGMOD '84, section 5, "group commit".
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from enum import Enum
from time import monotonic
from typing import Generic, TypeVar

Request = TypeVar("Request")
Result = TypeVar("Result")

#: Commits the requests of a group, all or none, and returns a result for each of them, or an
#: exception that only this one gets. It calls its first argument once, when nothing but the commit
#: is left to wait for; the call drains the queue and returns the requests. The second argument is
#: how many seconds it may take.
Commit = Callable[[Callable[[], Sequence[Request]], float], Sequence[Result | Exception]]


class CommitTimeout(Exception):
    """The request was not committed in time."""


class _Role(Enum):
    LEADER = "commits the next group itself"


@dataclass(frozen=True)
class _QueuedRequest(Generic[Request, Result]):
    """A request in the queue; `future` ends with its result, or with the role of the leader."""

    request: Request
    future: Future[Result | _Role] = field(default_factory=Future)


class GroupCommitter(Generic[Request, Result]):
    """Commits requests in groups, one group after the other.

    Parameters
    ----------
    commit : callable
        As `Commit` says; what it raises, all requests of the group get.
    max_group : int
        Most requests of a group.
    """

    def __init__(self, commit: Commit[Request, Result], *, max_group: int = 64) -> None:
        self._commit = commit
        self._max_group = max_group
        self._lock = threading.Lock()
        self._queue: deque[_QueuedRequest[Request, Result]] = deque()
        self._has_leader = False

    @property
    def queued(self) -> int:
        """How many requests are in the queue."""
        return len(self._queue)

    def submit(self, request: Request, *, seconds: float) -> Result:
        """Commit a request, alone or with others, and return its result.

        Parameters
        ----------
        request : Request
        seconds : float
            How long to wait for other leaders, and for the commit, in all.

        Raises
        ------
        CommitTimeout
            If that was too short. The request may be committed all the same, if its group was
            being committed.
        """
        queued_request: _QueuedRequest[Request, Result] | None = None
        deadline = monotonic() + seconds
        with self._lock:
            if self._has_leader:
                queued_request = _QueuedRequest(request)
                self._queue.append(queued_request)
            self._has_leader = True
        result = _Role.LEADER if queued_request is None else _wait(queued_request.future, seconds)
        if result is not _Role.LEADER:
            return result
        try:
            return self._lead(request, max(0.0, deadline - monotonic()))
        finally:
            self._appoint_leader()

    def _lead(self, request: Request, seconds: float) -> Result:
        """Commit a request together with those in the queue, and hand out their results."""
        followers: list[_QueuedRequest[Request, Result]] = []

        def drain_queue() -> Sequence[Request]:
            while self._queue and len(followers) < self._max_group - 1:
                queued_request = self._queue.popleft()
                if queued_request.future.set_running_or_notify_cancel():
                    followers.append(queued_request)
            return [request, *(follower.request for follower in followers)]

        try:
            result, *results = self._commit(drain_queue, seconds)
        except BaseException as error:
            # A thread that is told to exit must not take its followers with it.
            failure = error if isinstance(error, Exception) else CommitTimeout("was interrupted")
            results = [failure] * len(followers)
            raise
        finally:
            for follower, outcome in zip(followers, results, strict=True):
                _resolve(follower.future, outcome)
        if isinstance(result, Exception):
            raise result
        return result

    def _appoint_leader(self) -> None:
        """Make the first request that still waits the leader, if there is one."""
        with self._lock:
            while self._queue:
                try:
                    self._queue.popleft().future.set_result(_Role.LEADER)
                except InvalidStateError:
                    # Canceled: its time was up.
                    continue
                return
            self._has_leader = False


def _wait(future: Future[Result | _Role], seconds: float) -> Result | _Role:
    try:
        return future.result(timeout=max(0.0, seconds))
    except TimeoutError:
        # The leader skips a future that is canceled; a role that came just now has to be taken.
        if future.cancel() or not future.done():
            raise CommitTimeout from None
        return future.result()


def _resolve(future: Future[Result | _Role], outcome: Result | Exception) -> None:
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
