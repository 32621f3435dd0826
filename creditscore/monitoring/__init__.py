"""How today's applicants and outcomes differ from those of the training."""
