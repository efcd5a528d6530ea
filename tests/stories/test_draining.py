"""SIGTERM: what runs is finished, nothing is begun, and what people do meanwhile is stored. The bot ends, with exit
code 0, whoever hangs.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import Page, Person
from tests.stories.programs import Stage
from tests.stories.replicas import Replicas
from tests.support.waiting import until

pytestmark = pytest.mark.slow


def book(entry: str, pause: float) -> list[object]:
    call = {"name": "book", "arguments": {"entry": entry, "pause": pause}}
    return [{"text": "Let me see.", "tool_calls": [call]}, {"text": f"That was {entry}."}]


SCRIPT = {
    "fast": book("fast", 0),
    "slow": book("slow", 3),
    "endless": book("endless", 3600),
    "hello": [{"text": "Hello yourself."}],
}


@pytest.fixture(scope="module")
def stage(new_stage: NewStage) -> Stage:
    return new_stage(agent="tests.stories.agents.ledger:agent", script=SCRIPT)


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    """The same in HTTP mode."""
    made = Replicas(tmp_path_factory.mktemp("posted"), 1, agent="tests.stories.agents.ledger:agent", script=SCRIPT)
    yield made
    made.close()


@pytest.fixture
async def ben(posted: Replicas) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession() as http:
        yield Person(Page(http, posted.url, posted.model_url), "U0ANA", "D0ANA")


def lines(folder: Path) -> list[str]:
    file = folder / "ledger.txt"
    return file.read_text("utf-8").split() if file.exists() else []


async def test_over_socket_mode_clicks_and_messages_are_taken_while_a_step_is_finished(ana: Person, stage: Stage):
    slow, fast = await ana.say("slow"), await ana.say("fast")
    slow_card, fast_card = await slow.card(), await fast.card()
    await ana.click(slow_card, "Approve")
    await until(lambda: lines(stage.folder) == ["slow"], "a call to run")
    stopping = asyncio.create_task(asyncio.to_thread(stage.stop_bot))
    await until(lambda: "Stopping, once" in stage.log, "the bot to be told")
    await ana.click(fast_card, "Approve")  # which fails unless it is acknowledged
    hello = await ana.say("hello")

    async def is_acknowledged() -> bool:
        entries = await ana.page.journal()
        sent = {e["envelope_id"] for e in entries if e.get("payload", {}).get("event", {}).get("ts") == hello.ts}
        return bool(sent & {e["envelope_id"] for e in entries if e["kind"] == "ack" and e["in_time"]})

    await until(is_acknowledged, "the message to be acknowledged")
    assert not stopping.done()
    assert await stopping == 0
    assert lines(stage.folder) == ["slow"], "nothing was begun"
    stage.start_bot()
    await fast.says("That was fast.", after=fast_card["ts"])
    await slow.says("That was slow.", after=slow_card["ts"])
    await hello.says("Hello yourself.")
    assert lines(stage.folder) == ["slow", "fast"]
    assert [len(await each.said()) for each in (slow, fast, hello)] == [3, 3, 1]


async def test_over_http_clicks_and_messages_are_taken_while_a_step_is_finished(ben: Person, posted: Replicas):
    (port,) = posted.ports
    posted.start(port)
    slow, fast = await ben.say("slow"), await ben.say("fast")
    slow_card, fast_card = await slow.card(), await fast.card()
    await ben.click(slow_card, "Approve")
    await until(lambda: lines(posted.folder) == ["slow"], "a call to run")
    posted.tell_to_stop(port)
    await until(lambda: "Stopping, once" in posted.logs, "the bot to be told")
    await ben.click(fast_card, "Approve")  # which fails unless it is acknowledged
    hello = await ben.say("hello")
    assert await asyncio.to_thread(posted.stopped, port) == 0
    assert lines(posted.folder) == ["slow"], "nothing was begun"
    posted.start(port)
    await fast.says("That was fast.", after=fast_card["ts"])
    await slow.says("That was slow.", after=slow_card["ts"])
    await hello.says("Hello yourself.")
    assert lines(posted.folder) == ["slow", "fast"]
    assert [len(await each.said()) for each in (slow, fast, hello)] == [3, 3, 1]


async def test_whoever_hangs_at_the_port_or_in_a_tool_holds_the_end_up_for_less_than_20_seconds(
    ben: Person, posted: Replicas
):
    (port,) = posted.ports
    if port not in posted.ready:
        posted.start(port)
    endless = await ben.say("endless")
    await ben.click(await endless.card(), "Approve")
    await until(lambda: "endless" in lines(posted.folder), "a call to run")
    head = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
    signed = f"X-Slack-Request-Timestamp: {int(time.time())}\r\nX-Slack-Signature: v0={'0' * 64}\r\n\r\n".encode()
    pipelined = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 2000  # and nobody reads the answers
    opened = [socket.create_connection(("127.0.0.1", int(port))) for _ in range(5)]
    for each, sent in zip(opened, [b"", b"POST /sla", head + signed, head + signed + b"{", pipelined], strict=True):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        each.setblocking(False)
        await asyncio.get_running_loop().sock_sendall(each, sent)
    posted.tell_to_stop(port)
    began = time.monotonic()

    async def hang_on() -> None:
        """Requests whose bodies do not come, until nobody takes them any more."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
            except OSError:
                return
            try:
                writer.write(head + signed)
                await reader.read()
            except OSError:
                pass
            finally:
                writer.close()

    hanging = [asyncio.create_task(hang_on()) for _ in range(5)]
    assert await asyncio.to_thread(posted.stopped, port) == 0
    assert time.monotonic() - began < 20
    await asyncio.gather(*hanging)
    for each in opened:
        each.close()
