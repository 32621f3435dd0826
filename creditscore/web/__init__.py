"""The web service: the only part that knows Flask."""

from creditscore.web.app import create_app, reload_model

__all__ = ["create_app", "reload_model"]
