"""A published data set is fetched once, and checked."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from answers import PROJECT

from creditscore.cli import train
from creditscore.errors import DatasetError
from creditscore.schema import Source
from creditscore.training.download import fetch

CONTENT = b"A,B\n" + b"1,2\n" * 50_000


@dataclass
class Archive:
    """A web server on this machine that publishes one file."""

    content: bytes = CONTENT
    status: int = 200
    announces_length: bool = True
    #: The connection breaks after so many bytes of the body.
    breaks_after: int | None = None
    requests: int = 0
    url: str = ""

    def source(self, content: bytes = CONTENT) -> Source:
        """Give a source that expects some content at this address."""
        sha256 = hashlib.sha256(content).hexdigest()
        return Source("An archive", "CC BY 4.0", f"{self.url}/data.csv", sha256, columns={})


@pytest.fixture
def archive() -> Iterator[Archive]:
    published = Archive()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.requests += 1
            self.send_response(published.status)
            if published.announces_length:
                self.send_header("Content-Length", str(len(published.content)))
            self.end_headers()
            self.wfile.write(published.content[: published.breaks_after])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        published.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield published
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach this machine directly, whatever proxy the environment names."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "not yet" / "there"


def refusal(source: Source, cache: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        fetch(source, cache)
    assert str(caught.value).startswith(f"{source.url}: ")
    return str(caught.value).removeprefix(f"{source.url}: ")


def kept(cache: Path) -> list[str]:
    """Give the kinds of the files in the cache."""
    return [file.suffix for file in cache.iterdir()] if cache.exists() else []


@pytest.mark.parametrize("announces_length", [True, False])
def test_a_file_is_fetched_once(archive: Archive, cache: Path, announces_length: bool) -> None:
    archive.announces_length = announces_length

    first, second = (fetch(archive.source(), cache) for _ in range(2))

    assert first.read_bytes() == CONTENT
    assert second == first
    assert archive.requests == 1
    assert kept(cache) == [".csv"]


def test_a_damaged_cache_is_fetched_anew(archive: Archive, cache: Path) -> None:
    fetch(archive.source(), cache).write_bytes(b"damaged")

    assert fetch(archive.source(), cache).read_bytes() == CONTENT
    assert archive.requests == 2


def test_what_was_cut_off_is_told_and_not_kept(archive: Archive, cache: Path) -> None:
    archive.breaks_after = 70_000

    text = refusal(archive.source(), cache)

    assert text == "was cut off after 70,000 bytes"
    assert kept(cache) == []


def test_another_file_than_expected_is_refused_and_not_kept(archive: Archive, cache: Path) -> None:
    source = archive.source(b"something else")

    text = refusal(source, cache)

    digest = hashlib.sha256(CONTENT).hexdigest()
    assert text == f"has SHA-256 {digest}, expected {source.sha256}; it was not kept"
    assert kept(cache) == []


@pytest.mark.parametrize(
    ("status", "text"), [(404, "answered 404 Not Found"), (503, "answered 503 Service Unavailable")]
)
def test_a_refusal_of_the_server_is_told(
    archive: Archive, cache: Path, status: int, text: str
) -> None:
    archive.status = status

    assert refusal(archive.source(), cache) == text
    assert kept(cache) == []


def test_a_refused_connection_is_told(cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = Archive(url=f"http://127.0.0.1:{server.getsockname()[1]}")

    text = refusal(nobody.source(), cache)

    assert text.startswith("cannot be fetched: ")
    assert "refused" in text


@pytest.mark.parametrize(
    ("urls", "text"),
    [
        (["http://[", "http://", "http://127.0.0.1:port/", "http://a b/"], "cannot be fetched: "),
        ([f"http://{'a' * 70}.invalid/"], "cannot be fetched: "),
        (
            ["file:///etc/hostname", "ftp://127.0.0.1/", "data.csv", ""],
            "is not an http or https address",
        ),
    ],
)
def test_an_address_that_is_none_of_the_web_is_told(
    cache: Path, urls: list[str], text: str
) -> None:
    for url in urls:
        source = Source("An archive", "CC BY 4.0", url, "0" * 64, columns={})

        assert refusal(source, cache).startswith(text)


def test_a_cache_that_is_no_folder_is_told(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DatasetError, match="file: cannot be written: File exists"):
        fetch(archive.source(), tmp_path / "file")


def test_an_answer_that_is_no_http_is_told(cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_with_noise, args=(server,))
        thread.start()
        noise = Archive(url=f"http://127.0.0.1:{server.getsockname()[1]}")

        text = refusal(noise.source(), cache)
        thread.join()

    assert text.startswith("cannot be fetched: ")


def answer_with_noise(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"\0\1\2 noise\r\n\r\n")


# The command


@pytest.mark.slow
def test_the_command_trains_on_what_the_archive_publishes(
    archive: Archive, uci_csv: Path, uci_archive_csv: Path, tmp_path: Path
) -> None:
    """The model is that of the 14-feature cut, for the data are the same."""
    archive.content = uci_archive_csv.read_bytes()
    # The cache is a folder of the project, and this one is not to be touched.
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "creditscore", project / "creditscore")
    shutil.copy(PROJECT / "train.py", project)
    text = (PROJECT / "data" / "schema.toml").read_text(encoding="utf-8")
    text, replaced = re.subn('^url = ".*"$', f'url = "{archive.url}/data.csv"', text, flags=re.M)
    assert replaced == 1
    text = text.replace("trees = 100", "trees = 5")
    copy = tmp_path / "copy.toml"
    copy.write_text(text, encoding="utf-8")

    result = subprocess.run(
        [
            sys.executable,
            "train.py",
            "--data=uci",
            f"--schema={copy}",
            "--model-dir=../model",
            "--quick",
        ],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )

    assert result.returncode == 0, result.stderr
    assert "licence CC BY 4.0" in result.stderr
    assert kept(project / "data" / "cache") == [".csv"]
    assert (
        train.main(
            [f"--data={uci_csv}", f"--schema={copy}", f"--model-dir={tmp_path}/cut", "--quick"]
        )
        == 0
    )
    assert versions(tmp_path / "model") == versions(tmp_path / "cut")


def versions(folder: Path) -> object:
    return json.loads((folder / "manifest.json").read_bytes())["versions"]
