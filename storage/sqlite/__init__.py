"""One file, one writer: the engine that is the default, and the reference for what a statement means."""
