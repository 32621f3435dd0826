"""The route that Prometheus reads."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from creditscore.web.authentication import check_key
from creditscore.web.metrics import as_text
from creditscore.web.service import Service, service

bp = Blueprint("metrics", __name__)


@bp.get("/metrics")
def metrics() -> Response:
    """Tell Prometheus what all processes have counted."""
    here = service()
    check_key(request, here.keys)
    text, content_type = as_text(_Now(here))
    return Response(text, content_type=content_type)


class _Now:
    """What is so at this moment, rather than counted."""

    def __init__(self, here: Service) -> None:
        self._here = here

    def collect(self) -> Iterator[Any]:
        """Give the figures."""
        gauge = importlib.import_module("prometheus_client.core").GaugeMetricFamily
        models = gauge(
            "creditscore_model_info", "The model that decides", labels=["scorecard", "version"]
        )
        for scorecard, version in self._here.assessor.model.versions.items():
            models.add_metric([scorecard, version], 1)
        yield models
        yield gauge(
            "creditscore_model_refused",
            "1 if the last reload kept the model that was there",
            value=float(bool(self._here.refused)),
        )
