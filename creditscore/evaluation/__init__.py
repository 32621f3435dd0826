"""Metrics of a scorecard, with their confidence intervals, fairness and sensitivity."""
