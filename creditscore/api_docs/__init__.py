"""What describes the service: OpenAPI, and the examples in it.

All of it follows from the schema, the settings and the model's own decisions, so none goes stale.
"""

from creditscore.api_docs.examples import (
    example_applicants,
    example_decisions,
)
from creditscore.api_docs.openapi import build_openapi

__all__ = ["build_openapi", "example_applicants", "example_decisions"]
