"""Run a Postman collection without newman: send every request, compare with its saved example.

    python tests/support/postman_runner.py COLLECTION BASE_URL [API_KEY]

It stands in for newman where npm is not to be had: it compares status, media type and every
saved member of a JSON body (ids and times aside), but does not run the requests' own scripts.
"""

# ruff: noqa: T201  # a command talks to the person who ran it

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Node = Mapping[str, Any]

#: What differs each time the same is asked.
VARYING = frozenset(
    {
        "decision_id",
        "decided_at",
        "recorded_at",
        "since",
        "until",
        "request_id",
        "key_id",
        "next",
        "outcome",
    }
)

USAGE = "usage: python tests/support/postman_runner.py COLLECTION BASE_URL [API_KEY]"


def main(arguments: Sequence[str]) -> int:
    """Run a collection, print a line for each request, and give the exit status."""
    if len(arguments) not in {2, 3}:
        print(USAGE, file=sys.stderr)
        return 2
    collection = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    variables = {part["key"]: part["value"] for part in collection["variable"]}
    variables |= {"baseUrl": arguments[1], "apiKey": "".join(arguments[2:])}
    print("Standing in for newman: the requests' own scripts are not run.")
    failed = 0
    for item in requests_of(collection):
        problems = run(item, collection, variables)
        failed += bool(problems)
        print("FAILED" if problems else "ok    ", item["name"])
        for problem in problems:
            print(f"         {problem}")
    print(f"{failed} failed" if failed else "all passed")
    return 1 if failed else 0


def requests_of(node: Node) -> Iterator[Node]:
    """Give every request of a collection or a folder, in order."""
    for item in node["item"]:
        if "item" in item:
            yield from requests_of(item)
        else:
            yield item


def run(item: Node, collection: Node, variables: dict[str, str]) -> list[str]:
    """Send one request; tell what differs from its saved example."""
    (saved,) = item["response"]
    status, media_type, body = send(item["request"], collection, variables)
    if "auth" in item["request"] and not variables["apiKey"]:
        return [] if status == 401 else [f"status {status} instead of 401, as no key was given"]
    if status == 200 and item["request"]["method"] == "POST" and "json" in media_type:
        remember(json.loads(body), variables)
    expected = next(part["value"] for part in saved["header"] if part["key"] == "Content-Type")
    problems = []
    if status != saved["code"]:
        problems.append(f"status {status} instead of {saved['code']}")
    if media_type.replace(" ", "") != expected.replace(" ", ""):
        problems.append(f"media type {media_type} instead of {expected}")
    if not problems and "json" in expected:
        problems += differences(json.loads(saved["body"]), json.loads(body))
    return problems


def remember(answer: Any, variables: dict[str, str]) -> None:
    """Keep the id of a decision for later requests, as the collection's own scripts do."""
    if isinstance(answer, dict) and "decision_id" in answer:
        variables["decisionId"] = answer["decision_id"]


def send(request: Node, collection: Node, variables: Mapping[str, str]) -> tuple[int, str, bytes]:
    """Send a request as Postman would; give status, media type and body of the answer."""

    def fill(text: str) -> str:
        for name, value in variables.items():
            text = text.replace(f"{{{{{name}}}}}", value)
        return text

    headers = {part["key"]: fill(part["value"]) for part in request["header"]}
    auth = request.get("auth", collection.get("auth", {"type": "noauth"}))
    if auth["type"] == "apikey":
        key = {part["key"]: fill(part["value"]) for part in auth["apikey"]}
        headers[key["key"]] = key["value"]
    sent = urllib.request.Request(
        fill(request["url"]["raw"]),
        method=request["method"],
        data=fill(request["body"]["raw"]).encode() if "body" in request else None,
        headers=headers,
    )
    # A proxy in the environment is for other hosts.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer = opener.open(sent, timeout=30)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        return answer.status, answer.headers["Content-Type"], answer.read()


def differences(saved: Any, found: Any, place: str = "body") -> Iterator[str]:
    """Tell where an answer lacks something that was saved, or has something else there."""
    if isinstance(saved, dict) and isinstance(found, dict):
        for name in saved.keys() - VARYING:
            if name in found:
                yield from differences(saved[name], found[name], f"{place}.{name}")
            else:
                yield f"{place}.{name} is missing"
        yield from (f"{place}.{name} is missing" for name in saved.keys() & VARYING - found.keys())
    elif isinstance(saved, list) and isinstance(found, list) and len(saved) == len(found):
        for index, (one, other) in enumerate(zip(saved, found, strict=True)):
            yield from differences(one, other, f"{place}[{index}]")
    elif saved != found or type(saved) is not type(found):
        yield f"{place} is {found!r} instead of {saved!r}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
