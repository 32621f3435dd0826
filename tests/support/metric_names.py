"""The metrics of the service, by the names that queries of Prometheus use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from answers import PROJECT
from prometheus_client.parser import text_string_to_metric_families
from service_settings import log_in

from creditscore.web.monitoring_check import monitoring_gauges

ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
KEY = "a-key-of-the-test-for-metrics"


def metric_families(model_dir: Path) -> dict[str, Any]:
    """Give the metrics of a service that counts for itself: such a one names also what is 0."""
    code = (
        "import app; answer = app.app.test_client().get('/metrics', headers={'X-API-Key': "
        f"'{KEY}'}}); assert answer.status_code == 200; print(answer.text)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={
            **os.environ,
            "CREDITSCORE_MODEL_DIR": str(model_dir),
            "CREDITSCORE_DATABASE_URL": log_in(model_dir),
            # No folder can be made in a file.
            "CREDITSCORE_RUNTIME_DIR": str(model_dir / "manifest.json"),
            "CREDITSCORE_API_KEYS": KEY,
        },
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    families = text_string_to_metric_families(result.stdout)
    # When each began to count is told only where processes count for themselves.
    return {family.name: family for family in families if not family.name.endswith("_created")}


def known_names(families: dict[str, Any]) -> set[str]:
    """Give the names of all series, those of the last monitoring check among them."""
    checked = {"verdict": "ok", "checked_at": 0.0, "triggers": []}
    gauges = {gauge.name for gauge in monitoring_gauges(checked)}
    return gauges | {
        f"{family.name}{ending}" for family in families.values() for ending in ENDINGS[family.type]
    }
