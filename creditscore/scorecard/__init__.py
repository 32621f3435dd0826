"""What a trained scorecard is and computes: probability, exact reasons, points, recourse."""
