"""The log of decisions, written before they are answered: SQLite or PostgreSQL."""
