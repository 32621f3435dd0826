"""gunicorn serves the application: two processes of sixteen threads, which suits two cores.

More processes: WEB_CONCURRENCY=4. Another address: --bind, or manage.py run --host --port.
Every setting is explained at https://gunicorn.org/reference/settings/.
"""

import asyncio
import gc
import os
import signal
import sys
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.glogging import Logger
from gunicorn.workers.gasgi import ASGIWorker

from creditscore.web import metrics, reload_model
from creditscore.web.json_logging import format_lines
from creditscore.web.startup_checks import note_hosts
from creditscore.web.terminal import show_address

wsgi_app = "creditscore.cli.serve:app"  # unless it is named: gunicorn alone starts the service
bind = "127.0.0.1:8000"
# An event loop waits for the clients: a slow one takes no thread (web/threads.py).
worker_class = "asgi"
asgi_loop = "asyncio"
asgi_lifespan = "off"
http_parser = "python"
worker_connections = 4000  # that each process holds
if "WEB_CONCURRENCY" not in os.environ:  # which gunicorn reads itself
    workers = 2

# Load the model once, before the processes part: a bad one stops the start with one line.
preload_app = True


def on_starting(server: Any) -> None:
    """Begin to count again, and warn if everyone is let in."""
    metrics.forget_the_dead()
    # What is no pair is the file of a socket, or one that systemd opened.
    hosts = [address[0] for address in server.cfg.address if isinstance(address, tuple)]
    note_hosts(server.app.wsgi(), hosts)
    settle()


def on_reload(server: Any) -> None:
    """Take over a new model (kill -HUP): new processes get it, the old ones end what they do."""
    reload_model(server.app.wsgi())
    settle()


def settle() -> None:
    """Set what is loaded aside: the garbage collector would look through it time and again."""
    gc.unfreeze()  # what an earlier model left
    gc.collect()
    gc.freeze()


# Whatever might leak in months of running ends with its process, and not in all at once.
max_requests = 1_000_000
max_requests_jitter = 100_000

timeout = 30  # seconds without a sign of life from a process
graceful_timeout = 30  # seconds that running requests get at a stop
keepalive = 5  # seconds that a connection stays open without a whole head
MAX_STALL_S = 10  # seconds that a client may take nothing of what is sent
ANNOUNCE_S = 1  # second in which a process that ends tells its clients

limit_request_line = 4094  # bytes
limit_request_fields = 64
limit_request_field_size = 8190  # bytes

# Trust no header to say where a request comes from: the operator of a proxy in front says so here.
forwarded_allow_ips = ""
forwarder_headers = ""
# Without it, every user of this machine's account could change the running server.
control_socket_disable = True

accesslog = "-"


class OwnLinesLogger(Logger):  # type: ignore[misc]  # gunicorn publishes no types
    """Log as JSON lines, on a terminal as text, and nothing in a client's own words."""

    def setup(self, cfg: Any) -> None:
        """Choose where the lines go, and how they look."""
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            format_lines(logger)

    @property
    def access_log_enabled(self) -> bool:
        """Leave the lines to the application: gunicorn knows paths, but no routes."""
        return False


logger_class = OwnLinesLogger


class Connection(ASGIProtocol):  # type: ignore[misc]
    """gunicorn's connection, with deadlines for its first head and for clients that do not read."""

    reader_stalls: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin, unless there are too many: gunicorn counts the connections, but has no limit."""
        super().connection_made(transport)
        # Whatever the system has not taken at once waits for the client to read.
        transport.set_write_buffer_limits(high=0)
        if self.worker.nr_conns > self.worker.worker_connections:
            transport.abort()
        # gunicorn itself gives this time to each head but the first.
        self._arm_keepalive_timer()

    def pause_writing(self) -> None:
        """Wait for the client to read, but not for ever."""
        super().pause_writing()
        self.reader_stalls = self.worker.loop.call_later(MAX_STALL_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: it has read."""
        self.connection_freed()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.connection_freed()
        super().connection_lost(exc)

    def connection_freed(self) -> None:
        """Wait no longer for the client to read."""
        if self.reader_stalls is not None:
            self.reader_stalls.cancel()

    def _send_error_response(self, status: int, message: str, extra_headers: Any = ()) -> None:
        """Refuse without the message, which quotes the request."""
        super()._send_error_response(status, HTTPStatus(status).phrase, extra_headers)


def post_worker_init(worker: Any) -> None:
    """Set up what gunicorn has no settings for: its connections, and how a process ends."""
    if not isinstance(worker, ASGIWorker):
        # Another one was chosen.
        return
    loop, create_server, asgi = worker.loop, worker.loop.create_server, worker.app.wsgi().asgi
    request_limit, worker.max_requests = worker.max_requests, sys.maxsize

    async def create_fairly(_: Any, *, sock: Any, **options: Any) -> asyncio.Server:
        # asyncio takes a hundred new connections at once: one process would get all of them. With
        # half as many as this, one of many hundred could wait for more than five seconds.
        options |= {"sock": sock, "backlog": 32}
        server: asyncio.Server = await create_server(lambda: Connection(worker), **options)
        sock.listen(worker.cfg.backlog)
        # Workers are numbered, and those of later go on: the last of the first says it, once.
        if worker.age == worker.cfg.workers and isinstance(sock.getsockname(), tuple):
            loop.call_soon(partial(show_address, *sock.getsockname()[:2], tls=worker.cfg.is_ssl))
        return server

    def announce() -> None:
        # In its answers: a client must not reuse a connection that ends.
        asgi.closing = True
        loop.call_later(ANNOUNCE_S, worker.handle_exit_signal)

    def end_in_time() -> None:
        # gunicorn would end it in the middle of others' answers.
        if worker.nr >= request_limit:
            announce()
        else:
            loop.call_later(1.0, end_in_time)

    loop.create_server = create_fairly
    loop.add_signal_handler(signal.SIGTERM, announce)
    loop.call_soon(end_in_time)
