"""Which of OpenAI's two interfaces a model is asked over.

OpenAI and Azure have Responses, and models that can use tools nowhere else; all other servers have Chat Completions.
Where one of them says that it is the other one, that one is asked from then on. Sources: OpenAI, "Data residency" (the
regional hosts); Microsoft, "Azure OpenAI v1 API" (Azure's).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal
from urllib.parse import urlsplit

from graphs.models.chat import ChatModel
from graphs.models.connection import OPENAI_URL, Deadlines
from graphs.models.errors import ModelUnavailable
from graphs.models.model import Model, ModelReply, TextDelta
from graphs.models.responses import ResponsesModel

logger = logging.getLogger(__name__)

Api = Literal["auto", "responses", "chat"]
Name = Literal["responses", "chat"]

NAMES: Mapping[Name, str] = {"responses": "Responses", "chat": "Chat Completions"}

_OF_RESPONSES = (".api.openai.com", ".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")


def open_model(
    *,
    api_key: str,
    model: str,
    base_url: str | None = None,
    api: Api = "auto",
    deadlines: Deadlines | None = None,
    max_retries: int = 2,
) -> Model:
    """The model at this address, over the interface that `api` names. Close it with `aclose`."""
    url = base_url or OPENAI_URL

    def over(name: Name) -> Model:
        kind = ResponsesModel if name == "responses" else ChatModel
        return kind(api_key=api_key, model=model, base_url=url, deadlines=deadlines, max_retries=max_retries)

    return ChosenModel(over, _likely(url)) if api == "auto" else over(api)


def _likely(base_url: str) -> Name:
    """The interface that is asked first at this address."""
    host = f".{urlsplit(base_url).hostname or ''}"
    return "responses" if host.endswith(_OF_RESPONSES) else "chat"


class ChosenModel:
    """A model whose server may say that it is to be asked over its other interface. `over` makes it for one."""

    def __init__(self, over: Callable[[Name], Model], first: Name) -> None:
        self._models: dict[Name, Model] = {}
        self._over = over
        self._choice: Name = first
        self._is_logged = False
        self._may_change = True

    @property
    def name(self) -> str:
        return self._model(self._choice).name

    def _model(self, name: Name) -> Model:
        if name not in self._models:
            self._models[name] = self._over(name)
        return self._models[name]

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        """See `Model.stream`. Raises what the first one said, where the other one is not there either."""
        first = self._choice
        try:
            async with aclosing(self._over_one(first, messages, tools)) as parts:
                async for part in parts:
                    yield part
            return
        except ModelUnavailable as error:
            if not error.is_elsewhere or not (self._may_change or self._choice != first):
                raise
            refusal = error
        try:
            async with aclosing(self._over_one(_other(first), messages, tools, refusal)) as parts:
                async for part in parts:
                    yield part
            return
        except ModelUnavailable as error:
            failure = refusal if error.is_elsewhere else error
        raise failure  # out here, where it keeps its cause

    async def _over_one(
        self,
        name: Name,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        refusal: ModelUnavailable | None = None,
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        async with aclosing(self._model(name).stream(messages, tools)) as parts:
            async for part in parts:
                if isinstance(part, ModelReply):
                    self._note(name, refusal)
                yield part

    def _note(self, name: Name, refusal: ModelUnavailable | None) -> None:
        """Remember what a reply came over. It changes once: no two servers behind one address take turns with us."""
        if refusal is None:
            if not self._is_logged:
                logger.info("the model %s is asked over %s", self.name, NAMES[name])
        elif self._may_change:
            self._choice, self._may_change = name, False
            here, there, why = NAMES[name], NAMES[_other(name)], refusal.__cause__ or refusal
            logger.info("the model %s is asked over %s, since %s is refused (%s)", self.name, here, there, why)
        self._is_logged = True

    async def aclose(self) -> None:
        """Give back the connections."""
        for model in self._models.values():
            await model.aclose()


def _other(name: Name) -> Name:
    return "chat" if name == "responses" else "responses"
