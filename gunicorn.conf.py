"""gunicorn serves app:app: two processes of sixteen threads, which suits two cores.

More processes: WEB_CONCURRENCY=4. Another address: --bind, or manage.py run --host --port.
Every setting is explained at https://gunicorn.org/reference/settings/.
"""

import gc
import os
from datetime import timedelta
from socket import socket
from typing import Any

from gunicorn import util
from gunicorn.glogging import Logger

from creditscore.web import loads, metrics, reload_model
from creditscore.web.headers import REQUEST_ID, ROUTE
from creditscore.web.json_logging import write_json
from creditscore.web.refusals import LATER, MALFORMED, refusal
from creditscore.web.startup_checks import note_hosts

bind = "127.0.0.1:8000"
# Its threads see whole requests only: a slow client takes none of them.
worker_class = "creditscore.web.gathering.GatheringWorker"
threads = 16
worker_connections = 2000  # that each process holds
if "WEB_CONCURRENCY" not in os.environ:  # which gunicorn reads itself
    workers = 2

# Load the model once, before the processes part: a bad one stops the start with one line.
preload_app = True


def on_starting(server: Any) -> None:
    """Begin to count anew, and warn if everybody is let in."""
    metrics.forget_the_dead()
    # What is no pair is the file of a socket, or one that systemd opened.
    note_hosts(server.app.wsgi(), [one[0] for one in server.cfg.address if isinstance(one, tuple)])
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


def child_exit(server: Any, worker: Any) -> None:
    """Leave no more connections to a process that has died."""
    loads.forget(worker.age)


# Whatever might leak in months of running ends with its process, and not in all at once.
max_requests = 1_000_000
max_requests_jitter = 100_000

timeout = 30  # seconds without a sign of life from a process
graceful_timeout = 30  # seconds that running requests get at a stop
keepalive = 5  # seconds that an idle connection stays open

limit_request_line = 4094  # bytes
limit_request_fields = 64
limit_request_field_size = 8190  # bytes

# Trust no header to say where a request comes from: whoever runs a proxy in front says so here.
forwarded_allow_ips = ""
forwarder_headers = ""
# Without it, every user of this machine's account could change the running server.
control_socket_disable = True

accesslog = "-"


class OwnLinesLogger(Logger):  # type: ignore[misc]  # gunicorn publishes no types
    """Log as JSON lines, and nothing in a client's own words."""

    def setup(self, cfg: Any) -> None:
        """Choose where the lines go, and how they look."""
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            write_json(logger)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Log a request by its route: a path may hold whatever a client puts there."""
        if self.access_log_enabled:
            members = {
                "request_id": environ.get(REQUEST_ID, ""),
                "method": req.method if req.method in metrics.METHODS else "other",
                "route": environ.get(ROUTE, "other"),
                "status": int(str(resp.status).split()[0]),
                "milliseconds": request_time // timedelta(milliseconds=1),
            }
            self.access_log.info("", extra={"members": members})

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Cut the quotation from a refusal: it can be a piece of a misframed applicant."""
        if msg.startswith("Invalid request from ip="):
            msg = msg.partition(": ")[0]
        super().warning(msg, *args, **kwargs)


logger_class = OwnLinesLogger


# What gunicorn itself refuses, before the application sees it.
REFUSALS = {
    400: MALFORMED,
    403: "The request is not allowed.",
    408: "The request did not come whole in time.",
    414: f"The request line is longer than {limit_request_line} bytes.",
    417: "The only expectation that can be met is 100-continue.",
    431: f"The request has more than {limit_request_fields} header fields, "
    f"or one longer than {limit_request_field_size} bytes.",
    500: "The server failed to answer. The fault is not yours.",
    501: "The only transfer coding that is understood is chunked.",
    503: LATER,
}


def write_problem(client: socket, status_int: int, reason: str, mesg: str, more: str = "") -> None:
    """Answer as the application does."""
    detail = REFUSALS.get(status_int, MALFORMED)
    util.write_nonblock(client, refusal(status_int, detail))


# gunicorn offers no hook for its own pages, which are HTML and repeat the request's text.
util.write_error = write_problem
