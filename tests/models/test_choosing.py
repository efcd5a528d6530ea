"""Which interface a model is asked over, and what a server's word changes of it."""

import asyncio
import logging
from contextlib import aclosing
from typing import Any

import pytest

from graphs.models import choosing
from graphs.models.chat import ChatModel
from graphs.models.choosing import ChosenModel, Name, open_model
from graphs.models.errors import ModelUnavailable
from graphs.models.model import Model
from graphs.models.responses import ResponsesModel
from tests.models.asking import KEY, SAYS_HI, ask, both, model_at, refusal_by
from tests.models.chat_server import Answer, ChatServer, serve

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
HI = {name: Answer([body]) for name, body in SAYS_HI.items()}

NO_TOOLS_HERE = (
    "Function tools with reasoning_effort are not supported for gpt-5.6-luna in /v1/chat/completions. "
    "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
)
NOT_HERE = "This model is only supported in v1/responses and not in v1/chat/completions."

CHAT_ELSEWHERE = [(400, {"error": {"message": NO_TOOLS_HERE}}), (404, {"error": {"message": NOT_HERE}})]
RESPONSES_ELSEWHERE: list[tuple[int, Any]] = [
    (404, {"detail": "Not Found"}),
    (404, {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}),
    (404, {"error": {"code": "404", "message": "Resource not found"}}),
    (404, {"error": {"message": "Invalid URL (POST /v1/responses)", "type": "invalid_request_error"}}),
    (404, b"<html><title>404 Not Found: the model page</title></html>"),
    (404, b""),
    (405, {"detail": "Method Not Allowed"}),
    (501, b"Not Implemented"),
    (400, {"error": {"message": "Unknown url /v1/responses", "code": "unknown_url"}}),
    (400, {"error": {"message": "Azure OpenAI Responses API is enabled only for api-version 2025-03-01-preview"}}),
]
NOT_ELSEWHERE: list[tuple[str, int, Any]] = [
    ("responses", 404, {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}}),
    ("responses", 404, {"error": {"message": "model 'm' not found, try pulling it first"}}),
    ("responses", 404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}),
    ("responses", 404, {"error": {"message": "Item with id 'rs_1' not found.", "param": "input"}}),
    ("responses", 400, {"error": {"message": "temperature"}}),
    ("responses", 401, {"error": {"message": "no key for /v1/responses"}}),
    ("responses", 429, {"error": {"message": "slow down"}}),
    ("chat", 404, {"detail": "Not Found"}),
    ("chat", 400, {"error": {"message": "temperature"}}),
    ("chat", 401, {"error": {"message": "use /v1/responses"}}),
]


def chosen(server: ChatServer, first: Name) -> ChosenModel:
    def over(name: Name) -> Model:
        return model_at(server, name)

    return ChosenModel(over, first)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (None, "responses"),
        ("https://api.openai.com/v1", "responses"),
        ("https://eu.api.openai.com/v1/", "responses"),
        ("https://mine.openai.azure.com/openai/v1/", "responses"),
        ("https://mine.services.ai.azure.com/openai/v1/", "responses"),
        ("https://mine.cognitiveservices.azure.com/openai/v1/", "responses"),
        ("https://generativelanguage.googleapis.com/v1beta/openai/", "chat"),
        ("https://api.deepseek.com/v1", "chat"),
        ("https://openrouter.ai/api/v1", "chat"),
        ("https://api.openai.com.example.org/v1", "chat"),
        ("https://notapi.openai.com/v1", "chat"),
        ("http://127.0.0.1:11434/v1", "chat"),
    ],
)
async def test_the_address_says_what_is_asked_first(url: str | None, kind: Name, monkeypatch: pytest.MonkeyPatch):
    asked: list[Name] = []

    def note(_over: Any, first: Name) -> Model:
        asked.append(first)
        return ChatModel(api_key=KEY, model="m")

    monkeypatch.setattr(choosing, "ChosenModel", note)
    await open_model(api_key=KEY, model="m", base_url=url).aclose()
    assert asked == [kind]


@pytest.mark.parametrize(("api", "kind"), [("responses", ResponsesModel), ("chat", ChatModel)])
async def test_what_is_set_is_what_is_asked(api: Any, kind: type[Model]):
    async with aclosing(open_model(api_key=KEY, model="m", base_url="https://api.openai.com/v1", api=api)) as model:
        assert type(model) is kind
        assert model.name == "m"


