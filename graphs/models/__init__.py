"""Models behind their wires: a transcript and tools in, text as it comes, one whole reply."""
