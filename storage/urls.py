"""Which database a URL names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

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
    """The URL for people: without a password, wherever it has one, also where it is not written as it should be."""
    scheme, separator, rest = url.partition("://")
    if scheme != _POSTGRES:
        return url
    before, at, place = rest.rpartition("@")
    name = f"{before.partition(':')[0]}@" if at else ""
    place, _, query = place.partition("#")[0].partition("?")
    kept = "&".join(each for each in query.split("&") if each and "password" not in each.partition("=")[0])
    return f"{scheme}{separator}{name}{place}" + (f"?{kept}" if kept else "")


def passwords(url: str) -> list[str]:
    """Those in the URL, as they are written there and as they are sent."""
    scheme, _, rest = url.partition("://")
    if scheme != _POSTGRES:
        return []
    before, _, place = rest.rpartition("@")
    _, _, written = before.partition(":")
    query = place.partition("?")[2].split("&")
    given = [each.partition("=")[2] for each in query if "password" in each.partition("=")[0]]
    return [each for text in (written, *given) if text for each in dict.fromkeys((text, unquote(text)))]
