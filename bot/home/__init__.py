"""One person's Home: what concerns them is gathered across conversations, and published whenever it changes."""
