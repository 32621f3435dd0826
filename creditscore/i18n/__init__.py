"""Message catalogues, and the text of a message in the reader's language."""
