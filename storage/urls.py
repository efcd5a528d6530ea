"""Which database a URL names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

_POSTGRES = "postgresql"


def is_postgres(url: str) -> bool:
    return url.partition("://")[0] == _POSTGRES


def path_of(url: str) -> Path | None:
    """The file that the URL names; None for the database in memory. Raises `ValueError`."""
    scheme, separator, rest = url.partition("://")
    if scheme != "sqlite" or not separator:
        raise ValueError(
            f"{shown(url)!r} is no database URL: expected sqlite:///file.db, sqlite:// for one in memory, or "
            "postgresql://user@host/database"
        )
    return Path(rest.removeprefix("/")) if rest.strip("/") else None


def shown(url: str) -> str:
    """The URL for people: without a password, wherever it has one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a URL that cannot be read"
    if parts.scheme != _POSTGRES:
        return url
    name, at, host = parts.netloc.rpartition("@")
    place = f"{name.partition(':')[0]}{at}{host}"
    query = "&".join(each for each in parts.query.split("&") if each and "password" not in each.partition("=")[0])
    return urlunsplit((parts.scheme, place, parts.path, query, ""))


def passwords(url: str) -> list[str]:
    """Those in the URL, as they are written there and as they are sent."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    if parts.scheme != _POSTGRES:
        return []
    _, _, written = parts.netloc.rpartition("@")[0].partition(":")
    query = [each.partition("=")[2] for each in parts.query.split("&") if "password" in each.partition("=")[0]]
    return [each for text in (written, *query) if text for each in dict.fromkeys((text, unquote(text)))]
