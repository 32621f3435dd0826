"""The data dictionary: fields, their constraints, and the reading of applicants by them."""
