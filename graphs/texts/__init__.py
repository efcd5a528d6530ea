"""Texts that others wrote or that others read: canonical JSON, mended characters, secrets taken out."""
