"""The Postman collection: well-formed, complete, and green against a real service."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import PROJECT
from flask.testing import FlaskClient
from live_server import LiveServer, serving
from postman_items import Node, requests_of
from skips import skip_or_fail

COLLECTION = PROJECT / "postman_collection.json"
NEWMAN = PROJECT / "tests" / "node" / "node_modules" / "newman" / "bin" / "newman.js"
KEY = "the-key-of-the-postman-test"


@pytest.fixture(scope="module")
def collection() -> Node:
    content: Node = json.loads(COLLECTION.read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def server(full_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Serve to anyone."""
    with serving(full_model_dir, tmp_path_factory.mktemp("open")) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(full_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Serve to those with a key."""
    folder = tmp_path_factory.mktemp("guarded")
    with serving(full_model_dir, folder, CREDITSCORE_API_KEYS=KEY) as running:
        yield running


def newman(path: Path, url: str, key: str = "") -> subprocess.CompletedProcess[str]:
    """Run a collection with Postman's own runner."""
    if not NEWMAN.exists() or shutil.which("node") is None:
        skip_or_fail("newman", "newman is missing (npm ci in tests/node)")
    variables = ["--env-var", f"baseUrl={url}", "--env-var", f"apiKey={key}"]
    return subprocess.run(
        ["node", NEWMAN, "run", path, *variables, "--color", "off"],
        env={name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
    )


# What it holds


def test_it_has_the_structure_of_a_collection_of_version_2_1(collection: Node) -> None:
    assert collection.keys() <= {"info", "item", "variable", "auth", "event"}
    assert collection["info"]["name"]
    assert collection["info"]["schema"].endswith("/json/collection/v2.1.0/collection.json")
    variables = {variable["key"] for variable in collection["variable"]}
    assert variables == {"baseUrl", "apiKey", "decisionId", "otherLabel"}
    assert {type(entry["value"]) for entry in collection["auth"]["apikey"]} == {str}
    names = [item["name"] for item in requests_of(collection)]
    assert len(set(names)) == len(names)
    for folder in collection["item"]:
        assert folder.keys() == {"name", "item"}
        for item in folder["item"]:
            check_item(item)


def check_item(item: Node) -> None:
    """Check a request with its tests and its saved example."""
    assert item.keys() == {"name", "event", "request", "response"}
    assert item["name"]
    (event,) = item["event"]
    assert event["listen"] == "test"
    assert event["script"]["type"] == "text/javascript"
    assert all(isinstance(line, str) for line in event["script"]["exec"])
    check_request(item["request"])
    (saved,) = item["response"]
    assert saved["originalRequest"] == item["request"]
    assert (type(saved["code"]), type(saved["body"])) == (int, str)
    assert saved["name"] == f"{saved['code']} {saved['status']}"
    check_headers(saved["header"])
    media_types = [header["value"] for header in saved["header"] if header["key"] == "Content-Type"]
    assert len(media_types) == 1
    if "json" in media_types[0]:
        json.loads(saved["body"])


def check_request(request: Node) -> None:
    assert request.keys() - {"body", "auth"} == {"method", "header", "url"}
    assert re.fullmatch("[A-Z]+", request["method"])
    url = request["url"]
    query = "&".join(
        f"{parameter['key']}={parameter['value']}" for parameter in url.get("query", [])
    )
    assert url["raw"] == "/".join([*url["host"], *url["path"]]) + (f"?{query}" if query else "")
    assert url["host"] == ["{{baseUrl}}"]
    check_headers(request["header"])
    if "body" in request:
        assert request["body"]["mode"] == "raw"
        assert isinstance(request["body"]["raw"], str)


def check_headers(headers: list[Node]) -> None:
    for header in headers:
        assert {type(header["key"]), type(header["value"])} == {str}


def path_of(request: Node) -> str:
    """Give a request's path as the description writes it."""
    path = "/" + "/".join(request["url"]["path"])
    return path.replace("{{decisionId}}", "{decision_id}")


def test_every_operation_of_the_description_has_a_request(
    client: FlaskClient, collection: Node
) -> None:
    described = {
        (method.upper(), path)
        for path, operations in client.get("/openapi.json").get_json()["paths"].items()
        for method in operations
        # The way home answers with another of these. Programs send a key and need no session, and
        # they send tables to /predict.
        if path not in {"/", "/sign-in", "/sign-out", "/tables"}
    }
    requested = {
        (item["request"]["method"], path_of(item["request"]))
        for item in requests_of(collection)
        if item["response"][0]["code"] == 200
    }

    assert requested == described


def test_every_typical_mistake_is_saved_as_a_problem(collection: Node) -> None:
    codes = set()
    for item in requests_of(collection):
        (saved,) = item["response"]
        if saved["code"] != 200:
            codes.add(saved["code"])
            problem = json.loads(saved["body"])
            assert problem["status"] == saved["code"]
            assert saved["header"][0]["value"] == "application/problem+json"

    assert codes == {400, 401, 404, 405, 409, 415, 422}


def test_no_key_is_saved(collection: Node) -> None:
    assert [v["value"] for v in collection["variable"] if v["key"] == "apiKey"] == [""]


# What happens when it is run


def test_all_requests_pass_against_a_live_service_but_for_one_that_lacks_its_key(
    server: LiveServer, guarded: LiveServer
) -> None:
    for service, key, code in ((server, "", 0), (guarded, KEY, 0), (guarded, "", 1)):
        result = newman(COLLECTION, service.url, key)

        assert result.returncode == code, result.stdout
    assert "401" in result.stdout


@pytest.mark.parametrize(("good", "wrong"), [("200", "201"), ("422", "400")])
def test_newman_fails_when_an_assertion_does_not_hold(
    server: LiveServer, collection: Node, tmp_path: Path, good: str, wrong: str
) -> None:
    broken = copy.deepcopy(collection)
    item = next(
        item
        for item in requests_of(broken)
        if item["response"][0]["code"] == int(good) and "auth" not in item["request"]
    )
    script = item["event"][0]["script"]
    text = "\n".join(script["exec"])
    assert f"have.status({good})" in text
    script["exec"] = text.replace(f"have.status({good})", f"have.status({wrong})").split("\n")
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken), encoding="utf-8")

    result = newman(path, server.url)

    assert result.returncode == 1, result.stdout
    assert wrong in result.stdout
