"""The workspace as a program: it is killed, started again, and goes on."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest

from bot.demo.workspace import PortInUse, Workspace, serve_workspace
from tests.demo.workspace.browser import started
from tests.demo.workspace.support import CARD, Page, slack_client

pytestmark = pytest.mark.slow


@asynccontextmanager
async def program(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.demo.workspace",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_killed_workspace_shows_the_same_conversation_again(tmp_path: Path, http: aiohttp.ClientSession):
    arguments = ("--port", "0", "--data", str(tmp_path))
    async with program(*arguments) as process:
        running = await started(process)
        page = Page(http, running.url)
        root = await page.say("hello")
        slack = slack_client(running.url, running.bot_token)
        await slack.chat_postMessage(channel="C0SUPPORT", thread_ts=root["ts"], text="card", blocks=CARD)
        await slack.files_upload_v2(channel="C0SUPPORT", filename="a.txt", content="kept")
        await slack.views_publish(user_id="U0ANA", view={"type": "home", "blocks": CARD})
        before = await page.messages()
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with program(*arguments) as process:
        url = (await started(process)).url
        page = Page(http, url)
        assert await page.messages() == before
        assert (await page.get("/client/boot"))["home"]["blocks"] == CARD
        async with http.get(f"{url}/client/files/{before[-1]['files'][0]['id']}?user=U0ANA") as response:
            assert await response.text() == "kept"
        later = await page.say("still here")
        assert later["ts"] > before[-1]["ts"]
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await process.wait() == 0


async def test_events_survive_a_killed_workspace(tmp_path: Path, http: aiohttp.ClientSession):
    arguments = ("--port", "0", "--data", str(tmp_path))
    async with program(*arguments) as process:
        await Page(http, (await started(process)).url).say("told later")
        process.kill()
        await process.wait()
    async with program(*arguments) as process:
        running = await started(process)
        headers = {"Authorization": f"Bearer {running.app_token}"}
        async with http.post(f"{running.url}/api/apps.connections.open", headers=headers) as response:
            link = (await response.json())["url"]
        async with http.ws_connect(link) as socket, asyncio.timeout(5):
            await socket.receive_json()
            assert (await socket.receive_json())["payload"]["event"]["text"] == "told later"


async def test_a_port_in_use_is_one_line_and_exit_2(workspace: Workspace, tmp_path: Path):
    port = workspace.url.rpartition(":")[2]
    async with program("--port", port, "--data", str(tmp_path)) as process:
        _, stderr = await process.communicate()
        assert process.returncode == 2
    assert stderr.decode() == (
        f"Port {port} on 127.0.0.1 is in use. Stop the program that has it, or choose another port.\n"
    )
    assert os.listdir(tmp_path) == [], "nothing half-started"
    with pytest.raises(PortInUse, match=f"Port {port}"):
        async with serve_workspace(port=int(port)):
            pass


@pytest.mark.parametrize("foreign", ["text", "database"])
async def test_a_file_that_is_not_ours_is_left_alone(foreign: str, tmp_path: Path):
    file = tmp_path / "workspace.db"
    if foreign == "text":
        file.write_text("dear diary, " * 100)
    else:
        with closing(sqlite3.connect(file)) as database:
            database.execute("create table diary (line text)")
    before = file.read_bytes()
    async with program("--port", "0", "--data", str(tmp_path)) as process:
        _, stderr = await process.communicate()
        assert process.returncode == 2
    assert stderr.decode().count("\n") == 1
    assert "is not a local workspace's file" in stderr.decode()
    assert file.read_bytes() == before
