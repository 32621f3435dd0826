"""The model card: measurements, baselines, ablation, document; never imported by the service."""
