"""Bodies that go wrong in unforeseen ways: mutated, arbitrary, and nearly right."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from answers import Answer, check_decision, problem_of

from creditscore.schema import Schema

#: What mutations insert: JSON's own characters, and what readers are known to trip over.
TOKENS = [
    *[b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"-", b".", b"e", b"0", b" ", b"\n"],
    *[b"null", b"true", b"false", b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-0.0", b"1" * 400],
    *[b"\\u0000", b"\\ud800", b"\\udc00", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\x00", b"\xff"],
    *["\N{FULLWIDTH DIGIT ONE}".encode(), "\N{LINE SEPARATOR}".encode(), b"[" * 10, b"]" * 10],
    *[b'"__proto__":', b"{}", b"[]", b"1_0", b"0x1", b"//", b"%s", b"{0}", b"$", b"'", b"<b>"],
]


def bad_bodies(schema: Schema, generator: random.Random, count: int) -> Iterator[bytes]:
    """Generate bodies, the same ones for the same seed.

    Half are good bodies with a few mutations, the others arbitrary JSON or arbitrary bytes.
    """
    good = list(_good_bodies(schema))
    for _ in range(count):
        kind = generator.random()
        if kind < 0.5:
            yield mutated(generator.choice(good), generator)
        elif kind < 0.65:
            yield mutated(_dumps(_arbitrary(schema, generator, 4)), generator)
        elif kind < 0.9:
            yield _dumps(_arbitrary(schema, generator, 4))
        else:
            yield generator.randbytes(generator.randrange(200))


def check_answer(answer: Answer, body: bytes) -> int:
    """Check that a body was refused or decided on, and as the contract says; give the status."""
    assert answer.status in {200, 400, 422}, (answer.status, body)
    if answer.status == 200:
        decided = answer.json
        for decision in decided if isinstance(decided, list) else [decided]:
            check_decision(decision)
    else:
        problem = problem_of(answer, answer.status)
        assert problem["errors"], body
    return answer.status


def mutated(body: bytes, generator: random.Random) -> bytes:
    """Change a text in one place, or in a few."""
    for _ in range(generator.choice([1, 1, 1, 2, 3, 8])):
        body = generator.choice(MUTATIONS)(body, generator)
    return body


def _good_bodies(schema: Schema) -> Iterator[bytes]:
    applicants = [
        {name: schema.fields[name].example for name in spec.fields}
        for spec in schema.scorecards.values()
    ]
    yield from map(_dumps, applicants)
    yield _dumps(applicants)
    yield json.dumps(applicants[0], indent=1).encode()


def _dumps(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=True).encode()


def _flip(body: bytes, generator: random.Random) -> bytes:
    if not body:
        return body
    index = generator.randrange(len(body))
    flipped = body[index] ^ (1 << generator.randrange(8))
    return body[:index] + bytes([flipped]) + body[index + 1 :]


def _splice(body: bytes, generator: random.Random) -> bytes:
    """Put a token before a part or in its place, repeat it, or leave it out."""
    start = generator.randint(0, len(body))
    end = min(len(body), start + generator.randint(0, 12))
    piece, token = body[start:end], generator.choice(TOKENS)
    instead = generator.choice([b"", token, token + piece, piece * generator.randint(2, 6)])
    return body[:start] + instead + body[end:]


def _cut(body: bytes, generator: random.Random) -> bytes:
    return body[: generator.randint(0, len(body))]


MUTATIONS: list[Callable[[bytes, random.Random], bytes]]
MUTATIONS = [_flip, _splice, _splice, _splice, _cut]


def _arbitrary(schema: Schema, generator: random.Random, depth: int) -> Any:
    """Draw a JSON value, its objects often with names of fields."""
    if depth and generator.random() < 0.6:
        size = generator.choice([0, 1, 2, 5, 14])
        parts = [_arbitrary(schema, generator, depth - 1) for _ in range(size)]
        if generator.random() < 0.3:
            return parts
        names = [*schema.fields, "", "x", "~/", "\ud800", *map(str.lower, schema.fields)]
        return {generator.choice(names): value for value in parts}
    return generator.choice(
        [
            *[None, True, False, "", "x", "\ud800", "\x00", 0, 1, -1, 2, 24, 1.0, -0.0, 1.5, 1e300],
            *[10**30, -(10**30), float("nan"), float("inf"), 5e-324, "1", "é", "x" * 100],
        ]
    )