@pytest.mark.parametrize(
    ("first", "status", "body"),
    [("chat", *each) for each in CHAT_ELSEWHERE] + [("responses", *each) for each in RESPONSES_ELSEWHERE],
)
async def test_where_a_server_says_so_the_other_one_is_asked_from_then_on(
    first: Name, status: int, body: Any, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "graphs.models.choosing")
    second: Name = "chat" if first == "responses" else "responses"
    async with serve(Answer(status=status, body=body), HI[second]) as server, aclosing(chosen(server, first)) as model:
        assert (await ask(model))[1].text == "Hi!"
        assert (await ask(model))[1].text == "Hi!"
    paths = {"chat": CHAT, "responses": RESPONSES}
    assert server.paths == [paths[first], paths[second], paths[second]]
    (record,) = caplog.records
    assert "is refused" in record.getMessage()


@pytest.mark.parametrize(("first", "status", "body"), NOT_ELSEWHERE)
async def test_any_other_refusal_changes_nothing(first: Name, status: int, body: Any):
    async with serve(Answer(status=status, body=body)) as server, aclosing(chosen(server, first)) as model:
        with pytest.raises(ModelUnavailable):
            await ask(model)
    assert len(server.requests) == 1


async def test_what_was_chosen_is_logged_once(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "graphs.models.choosing")
    async with serve(HI["responses"]) as server, aclosing(chosen(server, "responses")) as model:
        await ask(model)
        await ask(model)
    assert [record.getMessage() for record in caplog.records] == ["the model m is asked over Responses"]


async def test_where_neither_is_there_the_first_refusal_is_told_and_nothing_is_remembered():
    nothing = Answer(status=404, body={"detail": "Not Found"})
    also_not = Answer(status=404, body={"error": {"message": NOT_HERE}})
    async with (
        serve(nothing, also_not, HI["responses"]) as server,
        aclosing(chosen(server, "responses")) as model,
    ):
        with pytest.raises(ModelUnavailable) as error:
            await ask(model)
        assert error.value.__cause__ is not None, "the log has its cause"
        assert "Not Found" in str(error.value.__cause__)
        assert (await ask(model))[1].text == "Hi!"
    assert server.paths == [RESPONSES, CHAT, RESPONSES]


async def test_what_the_other_one_says_is_told_where_it_is_there():
    nothing = Answer(status=404, body={"detail": "Not Found"})
    no_model = Answer(status=404, body={"error": {"message": "The model `m` does not exist"}})
    async with serve(nothing, no_model) as server, aclosing(chosen(server, "responses")) as model:
        with pytest.raises(ModelUnavailable, match="does not have the model"):
            await ask(model)


async def test_it_changes_once():
    nothing = Answer(status=404, body={"detail": "Not Found"})
    not_here = Answer(status=404, body={"error": {"message": NOT_HERE}})
    async with serve(nothing, HI["chat"], not_here) as server, aclosing(chosen(server, "responses")) as model:
        await ask(model)
        with pytest.raises(ModelUnavailable):
            await ask(model)
    assert server.paths == [RESPONSES, CHAT, CHAT]


async def test_several_conversations_at_once_find_out_together():
    def read(request: dict[str, Any]) -> Answer:
        return HI["chat"] if "messages" in request else Answer(status=404, body={"detail": "Not Found"})

    async with serve(read) as server, aclosing(chosen(server, "responses")) as model:
        replies = await asyncio.gather(*(ask(model) for _ in range(5)))
        assert (await ask(model))[1].text == "Hi!"
    assert [reply.text for _, reply in replies] == ["Hi!"] * 5
    assert server.paths[-1] == CHAT


@both
async def test_what_is_set_does_not_change(wire: str):
    status, body = CHAT_ELSEWHERE[0] if wire == "chat" else RESPONSES_ELSEWHERE[0]
    async with serve(Answer(status=status, body=body)) as server:
        error = await refusal_by(server, wire)
    assert "whoever runs this bot has to check LLM_API" in str(error)
    assert not error.retryable
    assert len(server.requests) == 1
