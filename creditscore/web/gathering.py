"""gunicorn's thread worker, to whose threads slow clients are nothing.

Its main loop gathers each request until it is whole, for thousands of connections at once, and only
then gives it to a thread: which never waits for a client to send, and not for ever for one to read.
A connection that takes too long is ended with 408, an idle one without a word. When there is more
to do than can be done soon, the next ones are told so at once, and those that have waited too long
for a thread as soon as they get one. A new connection goes to the process that holds the fewest.
"""

from __future__ import annotations

import io
import socket
from collections import deque
from functools import partial
from selectors import EVENT_READ
from time import monotonic, sleep
from typing import Any

from gunicorn import http, util
from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from creditscore.web import loads, metrics, quick_socket
from creditscore.web.framing import EXPECTS, Gathered, State, is_plain
from creditscore.web.quick_socket import ClientSocket, QuickSelector
from creditscore.web.refusals import LATER, keeps_open, refusal
from creditscore.web.threads import Threads

#: Seconds for the head of a request, for any body, and bytes of a body that get a second more: of
#: one in chunks, whose length nobody knows, bytes that have come.
HEAD_SECONDS, BODY_SECONDS, SLOWEST = 10.0, 20.0, 64 * 1024

#: Seconds that a thread waits for a client to take an answer, and that an ended connection stays
#: open for the client to have read it.
STALLED, LINGER = 10.0, 2.0

#: Bytes that the requests under way in this process may fill, and that a client may send after its
#: connection was ended.
MOST_BYTES, MOST_AFTER = 128 * 1024 * 1024, 64 * 1024

#: Bytes of the largest body that anybody here would read; the application says what is too large.
MOST_BODY = 64 * 1024 * 1024

#: Requests that wait for a thread before others are turned away: less than a second's work.
MOST_WAITING = 128

#: Seconds after which a request that has waited for a thread is turned away: where the database
#: fails, each of those before it takes seconds.
LONGEST_WAIT = 1.0

#: Seconds that a process leaves a new connection to those that hold fewer, before it takes it.
GIVEN_WAY = 0.005

#: New connections that are taken before others are looked at.
MOST_AT_ONCE = 256

#: Seconds between two looks at the connections while many requests wait for a thread.
BETWEEN_LOOKS = 0.03


#: Seconds between two signs of life, of which the master needs one in `timeout` seconds.
LIFE_SIGN = 0.5

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Held(Unreader):  # type: ignore[misc]  # gunicorn publishes no types
    """What has come of a request: nothing more is read."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Give the end."""
        return b""

    def hold(self, data: bytes) -> None:
        """Give the parser what it may read."""
        self.buf = io.BytesIO(data)


