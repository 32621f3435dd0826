"""Ask every route what its description allows and forbids, and hold each answer against it.

.venv/bin/python drills/contract_tests.py --examples 100 [--seed N] [--fault untrue]

Schemathesis reads /openapi.json and makes requests of it, right and wrong ones, alone and in turn,
and checks every answer in all the ways it knows: its status, headers and body are described, what
is forbidden is refused, what is allowed is not, keys are asked for, nothing fails, and nothing
takes longer than a second. Exits with 1 if one check fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import harness
from harness import PROJECT, Drill, Service

KEY = "the-key-of-the-drill"

#: Seconds that an answer may take.
MAX_ANSWER_S = 1.0

#: All keys are accepted. Any text may be typed into the form, which is told at its field, or a key
#: that is wrong; and any file may be uploaded, of which only tables can be read. An invalid body
#: may be too long besides: 413, beside the statuses that Schemathesis expects of itself.
SETTINGS = f"""
hooks = "contract_hooks"

[auth.openapi.header]
api_key = "{KEY}"

[auth.openapi.bearer]
bearer = "{KEY}"

[checks.negative_data_rejection]
expected-statuses = [
    "400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"
]

[[operations]]
include-name = "POST /"

[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "422"]

[[operations]]
include-name = "POST /tables"

[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "422"]

[[operations]]
include-name = "POST /outcomes"

[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "415", "422"]
"""


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["untrue"])
    parser.add_argument("--examples", type=int, default=100, help="of each route, at most")
    return harness.run(ask_everything, parser.parse_args(), in_memory=True)


def ask_everything(drill: Drill) -> int:
    """Let schemathesis ask, and tell what it found."""
    with drill.service(CREDITSCORE_API_KEYS=KEY) as service:
        report = ask(drill, service)
    cases, failures = report["test_cases"], report["failures"]
    tested = report["operations"]["tested"]
    for failure in failures:
        print(f"{failure['code']} {failure['title']}: {', '.join(failure['operations'])}")
    fine = not (failures or report["errors"]) and report["complete"] and tested > 0
    return drill.report(
        f"{tested} of {report['operations']['total']} routes, {cases['generated']} requests, all "
        f"checks: {sum(failure['count'] for failure in failures)} failures, "
        f"{len(report['errors'])} errors",
        fine=fine,
    )


def ask(drill: Drill, service: Service) -> dict[str, Any]:
    """Run schemathesis, and give its report."""
    settings, report = drill.folder / "schemathesis.toml", drill.folder / "report.json"
    settings.write_text(SETTINGS)
    options = ["--checks", "all", "--max-examples", str(drill.options.examples)]
    options += ["--seed", str(drill.options.seed), "--max-response-time", str(MAX_ANSWER_S)]
    options += ["--continue-on-failure", "--warnings", "off"]
    options += ["--report", "json", "--report-json-path", str(report)]
    url = f"http://127.0.0.1:{service.port}/openapi.json"
    ended = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", settings, "run", url, *options],
        # It keeps what it learned where it is started.
        cwd=drill.folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "drills")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if not report.is_file():
        raise harness.NoService(f"schemathesis did not run:\n{ended.stdout[-2000:]}")
    if ended.returncode:
        print(ended.stdout[-6000:])
    return json.loads(report.read_text("utf-8"))  # type: ignore[no-any-return]


if __name__ == "__main__":
    sys.exit(main())
