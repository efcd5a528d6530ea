"""Whether the database's server lets us in and lets us write, and whether as many bots can use it as there may be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.doctor.findings import Findings
from storage.errors import NotOurDatabase, StorageUnavailable

if TYPE_CHECKING:
    from storage.postgres.looking import ServerLook

MOST_APART = 30.0
"""Seconds that the clocks may differ: leases and deadlines are by the server's, but a log is read by ours."""


async def server(url: str, found: Findings) -> None:
    from storage.postgres.looking import look  # with the driver, which is there where it is used

    try:
        seen = await asyncio.to_thread(look, url)
    except NotOurDatabase as error:
        found.wrong(str(error))
        return
    except StorageUnavailable as error:
        found.wrong(
            str(error), "Look whether it runs, and whether DATABASE_URL, the network and its firewalls lead there"
        )
        return
    _schema(seen, found)
    _way(seen, found)
    _room(seen, found)
    if abs(seen.ahead) > MOST_APART:
        found.wrong(
            f"the server's clock and this machine's are {abs(seen.ahead):.0f} s apart",
            "Let both keep their time (NTP): what expires, and what cards say, goes by the server's",
        )


def _schema(seen: ServerLook, found: Findings) -> None:
    where = f"PostgreSQL {seen.server} at {seen.where} can be written"
    if not seen.version:
        found.ok(f"{where}, and is empty: the first start sets it up")
    elif seen.version < seen.newest:
        found.ok(f"{where}; the next start brings it from version {seen.version} to {seen.newest}")
    else:
        found.ok(f"{where}, and has version {seen.version}")


def _way(seen: ServerLook, found: Findings) -> None:
    if seen.protocol:
        found.ok(f"the way there is encrypted ({seen.protocol})")
    elif seen.is_local:
        found.ok("the way there is not encrypted, and does not leave this machine")
    elif seen.may_be_clear:
        found.ok("the way there is not encrypted, as DATABASE_URL asks for (sslmode=disable)")
    else:
        found.wrong(
            "the way there is not encrypted",
            "Add ?sslmode=verify-full to DATABASE_URL; or sslmode=disable, where nobody else can be on that way",
        )


def _room(seen: ServerLook, found: Findings) -> None:
    from storage.postgres.engine import CONNECTIONS

    fit = seen.room // CONNECTIONS
    said = f"{seen.bots} {'bot is' if seen.bots == 1 else 'bots are'} at work, and {fit} can be: each takes up to "
    said += f"{CONNECTIONS} connections of {max(seen.room, 0)}"
    if fit < max(seen.bots, 1):
        found.wrong(said, "Raise the server's max_connections (or this user's or database's limit), or run fewer bots")
    else:
        found.ok(said)
