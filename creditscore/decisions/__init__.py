"""From applicants to decisions, and a decision as a record, as columns, and explained."""
