"""Keeping what is stored: backups of it, moving it elsewhere, and deleting what is old enough."""
