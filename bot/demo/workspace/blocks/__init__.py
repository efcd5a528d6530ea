"""Block Kit: what blocks look like, what Slack refuses, the ids in them, and what people enter in them."""
