"""Agents: tools, the policies that gate them, the models that propose calls, and the transcript between them."""