class Connection(TConn):  # type: ignore[misc]
    """A connection, and what has come of its next request."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.parser = http.get_parser(self.cfg, [], self.client)
        self.parser.unreader = Held()
        # No thread has to wait for the first byte.
        self.initialized = self.data_ready = True
        self.polled = self.ended = False
        self.after, self.queued, self.body_began = 0, 0.0, 0.0
        self.await_request(HEAD_SECONDS)

    def init(self) -> None:
        """Be ready for a thread, as it is from the beginning."""

    def await_request(self, seconds: float) -> None:
        """Begin to gather, from what has come of the next request already."""
        self.gathered = Gathered(MOST_BODY)
        self.whole = self.continued = False
        self.ends = monotonic() + seconds

    def extend(self, before: State) -> None:
        """Give a request that has got further the time for what is left of it."""
        state = self.gathered.state
        if before is State.NOTHING:
            self.ends = monotonic() + HEAD_SECONDS
        if state is State.BODY:
            if before is not State.BODY:
                self.body_began = monotonic()
            self.ends = self.body_began + BODY_SECONDS + self.gathered.body_bytes / SLOWEST

    def encourage(self) -> None:
        """Tell a client that waits for it to send its body."""
        if self.gathered.waits and not self.continued:
            self.continued = True
            quick_socket.send(self.sock, CONTINUE)

    def turn_away(self) -> bool:
        """Say that there is too much to do, and whether the connection goes on."""
        metrics.turned_away(503)
        keep = self.gathered.alone and keeps_open(self.gathered.head)
        quick_socket.send(self.sock, refusal(503, LATER, keep=keep))
        return keep


class GatheringWorker(ThreadWorker):  # type: ignore[misc]
    """Serves whole requests with threads."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # gunicorn looks through all its settings for one.
        self.keepalive = self.cfg.keepalive
        # All but those that are with a thread.
        self.connections: set[Connection] = set()
        self.under_way = self.waiting = self.refused = 0
        self.swept = self.noticed = self.gives_way_until = 0.0
        #: Those that a thread has answered, and whether they go on; and whether the loop knows.
        self.answered: deque[tuple[Connection, bool]] = deque()
        self.called = False

    # What the parent calls

    def run(self) -> None:
        """Serve, with a selector of our own."""
        self.poller.close()
        self.poller: QuickSelector = QuickSelector()
        self.tell_load()
        super().run()

    def set_accept_enabled(self, enabled: bool) -> None:
        """Listen or not; the parent's loop asks for it before it waits."""
        if enabled and self.gives_way_until:
            if self.holds_more() and monotonic() < self.gives_way_until:
                return
            self.gives_way_until = 0.0
            for listener in self.sockets:
                # Whatever nobody has taken until now.
                self.take_new(listener)
        super().set_accept_enabled(enabled)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait, but not for long where a connection was left to others."""
        if self.waiting > MOST_WAITING // 2:
            # There is enough to do: each look takes the turn from those who do it.
            sleep(BETWEEN_LOOKS)
        self.poller.dispatch(GIVEN_WAY if self.gives_way_until else timeout)

    def get_thread_pool(self) -> Threads:
        """Make the threads."""
        return Threads(self.cfg.threads)

    def notify(self) -> None:
        """Give the master a sign of life, not more often than it looks for one."""
        now = monotonic()
        if now - self.noticed > LIFE_SIGN:
            self.noticed = now
            super().notify()

    def enqueue_req(self, connection: Connection) -> None:
        """Give a request to a thread."""
        self.tpool.submit(partial(self.answer, connection))

    def answer(self, connection: Connection) -> None:
        """Answer a request, in a thread, and tell the loop."""
        try:
            keep = self.handle(connection)
        except BaseException:  # noqa: BLE001  # nothing ends a thread; the parent has logged it
            keep = False
        self.answered.append((connection, keep))
        if not self.called:
            self.called = True
            self.method_queue.defer(self.finish_requests)

    def handle(self, connection: Connection) -> bool:
        """Answer a request unless it has waited for too long; tell whether there may be another."""
        if monotonic() - connection.queued > LONGEST_WAIT:
            connection.parser.unreader.hold(b"")
            return connection.turn_away()
        keep = super().handle(connection)
        try:
            connection.sock.flush()
        except OSError:
            # The client has gone, or does not read.
            return False
        return bool(keep)

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, unless it is left to processes that hold fewer."""
        for _ in range(MOST_AT_ONCE):
            if self.holds_more():
                self.set_accept_enabled(False)
                self.gives_way_until = monotonic() + GIVEN_WAY
                return
            if not self.take_new(listener):
                return

    def holds_more(self) -> bool:
        """Tell whether this process holds more connections than another, by a sixteenth or so."""
        least = loads.least()
        return bool(self.nr_conns > least + least // 16)

    def tell_load(self) -> None:
        """Tell the other processes how many connections this one holds."""
        if self.alive:
            loads.tell(self.age, self.nr_conns)
        else:
            loads.forget(self.age)

    def take_new(self, listener: socket.socket) -> bool:
        """Take a new connection, and what it has sent by now; tell whether there was one."""
        try:
            client, address = listener.accept()
        except OSError:
            # Another process was faster, or the client has gone.
            return False
        self.nr_conns += 1
        self.tell_load()
        own = ClientSocket(client, STALLED)
        connection = Connection(self.cfg, own, address, listener.getsockname())
        self.connections.add(connection)
        self.on_readable(connection)
        return True

    def murder_pending(self) -> None:
        """End what takes too long; the parent's loop asks for it at least once a second."""
        now = monotonic()
        if now - self.swept < 0.2:
            return
        self.swept = now
        if self.refused:
            metrics.turned_away(503, self.refused)
            self.refused = 0
        for connection in [one for one in self.connections if one.ends < now]:
            if connection.ended or connection.gathered.state is State.NOTHING:
                self.drop(connection)
            else:
                self.refuse(connection, 408)

    def _cap_keepalive(self, deadline: float) -> None:
        """Stop: wait a little for those who may be sending, and for others as long as it takes."""
        self.tell_load()
        for connection in self.connections:
            if connection.ended or connection.gathered.state is State.NOTHING:
                connection.ends = min(connection.ends, deadline)

    def finish_requests(self) -> None:
        """Go on with the connections that threads have answered."""
        self.called = False
        while self.answered:
            self.finish_request(*self.answered.popleft())

    def finish_request(self, connection: Connection, keep: bool) -> None:
        """Go on with a connection that a thread has answered."""
        self.waiting -= 1
        self.connections.add(connection)
        if not (keep and connection.whole):
            self.end(connection)
            return
        rest = connection.parser.unreader.take_buffered()
        connection.await_request(self.keepalive)
        if not self.alive:
            self._cap_keepalive(monotonic() + LINGER)
        if rest:
            self.take(connection, rest)
        else:
            self.poll(connection)

    # A connection's way

    def on_readable(self, connection: Connection, _: object = None) -> None:
        """Read what a client has sent."""
        try:
            piece = quick_socket.receive(connection.sock)
        except BlockingIOError:
            self.poll(connection)
            return
        except OSError:
            self.drop(connection)
            return
        if connection.ended:
            connection.after += len(piece)
            if not piece or connection.after > MOST_AFTER:
                self.drop(connection)
        elif piece:
            self.take(connection, piece)
        elif connection.gathered.data:
            # It broke off: whoever did so may still listen to what was wrong.
            self.hand_over(connection)
        else:
            self.drop(connection)

    def take(self, connection: Connection, piece: bytes) -> None:
        """Add bytes to a request, and pass it on when it is whole."""
        before = connection.gathered.state
        if self.waiting >= MOST_WAITING and before is State.NOTHING and is_plain(piece):
            # Of these there may be many.
            self.refused += 1
            quick_socket.send(connection.sock, refusal(503, LATER, keep=True))
            connection.ends = monotonic() + self.keepalive
            self.poll(connection)
            return
        state = connection.gathered.add(piece)
        self.under_way += len(piece)
        if state in {State.WHOLE, State.ENDLESS}:
            connection.whole = state is State.WHOLE
            self.hand_over(connection)
        elif self.under_way > MOST_BYTES:
            self.refuse(connection, 503)
        else:
            connection.extend(before)
            if state is State.BODY:
                connection.encourage()
            self.poll(connection)

    def hand_over(self, connection: Connection) -> None:
        """Give a request to a thread, or turn it away at once if too many wait for one."""
        if self.waiting >= MOST_WAITING:
            if not connection.turn_away():
                self.end(connection)
                return
            self.under_way -= len(connection.gathered.data)
            connection.await_request(self.keepalive)
            self.poll(connection)
            return
        data = bytes(connection.gathered.data)
        self.unpoll(connection)
        self.connections.discard(connection)
        self.under_way -= len(data)
        if connection.continued:
            # gunicorn would encourage it once more.
            data = EXPECTS.sub(b"", data, count=1)
        connection.parser.unreader.hold(data)
        self.waiting += 1
        connection.queued = monotonic()
        self.enqueue_req(connection)

    def refuse(self, connection: Connection, status: int) -> None:
        """Answer a request that no thread will see."""
        self.under_way -= len(connection.gathered.data)
        connection.gathered = Gathered(0)
        metrics.turned_away(status)
        util.write_error(connection.sock, status, "", "")
        connection.sock.flush_at_once()
        self.end(connection)

    def end(self, connection: Connection) -> None:
        """Say that nothing more will come, and wait until the client has heard it.

        To close at once would throw away, with what the client still sends, the answer.
        """
        try:
            quick_socket.end(connection.sock)
        except OSError:
            self.drop(connection)
            return
        connection.ended = True
        connection.ends = monotonic() + LINGER
        self.poll(connection)

    def drop(self, connection: Connection) -> None:
        """Close a connection."""
        self.unpoll(connection)
        self.connections.discard(connection)
        self.under_way -= len(connection.gathered.data)
        connection.gathered = Gathered(0)
        self.nr_conns -= 1
        self.tell_load()
        quick_socket.close(connection.sock)

    def poll(self, connection: Connection) -> None:
        """Wait for more bytes."""
        if not connection.polled:
            connection.polled = True
            self.poller.register(connection.sock, EVENT_READ, partial(self.on_readable, connection))

    def unpoll(self, connection: Connection) -> None:
        """Wait no longer."""
        if connection.polled:
            connection.polled = False
            self.poller.unregister(connection.sock)
