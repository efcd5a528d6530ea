"""Threads as older versions stored them. `python -m tests.runtime.samples > tests/runtime/samples/format-N.sql` writes
what this version stores; do it once for each version that changes the format, and keep the file.
"""
