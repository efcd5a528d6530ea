"""How fast the runtime is, on a real file: `make bench`."""
