"""Figures as SVG, for the pages and for the model card."""
