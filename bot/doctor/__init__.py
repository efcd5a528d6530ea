"""`signoff doctor`: looks at everything that a bot needs, and says of each what is wrong and how to mend it.

It runs beside a bot without disturbing it: it takes no thread, and leaves Socket Mode once that has said hello.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from bot import config, connecting
from bot.doctor import approvers, here, slack
from bot.doctor.finding import Finding, wrong
from bot.loading import Found, load
from bot.settings import BadSettings, Settings
from bot.slack_client import SlackClient
from graphs.agent.agent import Agent

WITHIN = 30.0
"""Seconds that one check has."""

Check = Callable[[], Awaitable[Sequence[Finding]]]


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Everything, one after the other; what fails stops nothing else."""
    async with connecting.web_client(settings) as client:
        for what, check in _checks(settings, client).items():
            for finding in await _found(what, check):
                yield finding


def _checks(settings: Settings, client: SlackClient) -> dict[str, Check]:
    loaded: list[Found] = []

    async def agents() -> Sequence[Finding]:
        found, findings = await _agents(settings, client)
        loaded.extend(found)
        return findings

    async def decide() -> Sequence[Finding]:
        return await approvers.check(client, [each for each in loaded if isinstance(each, Agent)])

    return {
        "Bot token": lambda: slack.bot_token(client),
        "Connection": lambda: slack.connection(client, settings),
        "Events and buttons": slack.unseen,
        "Database": lambda: here.database(settings),
        "Agents": agents,
        "Approvers": decide,
        "Model": lambda: here.model(settings),
    }


async def _found(what: str, check: Check) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(WITHIN):
            return await check()
    except TimeoutError:
        return [wrong(what, f"no answer for {WITHIN:.0f} s. Look at the network, its proxies and firewalls.")]
    except BadSettings as error:
        return [wrong(what, problem) for problem in error.problems]
    except Exception as error:  # noqa: BLE001 - whatever one check trips over, the others are made
        return [wrong(what, f"could not be looked at: {type(error).__name__}: {error}")]


async def _agents(settings: Settings, client: SlackClient) -> tuple[list[Found], list[Finding]]:
    """What is hosted, and whether it can be imported; each channel that is named has to be there."""
    chosen = config.read(settings)
    paths = {"SIGNOFF_AGENT": settings.signoff_agent}
    paths |= {chosen.places[channel]: path for channel, path in chosen.agents.items()}
    found: list[Found] = []
    findings: list[Finding] = []
    for place, path in paths.items():
        try:
            found.append(load(path, place))
            findings.append(Finding("Agents", f"{path} can be imported ({place})."))
        except BadSettings as error:
            findings += [wrong("Agents", problem) for problem in error.problems]
    if any(channel.startswith("#") for channel in chosen.agents):
        config.channels(chosen, await connecting.channels(client))
    return found, findings
