"""Which database a URL names."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

_POSTGRES = "postgresql"

_HOST = re.compile(r"([^:\[\]]*|\[[0-9A-Fa-f:.%]+\])(:(?P<port>[0-9]*))?")


def is_postgres(url: str) -> bool:
    return url.partition("://")[0] == _POSTGRES


def what_is_wrong(url: str) -> str | None:
    """What keeps a PostgreSQL URL from being read in one way alone, in words that repeat nothing of it: it may have a
    password. None where it can be read. Its options are libpq's, which knows their names.
    """
    before, _, query = url.partition("://")[2].partition("?")
    place, _, name = before.partition("/")
    account, _, hosts = place.rpartition("@")
    ports = [_HOST.fullmatch(each) for each in hosts.split(",")]
    if not url.isprintable() or " " in url:
        return "has a space, or a character that is not printed, in it: write %20 for a space"
    if re.search(r"%(?![0-9A-Fa-f]{2})|%00", url):
        return "has a % that is not followed by two hex digits: write %25 for a % that is meant"
    if "@" in account or "@" in name or "#" in url or not all(ports):
        return "has a sign in its name or password that ends it: write %40 for @, %2F for /, %3F for ?, %23 for #"
    if not all(1 <= int(each["port"] or 1) <= 65535 for each in ports if each is not None):
        return "has a port that is none: 1 to 65535"
    if query and not all(re.fullmatch(r"[a-z_]+=[^@]*", each) for each in query.split("&")):
        return "has an option behind its ? that is not written name=value"
    return None


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
