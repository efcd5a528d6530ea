"""What becomes of calls: asked about, run, kept, cut off, late."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.shown.on_record import record_of
from graphs.agent.errors import InvalidArguments
from graphs.approvals.decisions import Approve, Edit
from graphs.approvals.states import DoubtChoice
from graphs.mcp.servers import Servers
from storage import Storage, kept_results
from tests.agent.conversing import ANA, THREAD, calls, says
from tests.mcp.conftest import ServedTalk
from tests.mcp.served import Folder, listed, loaded, offered
from tests.support.waiting import until

pytestmark = pytest.mark.slow

READS = {"readOnlyHint": True}


async def talking(
    storage: Storage, folder: Folder, started: list[Servers], tool: dict[str, Any], args: dict[str, Any], **spec: Any
) -> ServedTalk:
    """A conversation in which this tool was called."""
    folder.lists(tool)
    servers = await loaded(folder.servers(storage, **spec))
    started.append(servers)
    (wire_name,) = offered(servers)
    talk = ServedTalk(storage, servers, calls((wire_name, args)), says("Done."))
    await talk.say("Go.")
    return talk


async def test_a_call_asks_and_runs_the_very_bytes_that_were_shown(
    storage: Storage, folder: Folder, started: list[Servers]
):
    talk = await talking(storage, folder, started, listed("echo", {"b": {}, "a": {}}), {"b": [1.0, None], "a": "ü"})
    row = await talk.waiting()
    assert (row.payload["name"], row.payload["args"]) == ("raw.echo", {"a": "ü", "b": [1.0, None]})
    assert row.payload["title"] == 'Echo (b [1.0, null], a "ü")'
    await talk.decide(Approve())
    assert await talk.results() == [json.dumps({"a": "ü", "b": [1.0, None]}, sort_keys=True)]


async def test_an_edit_is_run_as_it_was_edited(storage: Storage, folder: Folder, started: list[Servers]):
    talk = await talking(storage, folder, started, listed("echo", {"a": {"type": "integer"}}), {"a": 1})
    with pytest.raises(InvalidArguments, match="a whole number"):
        await talk.desk.decide((await talk.waiting()).id, THREAD, ANA, Edit("raw.echo", {"a": "x"}))
    await talk.decide(Edit("raw.echo", {"a": 2}))
    assert folder.calls("echo") == ['echo {"a": 2} None']


@pytest.mark.parametrize(
    ("annotations", "trusted", "asks"),
    [({}, True, True), (READS, False, True), (READS, True, False), ({"destructiveHint": False}, True, True)],
)
async def test_what_a_server_says_spares_a_question_only_where_it_is_trusted(
    storage: Storage, folder: Folder, started: list[Servers], annotations: Any, trusted: bool, asks: bool
):
    tool = listed("echo", annotations=annotations)
    talk = await talking(storage, folder, started, tool, {}, trust_annotations=trusted)
    assert len(await talk.all_waiting()) == int(asks)


async def test_what_it_says_makes_a_tool_stricter_in_any_case(storage: Storage, folder: Folder, started: list[Servers]):
    folder.lists(
        listed("gone", annotations={"destructiveHint": True}),
        listed("again", annotations={"idempotentHint": True, "title": "Do\nit *again*"}),
        listed("plain"),
    )
    servers = await loaded(folder.servers(storage))
    started.append(servers)
    tools = servers.servers["raw"].tools
    assert [each.destructive for each in tools.values()] == [False, True, False]
    assert [each.repeatable for each in tools.values()] == [True, False, False]
    assert tools["raw.again"].title_of({}) == "Do it *again*"


async def test_what_is_fixed_is_not_the_models_to_say(storage: Storage, folder: Folder, started: list[Servers]):
    tool = listed("echo", {"repo": {"type": "string"}, "a": {}})
    tool["inputSchema"]["required"] = ["repo", "a"]
    talk = await talking(storage, folder, started, tool, {"a": 1, "repo": "/etc"}, fixed={"repo": "/srv"})
    (definition,) = talk.toolbox.definitions
    parameters = definition["function"]["parameters"]
    assert (list(parameters["properties"]), parameters["required"]) == (["a"], ["a"])
    assert (await talk.waiting()).payload["args"] == {"a": 1, "repo": "/srv"}
    await talk.decide(Edit("raw.echo", {"a": 2, "repo": "/root"}))
    assert folder.calls("echo") == ['echo {"a": 2, "repo": "/srv"} None']


async def test_a_tool_that_fails_is_told_in_its_own_words(storage: Storage, folder: Folder, started: list[Servers]):
    talk = await talking(storage, folder, started, listed("fails"), {})
    await talk.decide(Approve())
    (told,) = await talk.results()
    assert "There is no such thing." in told


async def test_a_picture_is_kept_for_people_and_told_in_a_line(
    storage: Storage, folder: Folder, started: list[Servers]
):
    talk = await talking(storage, folder, started, listed("picture"), {})
    await talk.decide(Approve())
    assert await talk.results() == ["Here.\n[picture picture-1.png, image/png, 2 kB, shown in the conversation]"]
    (kept,) = await storage.read(lambda db: kept_results.of_thread(db, THREAD))
    assert (kept.name, kept.media_type, kept.size, kept.shown_in) == ("picture-1.png", "image/png", 2004, None)
    data = await storage.read(lambda db: kept_results.data(db, THREAD, kept.call_id, kept.number))
    assert (data or b"").startswith(b"\x89PNG")


async def test_structured_content_is_told_where_no_text_says_it(
    storage: Storage, folder: Folder, started: list[Servers]
):
    talk = await talking(storage, folder, started, listed("structured"), {})
    await talk.decide(Approve())
    assert await talk.results() == ['{"a":1}']


async def test_a_long_text_is_cut_for_the_model_and_kept_whole(
    storage: Storage, folder: Folder, started: list[Servers]
):
    talk = await talking(storage, folder, started, listed("long"), {})
    await talk.decide(Approve())
    (told,) = await talk.results()
    assert len(told) < 101_000
    (kept,) = await storage.read(lambda db: kept_results.of_thread(db, THREAD))
    assert (kept.name, kept.size) == ("result.txt", 300_002)


@pytest.mark.parametrize(("tool", "what"), [("huge", "more than 32 MB"), ("many", "more values than can be read")])
async def test_what_is_too_large_is_refused_in_a_line(
    storage: Storage, folder: Folder, started: list[Servers], tool: str, what: str
):
    talk = await talking(storage, folder, started, listed(tool), {})
    await talk.decide(Approve())
    (told,) = await talk.results()
    assert f"It returned {what}." in told
    assert "has taken effect" in told
    assert await storage.read(lambda db: kept_results.of_thread(db, THREAD)) == []


async def test_one_that_never_answers_times_out(storage: Storage, folder: Folder, started: list[Servers]):
    talk = await talking(storage, folder, started, listed("never"), {}, timeout=0.3)
    await talk.decide(Approve())
    (told,) = await talk.results()
    assert "0.3 s" in told
    assert "may or may not" in told


async def settle(talk: ServedTalk, choice: DoubtChoice) -> None:
    row = await talk.waiting()
    assert row.kind == "in_doubt"
    await talk.desk.settle_doubt(row.id, THREAD, ANA, choice)
    await talk.go_on()


async def test_a_call_whose_server_died_is_in_doubt_and_a_person_says_what_became_of_it(
    storage: Storage, folder: Folder, started: list[Servers]
):
    talk = await talking(storage, folder, started, listed("die"), {"a": 1})
    await talk.decide(Approve())
    assert (await talk.waiting()).payload["name"] == "raw.die"
    await settle(talk, "run_again")
    assert len(folder.calls("die")) == 2
    await settle(talk, "it_ran")
    assert len(folder.calls("die")) == 2
    (told,) = await talk.results()
    assert "the person who asked" in told


async def test_one_that_may_be_repeated_failed(storage: Storage, folder: Folder, started: list[Servers]):
    talk = await talking(storage, folder, started, listed("die", annotations={"idempotentHint": True}), {})
    await talk.decide(Approve())
    (told,) = await talk.results()
    assert "The server raw was lost before it answered. It may be called again." in told


async def test_an_unknown_tool_is_told_with_the_names_that_models_know(
    storage: Storage, folder: Folder, started: list[Servers]
):
    folder.lists(listed("echo"))
    servers = await loaded(folder.servers(storage))
    started.append(servers)
    talk = ServedTalk(storage, servers, calls(("raw__nothing", {})), says("Done."))
    await talk.say("Go.")
    assert "The tools are: raw__echo." in (await talk.results())[0]


async def test_calls_side_by_side_are_each_their_own(storage: Storage, folder: Folder, started: list[Servers]):
    folder.lists(listed("echo", annotations=READS))
    servers = await loaded(folder.servers(storage, trust_annotations=True))
    started.append(servers)
    proposed = [("raw__echo", {"n": n}) for n in range(8)]
    talk = ServedTalk(storage, servers, calls(*proposed), says("Done."))
    await talk.say("Go.")
    assert await talk.results() == [json.dumps({"n": n}) for n in range(8)]


async def test_what_is_stopped_is_told_to_the_server(storage: Storage, folder: Folder, started: list[Servers]):
    folder.lists(listed("never", annotations=READS))
    servers = await loaded(folder.servers(storage, trust_annotations=True))
    started.append(servers)
    talk = ServedTalk(storage, servers, calls(("raw__never", {})), says("Done."))
    turn = asyncio.create_task(talk.say("Go."))
    await until(lambda: folder.calls("never"), "the call")
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    await until(lambda: folder.calls("cancelled"), "the server to hear of it")


async def test_a_card_has_the_servers_title_and_the_exact_name_in_small_print(
    storage: Storage, folder: Folder, started: list[Servers]
):
    tool = listed("echo", {"b": {}, "a": {}}, title="Echo <!channel> *now*\nReads nothing")
    talk = await talking(storage, folder, started, tool, {"a": 1, "b": "two words"})
    messages = await talk.messages()
    record = await storage.read(lambda db: record_of(db, talk.toolbox, THREAD, messages))
    (call,) = record.calls(messages[-1], {})
    assert call.title == 'Echo <!channel> *now* Reads nothing (b "two words", a 1)'
    assert (call.function, list(call.args)) == ("raw.echo", ["b", "a"])
