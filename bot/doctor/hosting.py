"""Whether what is to be hosted can be imported and holds together, and whether its channels are there."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from bot import config, connecting
from bot.backing import Backing
from bot.doctor.case import NO_SLACK, Case
from bot.doctor.findings import Findings
from bot.hosting import Hosted
from bot.loading import Found, host, load
from bot.settings import BadSettings
from bot.slack_errors import UNCERTAIN, describe
from graphs.agent.agent import Agent
from graphs.agent.ruling import Ruling
from graphs.agent.tools import Tool
from graphs.approvals.terms import Terms
from graphs.models.choosing import open_model
from graphs.models.model import Model
from storage import open_storage

LOADING = 30.0
"""Seconds that an import may take."""

_FROM = "It is imported from the working directory and PYTHONPATH"

_INVITE = "Invite it: /invite @{bot} in that channel"


async def agents(case: Case, found: Findings) -> None:
    """Each by itself, under the rules of signoff.toml, compiled on a database in memory; `Agent.prepare` is not called,
    for that makes things.
    """
    settings = case.settings
    chosen, unread = _read(case)
    paths = {"": settings.signoff_agent, **chosen.agents}
    loaded = {at: _load(path, chosen.places.get(at, "SIGNOFF_AGENT"), found) for at, path in paths.items()}
    tools = [each for one in loaded.values() if isinstance(one, Agent) for each in one.toolbox.declared.values()]
    is_whole = all(each is not None for each in loaded.values())  # else it is not known which tools there are
    problems = unread or (_problems(chosen, tools) if is_whole else [])
    for problem in problems:
        found.wrong(problem)
    ruling = Ruling() if problems else chosen.ruling
    for channel, one in loaded.items():
        if one is not None:
            await _host(case, channel, paths[channel], one, ruling, found)


def _read(case: Case) -> tuple[config.Config, list[str]]:
    try:
        return config.read(case.settings), []
    except BadSettings as error:
        return config.Config(), error.problems


def _problems(chosen: config.Config, tools: list[Tool[..., Any]]) -> list[str]:
    """What is wrong with the rules, when the tools are known."""
    try:
        config.check(chosen, tools)
    except BadSettings as error:
        return error.problems
    return []


async def channels(case: Case, found: Findings) -> None:
    """Those of signoff.toml: whether they are there, and the bot in them."""
    chosen, _ = _read(case)  # what cannot be read of it is said where the agents are looked at
    named = config.named(chosen)
    if not named:
        return
    if case.identity is None:
        found.wrong(NO_SLACK)
        return
    known = await connecting.channels(case.client) if config.are_named(chosen) else {}
    places: dict[str, str] = {}
    for place, channel in named:
        places.setdefault(channel, place)
    for channel, place in places.items():
        try:
            id_ = config.id_of(channel, known, place)
        except BadSettings as error:
            found.wrong(str(error))
            continue
        await _channel(case, channel, id_, found)


async def _channel(case: Case, channel: str, id_: str, found: Findings) -> None:
    invite = _INVITE.format(bot=(case.identity or {}).get("user", "Signoff"))
    try:
        told: Any = (await case.client.conversations_info(channel=id_)).get("channel") or {}
    except UNCERTAIN as error:
        found.wrong(f"{channel} cannot be looked up: {describe(error)}", invite)
        return
    if told.get("is_archived"):
        found.wrong(f"{channel} is archived", "Name another in signoff.toml, or bring it back")
    elif told.get("is_member") is False:
        found.wrong(f"the bot is not in {channel}", invite)
    else:
        found.ok(f"the bot is in {channel}")


def _load(path: str, named: str, found: Findings) -> Found | None:
    try:
        with _in_time():
            return load(path, named)
    except BadSettings as error:
        for problem in error.problems:
            found.wrong(problem, _FROM)
    return None


async def _host(case: Case, channel: str, path: str, loaded: Found, ruling: Ruling, found: Findings) -> None:
    try:
        async with open_storage("sqlite://") as storage:
            hosted = await host(
                loaded, Backing(_unused_model(), ruling=ruling), storage, _anybody, channel or "SIGNOFF_AGENT"
            )
    except BadSettings as error:
        for problem in error.problems:
            found.wrong(problem, _FROM)
        return
    case.hosted[channel] = hosted
    found.ok(f"{path} for {channel or 'all other conversations'}: {_told(hosted)}")


def _told(hosted: Hosted) -> str:
    if hosted.is_own:
        return "a graph, whose questions name who decides when they ask"
    asking = sum(tool.may_ask for tool in hosted.toolbox.values())
    return f"an agent with {len(hosted.toolbox)} tools, of which {asking} may ask"


@contextmanager
def _in_time() -> Generator[None]:
    """Interrupts an import that does not end, where it stands. It runs in this thread, as at a start: some modules take
    no other.
    """

    def is_up(_: int, at: FrameType | None) -> None:
        where = f", at {at.f_code.co_filename}, line {at.f_lineno}" if at is not None else ""
        raise TimeoutError(f"the import was still at work after {LOADING:g} s{where}")

    before = signal.signal(signal.SIGALRM, is_up)
    signal.setitimer(signal.ITIMER_REAL, LOADING)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _unused_model() -> Model:
    """For a graph that is compiled and not run."""
    return open_model(api_key="unused", model="unused")


async def _anybody(_terms: Terms, _thread_id: str) -> str | None:
    return None
