"""The last check of the triggers for revalidation, kept for Prometheus.

To count the log at each scrape would cost as much as a look at /monitoring, so the metrics repeat
what the command ``monitoring check`` found last, from a file beside the counts of the processes.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from creditscore.decisions.assessor import timestamp
from creditscore.files import atomic_write
from creditscore.json_codec import dumps_bytes
from creditscore.monitoring.monitor import monitor_model
from creditscore.monitoring.periods import Window
from creditscore.monitoring.verdicts import FAILS, NOTICE, OK, TOO_FEW
from creditscore.web.service import Service

FILE = "monitoring-check.json"

#: Verdicts as numbers: what calls for more is higher.
LEVELS = {TOO_FEW: -1.0, OK: 0.0, NOTICE: 1.0, FAILS: 2.0}

Check = Mapping[str, Any]


def watch(svc: Service, window: Window, by: str | None) -> dict[str, Any]:
    """Compare the decisions of a window with training, at the cut-off in force."""
    cutoff = svc.assessor.policy.cutoff
    report = monitor_model(svc.log.database, svc.assessor.model, window, by=by, cutoff=cutoff)
    return {"since": timestamp(window.since), "until": timestamp(window.until), **report}


def store_check(folder: Path, report: Check, *, checked_at: float) -> None:
    """Keep the verdicts of a check; `checked_at` is in seconds since 1970.

    Raises
    ------
    OSError
        If the folder takes no file.
    """
    triggers = [
        {"scorecard": name, **{key: trigger[key] for key in ("trigger", "field", "verdict")}}
        for name, section in report["scorecards"].items()
        for trigger in section["triggers"]
    ]
    check = {"checked_at": checked_at, "verdict": report["verdict"], "triggers": triggers}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with atomic_write(folder / FILE) as file:
        file.write(dumps_bytes(check))


def read_check(folder: Path) -> Check | None:
    """Read the last check; None where there was none, or the file is damaged."""
    with contextlib.suppress(OSError, ValueError):
        check = json.loads((folder / FILE).read_bytes())
        if isinstance(check, dict) and {"checked_at", "verdict", "triggers"} <= set(check):
            return check
    return None


def monitoring_gauges(check: Check | None) -> Iterator[Any]:
    """Return the gauges of the last check; none before the first."""
    from prometheus_client.core import GaugeMetricFamily

    if check is None:
        return
    meaning = "-1 too few decisions, 0 ok, 1 notice, 2 fails"
    yield GaugeMetricFamily(
        "creditscore_monitoring_verdict",
        f"The worst verdict of the last monitoring check: {meaning}",
        value=LEVELS[check["verdict"]],
    )
    triggers = GaugeMetricFamily(
        "creditscore_monitoring_trigger",
        f"The verdict of each trigger for revalidation: {meaning}",
        labels=["scorecard", "trigger", "field"],
    )
    for trigger in check["triggers"]:
        labels = [trigger["scorecard"], trigger["trigger"], trigger["field"] or ""]
        triggers.add_metric(labels, LEVELS[trigger["verdict"]])
    yield triggers
    yield GaugeMetricFamily(
        "creditscore_monitoring_check_timestamp_seconds",
        "When the last monitoring check was made",
        value=check["checked_at"],
    )
