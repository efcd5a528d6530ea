"""What a server asks a person for, in both eras of the protocol."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from graphs import Command
from graphs.agent import halting
from graphs.approvals.decisions import Approve
from graphs.mcp import live
from graphs.mcp.elicitation import DECLINE, SEND, Unaskable, form
from graphs.mcp.live import LiveCalls
from graphs.mcp.servers import Servers
from storage import Storage, deadlines
from storage.interrupts import InterruptRow
from tests.agent.conversing import CONFIG, calls, says
from tests.mcp.conftest import ServedTalk
from tests.mcp.served import Folder, listed, loaded
from tests.support.clock import Clock
from tests.support.waiting import until

NAMED = {"name": "Ana"}


async def asking(storage: Storage, folder: Folder, started: list[Servers], tool: str = "asks") -> ServedTalk:
    """A conversation in which this tool was called, and let run."""
    folder.lists(listed(tool))
    servers = await loaded(folder.servers(storage))
    started.append(servers)
    talk = ServedTalk(storage, servers, calls((f"raw__{tool}", {})), says("Done."))
    await talk.say("Go.")
    await talk.decide(Approve())
    return talk


async def answer(talk: ServedTalk, value: Any) -> InterruptRow:
    row = await talk.waiting()
    await talk.graph.ainvoke(Command(resume={row.id: value}), CONFIG, by="U0ANA")
    return row


@pytest.mark.slow
async def test_a_server_asks_twice_and_goes_on_with_what_it_was_told(
    storage: Storage, folder: Folder, started: list[Servers]
):
    talk = await asking(storage, folder, started)
    first = await answer(talk, NAMED)
    assert (first.kind, first.payload["question"], first.requester) == ("question", "raw asks: Whose name?", "U0ANA")
    second = await answer(talk, "Yes")
    assert second.payload["question"] == "raw asks: Are you sure?"
    (told,) = await talk.results()
    assert json.loads(told) == [
        {"action": "accept", "content": {"name": "Ana"}},
        {"action": "accept", "content": {"sure": True}},
    ]
    begun = folder.calls("asks")
    assert len(begun) == (3 if folder.era == "2026-07-28" else 1)
    assert sum(line.endswith("None") for line in begun) == 1  # from the start once only


@pytest.mark.slow
async def test_a_person_may_say_no(storage: Storage, folder: Folder, started: list[Servers]):
    talk = await asking(storage, folder, started)
    await answer(talk, DECLINE)
    if folder.era == "2026-07-28":
        await answer(talk, DECLINE)
    (told,) = await talk.results()
    assert {each["action"] for each in json.loads(told)} == {"decline"}


@pytest.mark.slow
async def test_after_a_restart_it_goes_on_with_what_was_answered(
    storage: Storage, folder: Folder, started: list[Servers]
):
    talk = await asking(storage, folder, started)
    await answer(talk, NAMED)
    await started.pop().aclose()
    servers = folder.servers(storage)
    started.append(servers)
    await servers.load()
    talk = ServedTalk(storage, servers, *talk.model.lines)
    await answer(talk, "Yes")
    (told,) = await talk.results()
    assert [each["action"] for each in json.loads(told)] == ["accept", "accept"]
    assert len(await talk.questions()) == 3
    from_the_start = [line for line in folder.calls("asks") if line.endswith("None")]
    assert len(from_the_start) == (1 if folder.era == "2026-07-28" else 2)


@pytest.mark.slow
@pytest.mark.parametrize("era", ["2025-11-25"], indirect=True)
async def test_a_call_under_way_does_not_wait_for_ever(
    storage: Storage, folder: Folder, started: list[Servers], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "KEPT_FOR", 0.05)
    talk = await asking(storage, folder, started)
    await until(lambda: folder.calls("cancelled"), "the call to be given up")
    await answer(talk, NAMED)
    await until(lambda: len(folder.calls("cancelled")) == 2, "the call to be given up")
    await answer(talk, "No")
    assert json.loads((await talk.results())[0])[1]["content"] == {"sure": False}


@pytest.mark.slow
@pytest.mark.parametrize("era", ["2025-11-25"], indirect=True)
async def test_a_call_whose_question_is_taken_back_is_given_up(
    storage: Storage, folder: Folder, started: list[Servers], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "LOOK_EVERY", 0.02)
    talk = await asking(storage, folder, started)
    await answer(talk, NAMED)
    row = await talk.waiting()
    await asyncio.sleep(0.2)
    assert folder.calls("cancelled") == []
    await storage.write(lambda db: halting.begin(db, row.thread_id, "stop", 0.0, by="U0ANA", team="T0LOCAL"))
    await until(lambda: folder.calls("cancelled"), "the call to be given up")


@pytest.mark.slow
@pytest.mark.parametrize("era", ["2026-07-28"], indirect=True)
async def test_what_a_call_asks_stands_beside_a_call_that_waits(
    storage: Storage, folder: Folder, started: list[Servers]
):
    folder.lists(listed("asks"), listed("echo"))
    servers = await loaded(folder.servers(storage))
    started.append(servers)
    talk = ServedTalk(storage, servers, calls(("raw__asks", {}), ("raw__echo", {"a": 1})), says("Done."))
    await talk.say("Go.")
    rows = {row.payload["name"]: row for row in await talk.all_waiting()}
    await talk.decide(Approve(), row=rows["raw.asks"])
    asked, waits = sorted(await talk.all_waiting(), key=lambda row: row.kind)
    assert asked.payload == {"question": "raw asks: Whose name?"}
    assert waits.id == rows["raw.echo"].id
    await talk.decide(Approve(), row=waits)
    assert [row.id for row in await talk.all_waiting()] == [asked.id]
    assert folder.calls("echo") == ['echo {"a": 1} None']


@pytest.mark.slow
@pytest.mark.parametrize("era", ["2026-07-28"], indirect=True)
async def test_what_is_not_a_form_is_refused_in_a_sentence(storage: Storage, folder: Folder, started: list[Servers]):
    talk = await asking(storage, folder, started, "samples")
    (told,) = await talk.results()
    assert "'sampling/createMessage', which this client does not do" in told


@pytest.mark.slow
async def test_only_forms_are_advertised(storage: Storage, folder: Folder, started: list[Servers]):
    await asking(storage, folder, started, "echo")
    (line,) = folder.calls("client")
    assert json.loads(line.removeprefix("client ")) == {"elicitation": {"form": {}}}


@pytest.mark.slow
@pytest.mark.parametrize("clock", [Clock()])
async def test_a_question_that_nobody_answers_in_time_is_cancelled(
    storage: Storage, folder: Folder, started: list[Servers], clock: Clock
):
    talk = await asking(storage, folder, started)
    clock.forward(hours=25)
    await storage.write(lambda db: deadlines.expire(db, clock.seconds()))
    await talk.go_on()
    if folder.era == "2026-07-28":
        await answer(talk, "Yes")
    (told,) = await talk.results()
    assert json.loads(told)[0] == {"action": "cancel"}


ASKED = types.ElicitRequestFormParams(message="Whose?", requested_schema={"type": "object", "properties": {}})


async def forever() -> None:
    await asyncio.Event().wait()


async def test_what_is_asked_while_two_calls_are_at_work_is_refused_and_they_take_turns_from_then_on():
    calls_under_way = LiveCalls()
    first = await calls_under_way.begin("1", forever)
    await calls_under_way.begin("2", forever)
    refused = await calls_under_way.asked(ASKED)
    assert isinstance(refused, types.ErrorData)
    assert "cannot tell which one" in refused.message
    third = asyncio.create_task(calls_under_way.begin("3", forever))
    first.give_up()
    await first.over()
    asked = asyncio.create_task(calls_under_way.asked(ASKED))
    second = await calls_under_way.begin("2", forever)
    assert await second.question(0) == ASKED
    await third  # the second waits for a person, and holds up nobody
    second.answer(0, types.ElicitResult(action="decline"))
    assert await asked == types.ElicitResult(action="decline")
    calls_under_way.close()


async def test_what_is_asked_while_nothing_is_under_way_is_refused():
    assert isinstance(await LiveCalls().asked(ASKED), types.ErrorData)


async def test_an_address_is_not_opened():
    refused = await LiveCalls().asked(types.ElicitRequestURLParams(message="Log in", url="https://example.com/"))
    assert isinstance(refused, types.ErrorData)


async def test_no_more_than_so_many_wait_for_people(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live, "MOST_KEPT", 1)
    calls_under_way = LiveCalls()
    first = await calls_under_way.begin("1", forever)
    asked = asyncio.create_task(calls_under_way.asked(ASKED))
    assert await first.question(0) == ASKED
    await calls_under_way.begin("2", forever)
    with pytest.raises(MCPError, match="given up"):
        await first.result()
    asked.cancel()
    calls_under_way.close()


def requested(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


@pytest.mark.parametrize(
    ("schema", "buttons"),
    [
        (requested({}), [SEND, DECLINE]),
        (requested({"a": {"type": "boolean"}}, "a"), ["Yes", "No", DECLINE]),
        (requested({"a": {"type": "string", "enum": ["x", "y"]}}, "a"), ["x", "y", DECLINE]),
        (requested({"a": {"oneOf": [{"const": "x", "title": "An X"}]}}, "a"), ["An X", DECLINE]),
    ],
)
def test_what_has_few_answers_is_a_button_each(schema: Any, buttons: list[str]):
    assert form("git", "Sure?", schema).schema == {"enum": buttons}


@pytest.mark.parametrize(
    "schema",
    [
        requested({"a": {"type": "boolean"}}),
        requested({"a": {"type": "boolean"}, "b": {"type": "string"}}, "a"),
        requested({"a": {"enum": list("abcdef")}}, "a"),
        requested({"a": {"enum": ["Decline"]}}, "a"),
    ],
)
def test_anything_else_is_a_form_that_may_be_declined(schema: Any):
    made = form("git", "Who?", schema)
    assert made.schema == {"anyOf": [schema, {"const": DECLINE}]}
    assert made.result(DECLINE) == {"action": "decline"}
    assert made.result({"a": None}) == {"action": "accept", "content": {}}
    assert made.result({"a": "x"}) == {"action": "accept", "content": {"a": "x"}}


def test_a_form_begins_with_what_the_server_proposes():
    parts = {
        "count": {"type": "integer", "default": 3},
        "sure": {"type": "boolean", "default": False},
        "kinds": {"type": "array", "items": {"enum": ["a", "b"]}, "default": ["a"]},
        "odd": {"type": "integer", "default": "three"},
        "none": {"type": "integer", "default": True},
        "question": {"type": "string", "default": "why"},
    }
    said = {"question": "git asks: Who?", "count": 3, "sure": False, "kinds": ["a"]}
    assert form("git", "Who?", requested(parts)).payload == said


def test_what_a_server_asks_is_one_bounded_line_that_says_who_asks():
    said = form("git", "Signoff asks:\n" + "x" * 5000, requested({})).payload["question"]
    assert said.startswith("git asks: Signoff asks: xxx")
    assert len(said) < 3020


def test_too_much_at_once_cannot_be_asked():
    with pytest.raises(Unaskable, match="at most 40"):
        form("git", "All?", requested({f"a{n}": {"type": "string"} for n in range(41)}))
