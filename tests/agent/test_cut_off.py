"""Tools that lose touch with the other side, and tools that return files."""

from __future__ import annotations

from typing import Any, TypedDict

import pytest
from pydantic import SecretStr

from graphs import StateGraph, once, tool
from graphs.agent.results import MOST_KEPT, ResultFile, ToolResult
from graphs.approvals.decisions import Approve
from graphs.approvals.states import DoubtChoice
from graphs.errors import CutOff, InDoubt
from graphs.runtime.types import START
from storage import Storage, kept_results
from storage.kept_results import KeptResult
from tests.agent.conversing import ANA, CONFIG, THREAD, Talk, calls, gated, says


class Said(TypedDict, total=False):
    said: str


class Line:
    """What the tools reach the other side by."""

    def __init__(self) -> None:
        self.sent = 0
        self.is_down = True

    def send(self) -> str:
        self.sent += 1
        if self.is_down:
            raise CutOff("The bank was lost before it answered.")
        return "Paid."


@pytest.fixture
def line() -> Line:
    return Line()


def paying(line: Line, **options: Any):
    @tool(**options)
    def pay(amount: int) -> str:
        """Pay."""
        return line.send()

    return pay


async def settle(talk: Talk, choice: DoubtChoice) -> None:
    row = await talk.waiting()
    assert row.kind == "in_doubt"
    await talk.desk.settle_doubt(row.id, THREAD, ANA, choice)
    await talk.go_on()


async def asked(storage: Storage, line: Line) -> Talk:
    talk = Talk(storage, [gated(paying(line, approval=True))], calls(("pay", {"amount": 5})), says("Done."))
    await talk.say("Pay.")
    await talk.decide(Approve())
    return talk


async def test_c6_what_was_cut_off_is_in_doubt_at_once(storage: Storage, line: Line):
    talk = await asked(storage, line)
    await settle(talk, "it_ran")
    assert line.sent == 1
    assert "the person who asked" in (await talk.results())[0]


async def test_c6_what_is_cut_off_again_is_asked_about_again(storage: Storage, line: Line):
    talk = await asked(storage, line)
    await settle(talk, "run_again")
    assert line.sent == 2
    line.is_down = False
    await settle(talk, "run_again")
    assert line.sent == 3
    assert await talk.results() == ["Paid."]


async def test_c6_a_doubt_waits_over_a_restart(storage: Storage, line: Line):
    talk = await asked(storage, line)
    row = await talk.waiting()
    await talk.go_on()
    assert (await talk.waiting()).id == row.id
    await settle(talk, "give_up")
    assert line.sent == 1


async def test_what_may_be_repeated_failed(storage: Storage, line: Line):
    talk = Talk(storage, [paying(line)], calls(("pay", {"amount": 5})), says("Done."))
    await talk.say("Pay.")
    assert "The bank was lost before it answered. It may be called again." in (await talk.results())[0]


async def test_D10_an_effect_that_says_that_it_was_cut_off_is_in_doubt_at_once_and_later(storage: Storage, line: Line):
    async def node(state: Said) -> Said:
        return {"said": await once("pay", line.send)}

    graph = StateGraph(Said).add_node(node).add_edge(START, "node").compile(storage)
    for given in ({}, None):
        with pytest.raises(InDoubt):
            await graph.ainvoke(given, CONFIG)
    assert line.sent == 1


async def kept_by(storage: Storage, result: ToolResult) -> tuple[str, list[KeptResult], Talk]:
    @tool
    def fetch(key: SecretStr) -> ToolResult:
        """Fetch."""
        return result

    talk = Talk(storage, [fetch], calls(("fetch", {"key": "hunter2-hunter2"})), says("Done."))
    await talk.say("Fetch.")
    return (await talk.results())[0], await storage.read(lambda db: kept_results.of_thread(db, THREAD)), talk


async def test_the_files_of_a_result_are_kept_for_people_and_its_text_is_told(storage: Storage):
    files = [ResultFile("a.png", "image/png", b"abc"), ResultFile("a.txt", "text/plain", b"with hunter2-hunter2")]
    told, (picture, text), _ = await kept_by(storage, ToolResult("Two files, hunter2-hunter2.", files))
    assert told == "Two files, [hidden]."
    assert (picture.name, picture.media_type, picture.size) == ("a.png", "image/png", 3)
    data = await storage.read(lambda db: kept_results.data(db, THREAD, text.call_id, text.number))
    assert data == b"with [hidden]"


async def test_what_is_too_large_is_not_kept_and_it_is_said(storage: Storage):
    files = [ResultFile("big.bin", "application/octet-stream", bytes(MOST_KEPT + 1)), ResultFile("a", "a/b", b"a")]
    told, kept, _ = await kept_by(storage, ToolResult("Here.", files))
    assert told == "Here.\n[big.bin, 10.0 MB, is too large and was not kept]"
    assert [each.name for each in kept] == ["a"]


async def test_a_long_text_is_kept_whole(storage: Storage):
    @tool
    def fetch() -> str:
        """Fetch."""
        return "A" + "x" * 200_000 + "Z"

    talk = Talk(storage, [fetch], calls(("fetch", {})), says("Done."))
    await talk.say("Fetch.")
    (kept,) = await storage.read(lambda db: kept_results.of_thread(db, THREAD))
    assert (kept.name, kept.size) == ("result.txt", 200_002)
    assert "characters left out here" in (await talk.results())[0]


async def test_what_was_kept_goes_with_its_thread(storage: Storage):
    await kept_by(storage, ToolResult("", [ResultFile("a", "a/b", b"a")]))
    await storage.delete_thread(THREAD)
    assert await storage.read(lambda db: kept_results.of_thread(db, THREAD)) == []
