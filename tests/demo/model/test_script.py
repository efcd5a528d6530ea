"""Exact dialogues from a file."""

import json
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, InternalServerError

from bot.demo.model import serve_model
from bot.demo.model.script import Script
from tests.demo.model.conftest import client_for

ADD = {"name": "add", "arguments": {"a": 1}}


def write(path: Path, content: Any) -> Path:
    file = path / "script.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


async def ask(client: AsyncOpenAI, *messages: Any) -> Any:
    answer = await client.chat.completions.create(model="any", messages=messages)
    return answer.choices[0].message


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


async def test_replies_follow_each_other_in_every_conversation(tmp_path: Path) -> None:
    script = write(tmp_path, [{"text": "one"}, {"text": "two", "tool_calls": [ADD, {"name": "odd", "arguments": "{"}]}])
    async with serve_model(script=script) as model, client_for(model.url) as client:
        assert (await ask(client, user("a"))).content == "one"
        assert (await ask(client, user("b"))).content == "one"
        assert (await ask(client, user("a"))).content == "one", "the same transcript gets the same reply"
        second = await ask(client, user("a"), said("one"), user("and?"))
        assert second.content == "two"
        assert [call.function.arguments for call in second.tool_calls] == ['{"a": 1}', "{"]
        with pytest.raises(
            InternalServerError, match="The script has no reply 3 for the conversation that starts with 'a'"
        ):
            await ask(client, user("a"), said("one"), said("two"), user("more"))


async def test_a_script_by_first_message(tmp_path: Path) -> None:
    script = write(tmp_path, {"hello": [{"text": "for hello"}], "*": [{"text": "for others"}]})
    async with serve_model(script=script) as model, client_for(model.url) as client:
        assert (await ask(client, user("hello"))).content == "for hello"
        assert (await ask(client, user("bye"))).content == "for others"


async def test_faults_come_before_the_reply_once(tmp_path: Path) -> None:
    script = write(tmp_path, [{"error": {"status": 500, "times": 2}}, {"delay": 0.001}, {"text": "late"}])
    async with serve_model(script=script) as model, client_for(model.url) as client:
        for _ in range(2):
            with pytest.raises(InternalServerError):
                await ask(client, user("a"))
        assert (await ask(client, user("a"))).content == "late"
        assert (await ask(client, user("a"))).content == "late"


@pytest.mark.parametrize(
    "content",
    [
        "text",
        {"a": "text"},
        [1],
        [{}],
        [{"text": "x", "other": 1}],
        [{"tool_calls": [{}]}],
        [{"error": {"status": 200}}],
    ],
)
def test_an_unusable_script_names_the_entry(content: Any) -> None:
    with pytest.raises(ValueError, match=r"entry 1|a script is a list"):
        Script(content)


def test_an_unreadable_script_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "none.json"
    with pytest.raises(ValueError, match=r"none\.json"):
        Script.load(file)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"none\.json"):
        Script.load(file)
