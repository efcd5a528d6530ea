"""Importing what is to be hosted, by `module:attribute`: an agent, a graph, or a function that makes one."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from bot import config, connecting
from bot.backing import Backing
from bot.errors import CannotGoOn
from bot.hosting import MESSAGES, Hosted, Hosts
from bot.settings import BadSettings, HostSettings
from bot.slack_client import SlackClient
from graphs.agent.agent import Agent
from graphs.agent.errors import AgentError, InvalidPolicy
from graphs.agent.ruling import Ruling
from graphs.agent.tool_node import Unreachable
from graphs.errors import GraphError, UnexpectedExit
from graphs.runtime.calling import awaitable, held
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.graph import StateGraph
from storage import Storage

Found = Agent | StateGraph | Callable[[Storage], Any]
"""What a path may name: the last makes a compiled graph on the bot's own storage."""


def load(path: str, named: str = "SIGNOFF_AGENT") -> Found:
    """What stands at the path, which `named` gave. Raises `BadSettings` that says what is there instead."""
    module_name, _, attribute = path.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(held(importlib.import_module, module_name), attribute)
    except (ImportError, AttributeError, SyntaxError, AgentError) as error:
        raise BadSettings([f"{named} is {path!r}, which cannot be imported: {error}"]) from error
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise error.__cause__ from None
        raise BadSettings([f"{named} is {path!r}, which cannot be imported: {raised_by(error)}"]) from error
    if isinstance(found, Agent | StateGraph) or (callable(found) and not isinstance(found, type | CompiledGraph)):
        return cast("Found", found)
    expected = "expected an Agent, a StateGraph, or a function of the storage that returns a compiled graph"
    raise BadSettings([f"{named} is {path!r}, which is a {type(found).__name__}; {expected}"])


async def host(
    found: Found,
    backing: Backing,
    storage: Storage,
    unreachable: Unreachable,
    named: str = "SIGNOFF_AGENT",
    channel: str = "",
) -> Hosted:
    """Compile it on this storage, an agent with its tools under the rules and with those that are offered in the
    channel. Raises `BadSettings` for what cannot hold a conversation here.
    """
    if isinstance(found, Agent):
        try:
            toolbox = backing.toolbox(found, channel)
        except InvalidPolicy as error:
            raise BadSettings([str(error)]) from error
        compiled = found.compile(backing.model, storage, unreachable, toolbox, window=backing.window)
        return Hosted(compiled, toolbox, found.examples)
    try:
        graph = found.compile(storage) if isinstance(found, StateGraph) else await awaitable(found)(storage)
    except GraphError as error:
        raise BadSettings([f"{named} names a graph that does not hold together: {error}"]) from error
    except Exception as error:
        raise BadSettings([f"{named} names a function that failed: {raised_by(error)}"]) from error
    if not isinstance(graph, CompiledGraph):
        said = f"{named} names a function that returns a {type(graph).__name__}; expected a compiled graph"
        raise BadSettings([said])
    if graph.checkpointer is not storage:
        raise BadSettings([f"{named} names a graph on another storage: compile it with the one that it is given"])
    if MESSAGES not in graph.program.schema.fields:
        raise BadSettings([f"{named} names a graph whose state has no {MESSAGES!r}, where the conversation goes"])
    return Hosted(graph, is_own=True)


@dataclass(frozen=True)
class Loaded:
    """What was imported: what answers in general, and by channel as the configuration names it. `ruling` is what the
    tools of all of it are put under.
    """

    default: Found
    by_channel: Mapping[str, Found]
    chosen: config.Config
    ruling: Ruling = field(default_factory=Ruling)

    @property
    def agents(self) -> dict[str, Agent]:
        """Those that are agents, by channel, "" for everywhere else."""
        found = {**self.by_channel, "": self.default}
        return {channel: each for channel, each in found.items() if isinstance(each, Agent)}

    async def channel_ids(self, client: SlackClient) -> dict[str, str]:
        """The ids of the channels that the configuration names. Raises `BadSettings` for one that there is not."""
        known = await connecting.channels(client) if config.are_named(self.chosen) else {}
        return config.ids(self.chosen, known)


def load_all(settings: HostSettings) -> Loaded:
    """What the settings and the configuration name. Raises `BadSettings` with every problem of it."""
    chosen = config.read(settings)
    problems: list[str] = []
    found: dict[str, Found] = {}
    for channel, path in {**chosen.agents, "": settings.signoff_agent}.items():
        try:
            found[channel] = load(path, chosen.places[channel] if channel else "SIGNOFF_AGENT")
        except BadSettings as error:
            problems += error.problems
    if problems:
        raise BadSettings(problems)
    loaded = Loaded(found.pop(""), found, chosen, chosen.ruling)
    config.check(
        chosen, {id(tool): tool for each in loaded.agents.values() for tool in each.toolbox.declared.values()}.values()
    )
    return loaded


async def hosts(
    default: Found, by_channel: Mapping[str, Found], backing: Backing, storage: Storage, unreachable: Unreachable
) -> Hosts:
    """Everything that is hosted, prepared. A channel in which a server is offered, and nothing is said of what answers,
    has the default with it. Raises `BadSettings` as `host` does, and `CannotGoOn`.
    """
    found = {**dict.fromkeys(backing.channels, default), **by_channel}
    for agent in {id(each): each for each in (default, *found.values()) if isinstance(each, Agent)}.values():
        if agent.prepare is not None:
            try:
                await awaitable(agent.prepare, bounded=False)()
            except Exception as error:
                raise CannotGoOn(f"what prepares the agent (Agent.prepare) failed: {raised_by(error)}") from error
    channels = {
        channel: await host(each, backing, storage, unreachable, channel, channel) for channel, each in found.items()
    }
    return Hosts(await host(default, backing, storage, unreachable), channels)


def raised_by(error: Exception) -> str:
    """What somebody's code raised, and where, in a line."""
    raised = error.__cause__ if isinstance(error, UnexpectedExit) and error.__cause__ is not None else error
    where = traceback.extract_tb(raised.__traceback__)[-1]
    said = f"{type(raised).__name__}: {raised}".removesuffix(": ")
    return f"{said} ({where.filename}, line {where.lineno})"
