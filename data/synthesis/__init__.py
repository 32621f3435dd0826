"""Draw rows like the rows of card holders it was fitted to, and none of those rows themselves."""
