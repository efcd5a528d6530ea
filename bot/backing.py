"""What is behind everything that is hosted: the model and how much it reads at once, the rules that tools are under,
and the servers whose tools are offered.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.config import Config
from bot.settings import Settings
from graphs.agent.agent import Agent
from graphs.agent.approval import Approval
from graphs.agent.ruling import Ruling, ruled
from graphs.agent.toolbox import Source, Toolbox
from graphs.agent.tools import Tool
from graphs.mcp.servers import Servers
from graphs.models.choosing import open_model
from graphs.models.connection import OPENAI_URL
from graphs.models.model import Model
from graphs.models.window import Window
from graphs.models.window_lookup import lookup
from storage import Storage


@dataclass(frozen=True)
class Offered:
    """The tools of a server, in these channels (ids); everywhere where there are none."""

    source: Source
    channels: Collection[str] = ()


@dataclass(frozen=True)
class Backing:
    """What an agent is compiled with."""

    model: Model
    window: Window | None = None
    ruling: Ruling = field(default_factory=Ruling)
    servers: Sequence[Offered] = ()

    @property
    def channels(self) -> set[str]:
        """Those in which other tools are offered than elsewhere."""
        return {channel for each in self.servers for channel in each.channels}

    def toolbox(self, agent: Agent, channel: str) -> Toolbox:
        """What the agent has in a channel (an id; "" for all that have none of their own). Raises InvalidPolicy."""
        here = [each.source for each in self.servers if not each.channels or channel in each.channels]
        return self.ruling.toolbox(Toolbox(agent.toolbox.declared.values(), here))


@asynccontextmanager
async def open_model_of(settings: Settings, context_window: int | None) -> AsyncGenerator[tuple[Model, Window]]:
    """The model that the settings name. `context_window` is what it reads at once, in tokens, where its server does not
    say that itself.
    """
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    async with AsyncExitStack() as stack:
        model = open_model(api_key=key, model=settings.openai_model, base_url=base_url, api=settings.llm_api)
        stack.push_async_callback(model.aclose)
        asked = lookup(api_key=key, base_url=base_url or OPENAI_URL, model=settings.openai_model)
        window = Window(context_window, asked)
        stack.push_async_callback(window.aclose)
        yield model, window


@asynccontextmanager
async def open_servers(config: Config, storage: Storage) -> AsyncGenerator[Servers]:
    """The servers that the configuration names. None is started by this, and all are stopped at its end."""

    def under_rules(tool: Tool[..., Any]) -> Tool[..., Any]:
        return ruled(tool, config.rules, config.defaults)

    servers = Servers(config.servers, storage, approval=config.defaults.over(Approval()), ruled=under_rules)
    try:
        await servers.load()
        yield servers
    finally:
        await servers.aclose()


def offered(config: Config, servers: Servers, ids: Mapping[str, str]) -> list[Offered]:
    """Each server where the configuration has it; `ids` are those of the channels that it calls by name."""
    return [
        Offered(servers.servers[spec.name], {ids.get(channel, channel) for channel in spec.channels})
        for spec in config.servers
    ]
