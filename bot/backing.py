"""What is behind everything that is hosted: the model, and how much it reads at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.settings import Settings
from graphs.models.choosing import open_model
from graphs.models.connection import OPENAI_URL
from graphs.models.model import Model
from graphs.models.window import Window
from graphs.models.window_lookup import lookup


@dataclass(frozen=True)
class Backing:
    """Open while the bot works."""

    model: Model
    window: Window


@asynccontextmanager
async def open_backing(settings: Settings, context_window: int | None = None) -> AsyncGenerator[Backing]:
    """As the settings say. `context_window` is what the model reads at once, in tokens, where its server does not say
    that itself.
    """
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    async with AsyncExitStack() as stack:
        model = open_model(api_key=key, model=settings.openai_model, base_url=base_url, api=settings.llm_api)
        stack.push_async_callback(model.aclose)
        asked = lookup(api_key=key, base_url=base_url or OPENAI_URL, model=settings.openai_model)
        window = Window(context_window, asked)
        stack.push_async_callback(window.aclose)
        yield Backing(model, window)
