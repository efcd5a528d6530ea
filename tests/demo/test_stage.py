"""The demo's model knows what the agent says that it can be told, whichever agent is set up."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from bot.demo.stage import stage

AGENT = """
from graphs import Agent, tool

@tool
def put_up(notice: str, wall: str) -> str:
    "Put up a notice on a wall."
    return "Up."

agent = Agent(instructions="", tools=[put_up], examples=["hang the menu on the kitchen door"])
"""


async def said(data: Path, text: str) -> str:
    async with stage(data, 0) as built, aiohttp.ClientSession(headers={"Authorization": "Bearer any"}) as http:
        body = {"model": "any", "messages": [{"role": "user", "content": text}]}
        body["tools"] = [{"type": "function", "function": {"name": "put_up"}}]
        async with http.post(f"{built.environment['OPENAI_BASE_URL']}/chat/completions", json=body) as response:
            return (await response.json())["choices"][0]["message"]["content"]


async def test_the_agents_examples_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "notices_for_a_test.py").write_text(AGENT, "utf-8")
    monkeypatch.setenv("SIGNOFF_AGENT", "notices_for_a_test:agent")
    assert "- hang the menu on the kitchen door" in await said(tmp_path, "hello")


async def shown(data: Path) -> str:
    """All that the page is told of the workspace."""
    async with stage(data, 0) as built, aiohttp.ClientSession() as http:
        found: list[str] = []
        for path in ("boot", "tables"):
            async with http.get(f"{built.url}/client/{path}") as response:
                found.append(await response.text())
    return " ".join(found)


async def test_another_agent_works_where_nothing_is_of_the_sample_shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("SIGNOFF_AGENT", raising=False)
    with closing(sqlite3.connect(tmp_path / "orders.db")) as database:
        database.execute("create table orders (id)")
        database.commit()
    sample = ("Harbour Goods", '"support"', "Customer support", "orders")
    told = await shown(tmp_path)
    assert all(word in told for word in sample)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "notices_for_a_test.py").write_text(AGENT, "utf-8")
    monkeypatch.setenv("SIGNOFF_AGENT", "notices_for_a_test:agent")
    told = await shown(tmp_path)
    assert not any(word in told for word in sample)
    assert "Local workspace" in told


@pytest.mark.parametrize("source", ["raise RuntimeError", "agent = 1", "import nothing_like_this"])
async def test_an_agent_that_cannot_be_imported_is_the_bots_business(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    module = f"broken_{len(source)}_for_a_test"
    (tmp_path / f"{module}.py").write_text(source, "utf-8")
    monkeypatch.setenv("SIGNOFF_AGENT", f"{module}:agent")
    assert "- `put_up`" in await said(tmp_path, "hello")


@pytest.mark.slow
async def test_what_the_demo_keeps_is_its_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    old = os.umask(0o000)
    try:
        async with stage(tmp_path / "new" / "data", 0) as built:
            await built.start_bot()
            kept = {path.name: path.stat().st_mode & 0o777 for path in built.data.iterdir() if path.is_file()}
            folders = [path.stat().st_mode & 0o777 for path in (built.data, built.data / "repository")]
        (built.data / "orders.db").chmod(0o644)
        async with stage(built.data, 0):
            assert (built.data / "orders.db").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(old)
    assert folders == [0o700, 0o700]
    assert {"signoff.db", "workspace.db", "orders.db"} <= set(kept)
    assert set(kept.values()) == {0o600}, kept
