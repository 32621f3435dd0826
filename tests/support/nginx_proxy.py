"""A real nginx in front of a service, set up with the examples of the guide to operations."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from answers import PROJECT
from guide import blocks
from live_server import free_port
from waiting import wait_until

#: Name that the guide gives to the service.
NAME = "credit.example"

#: What Debian's nginx.conf has beside the guide's examples; all of it in a folder of its own.
FRAME = """
{user}
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
{main}
http {{
    sendfile on;
    tcp_nopush on;
    gzip on;
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


class NoNginx(Exception):
    """It is not installed, or does not start."""


@dataclass(frozen=True)
class Certificate:
    """Files of a certificate and its key."""

    chain: Path
    key: Path


def find(program: str) -> str:
    """Return a program's path; a system's own are not on every PATH.

    Raises
    ------
    NoNginx
        If it is not installed.
    """
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise NoNginx(f"{program} is not installed")
    return path


@contextlib.contextmanager
def nginx_before(
    service_port: int, folder: Path, certificate: Certificate | None = None
) -> Iterator[int]:
    """Run nginx in front of a service on loopback, and give nginx's port.

    Parameters
    ----------
    service_port : int
        Where the service listens, or will.
    folder : Path
        An empty one for nginx's files.
    certificate : Certificate, optional
        Without one, nginx speaks plain HTTP.

    Raises
    ------
    NoNginx
        If it is not installed, or does not start.
    """
    port = free_port()
    text = _configuration(port, service_port, folder, certificate)
    with running_nginx(text, port, folder):
        yield port


@contextlib.contextmanager
def running_nginx(text: str, port: int, folder: Path) -> Iterator[None]:
    """Run nginx with a whole configuration, which listens on a port of loopback.

    Raises
    ------
    NoNginx
        If it is not installed, or does not start.
    """
    configuration, errors = folder / "nginx.conf", folder / "error.log"
    configuration.write_text(text)
    process = subprocess.Popen([find("nginx"), "-p", folder, "-e", errors, "-c", configuration])
    try:
        wait_until(lambda: process.poll() is not None or _listens(port))
        if process.poll() is not None:
            raise NoNginx(f"nginx did not start:\n{errors.read_text()}")
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def _configuration(
    port: int, service_port: int, folder: Path, certificate: Certificate | None
) -> str:
    """Return the guide's examples with the ports and files that they have here."""
    guide = PROJECT / "docs" / "operations.md"
    main, server = (block.text for block in blocks(guide) if block.language == "nginx")
    replacements = {"127.0.0.1:8000": f"127.0.0.1:{service_port}"}
    if certificate:
        replacements |= {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "/etc/ssl/credit.example.pem": str(certificate.chain),
            "/etc/ssl/credit.example.key": str(certificate.key),
        }
    else:
        replacements |= {
            "listen 443 ssl": f"listen 127.0.0.1:{port}",
            "ssl_certificate     /etc/ssl/credit.example.pem;": "",
            "ssl_certificate_key /etc/ssl/credit.example.key;": "",
        }
    for stands, instead in replacements.items():
        assert server.count(stands) == 1, stands
        server = server.replace(stands, instead)
    # As root, its workers would be a user who may not look into this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    return FRAME.format(user=user, folder=folder, main=main, server=server)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False
