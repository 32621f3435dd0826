"""Serve without gunicorn: with waitress where it is installed, else with Werkzeug's own server."""

from __future__ import annotations

import importlib.util
import socket

import click
from flask import Flask
from werkzeug.serving import make_server

from creditscore.web.startup_checks import note_hosts
from creditscore.web.terminal import show_address


def serve(app: Flask, host: str, port: int) -> int:
    """Serve until interrupted, and give the exit status.

    Never with Werkzeug's debugger: it runs what it is sent.
    """
    listener = _listen(host, port)
    if listener is None:
        return 1
    note_hosts(app, [host])
    port = listener.getsockname()[1]
    app.logger.info("listening on %s port %d", host, port)
    show_address(host, port)
    with listener:
        try:
            _serve(app, listener)
        except KeyboardInterrupt:
            click.echo("Stopped", err=True)
    return 0


def _serve(app: Flask, listener: socket.socket) -> None:
    if importlib.util.find_spec("waitress"):
        import waitress

        # poll() has no limit of 1,024 connections; Windows has select() only.
        waitress.serve(app, sockets=[listener], asyncore_use_poll=True, ident=None)
    else:
        host, port = listener.getsockname()[:2]
        make_server(host, port, app, threaded=True, fd=listener.fileno()).serve_forever()


def _listen(host: str, port: int) -> socket.socket | None:
    """Take the port, or say why it cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        click.echo(f"cannot listen on {host} port {port}: {reason}", err=True)
        return None
