"""The same database, workspace and clients as in `tests/bot`."""

from tests.bot.conftest import clock, http, no_proxy, page, stage_clock, storage, template, url, workspace

__all__ = ["clock", "http", "no_proxy", "page", "stage_clock", "storage", "template", "url", "workspace"]
