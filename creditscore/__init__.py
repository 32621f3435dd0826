"""A self-hosted credit decision service: train a scorecard, serve its decisions, explain them."""

__version__ = "0.1.0"
