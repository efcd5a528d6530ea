"""The sample agent that a newcomer can try at once: a support desk for a small shop."""
