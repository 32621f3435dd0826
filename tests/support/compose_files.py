"""What compose.yaml says, and the dashboard that its Grafana shows."""

from __future__ import annotations

import json
from typing import Any

import yaml
from answers import PROJECT

DEPLOY = PROJECT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/creditscore.json").read_text(encoding="utf-8"))


def expressions() -> list[str]:
    """Give the queries of all panels of the dashboard."""
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
