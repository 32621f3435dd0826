"""What OpenAPI cannot say of a request: which values go together, and what is in a table.

Loaded by schemathesis, which contract_tests.py starts.
"""

from __future__ import annotations

import itertools
from typing import Any

import schemathesis
from schemathesis.generation import GenerationMode

_numbers = itertools.count()

#: Later than any beginning of a window; without an end it would be now.
LATE = "9999-12-31T23:59:59.999Z"


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Use an idempotency key once, ask for windows that there are, and send tables."""
    headers, query = case.headers or {}, case.query or {}
    key = headers.get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) < 200:
        headers["Idempotency-Key"] = f"{key}{next(_numbers)}"
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if "days" in query and {"since", "until"} & query.keys():
        del query["days"]
    if query.get("format") == "csv":
        # A table has no pages.
        query.pop("limit", None)
        query.pop("cursor", None)
    if "since" in query:
        query["until"] = LATE
    if case.media_type == "text/csv":
        described = case.operation.definition.raw["requestBody"]["content"]["text/csv"]
        case.body = described["example"]
