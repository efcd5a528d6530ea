"""All checks, one after the other: each within its time, and none stops those after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot import connecting
from bot.doctor import approvers, database, hosting, model, servers, slack
from bot.doctor.case import Case
from bot.doctor.findings import Findings, Tell
from bot.errors import CannotGoOn
from bot.settings import BadSettings, Settings


@dataclass(frozen=True)
class Check:
    """`about` is what it looks at, in words; it may take so many `seconds`."""

    about: str
    look: Callable[[Case, Findings], Awaitable[None]]
    seconds: float = 30.0


CHECKS = (
    Check("bot token", slack.bot_token),
    Check("scopes", slack.scopes),
    Check("Socket Mode", slack.way_in),
    Check("events and interactivity", slack.events),
    Check("model", model.model, 90.0),
    Check("database", database.database),
    Check("agents", hosting.agents, 120.0),
    Check("servers", servers.servers, 60.0),
    Check("channels", hosting.channels),
    Check("SIGNOFF_USERS", approvers.users, 60.0),
    Check("admins", approvers.admins, 60.0),
    Check("who decides", approvers.approvers, 120.0),
)


async def examine(settings: Settings, tell: Tell, checks: Sequence[Check] = CHECKS) -> int:
    """Tell each finding as soon as it is found; how many are wrong."""
    count = 0
    async with connecting.web_client(settings) as client:
        case = Case(settings, client)
        for check in checks:
            for finding in await _found(check, case):
                tell(finding)
                count += finding.state == "wrong"
    return count


async def _found(check: Check, case: Case) -> Findings:
    found = Findings(check.about)
    try:
        async with asyncio.timeout(check.seconds):
            await check.look(case, found)
    except BadSettings as error:
        for problem in error.problems:
            found.wrong(problem)
    except CannotGoOn as error:
        found.wrong(str(error))
    except TimeoutError:
        found.wrong(f"no answer within {check.seconds:.0f} s, so the rest of this is not known", "Try again later")
    except Exception as error:  # noqa: BLE001 - a check that fails is a finding, and does not stop the next
        found.wrong(f"this could not be looked at: {type(error).__name__}: {error}".removesuffix(": "))
    return found
