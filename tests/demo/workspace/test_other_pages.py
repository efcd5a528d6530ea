"""Another web page in the same browser, on a port of this machine or elsewhere, that would act in the workspace."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Page as Tab
from playwright.async_api import async_playwright

from bot.demo.workspace import Workspace, serve_workspace
from tests.demo.workspace.browser import ARGUMENTS
from tests.demo.workspace.support import CARD, TOKENS, Page, slack_client

Json = dict[str, Any]

ATTACK = """
async ({ target, bot, app, page, card }) => {
  const settled = [];
  const within = (start) => settled.push(new Promise((done) => { start(done); setTimeout(done, 5000); }));
  const add = (tag, attributes) => within((done) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.onload = element.onerror = done;
    document.body.append(element);
  });
  const query = (values) => new URLSearchParams(values).toString();
  const click = { user: "U0LEA", channel: "C0SUPPORT", message_ts: card, block_id: "decide", action_id: "approve" };
  const say = { channel: "C0SUPPORT", text: "forged", token: bot };
  add("img", { src: `${target}/api/chat.postMessage?${query(say)}` });
  add("script", { src: `${target}/api/chat.postMessage?${query(say)}` });
  add("script", { src: `${target}/client/journal` });
  add("iframe", { src: `${target}/`, name: "framed" });
  const read = [];
  const calls = [
    ["/client/actions", click], ["/client/messages", { user: "U0LEA", channel: "C0SUPPORT", text: "forged" }],
    ["/client/faults", { redeliver: 3 }], ["/api/chat.postMessage", say],
    ["/api/apps.connections.open", { token: app }],
  ];
  for (const [path, body] of calls) {
    for (const mode of ["cors", "no-cors"]) {
      for (const type of ["text/plain", "application/json"]) {
        for (const token of ["", page, bot]) {
          const headers = { "Content-Type": type, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
          const sent = fetch(target + path, { method: "POST", mode, headers, credentials: "include",
                                              body: JSON.stringify(body) });
          settled.push(sent.then((answer) => answer.text()).then((text) => text && read.push(text), () => {}));
        }
      }
    }
    navigator.sendBeacon(target + path, JSON.stringify(body));
    const form = Object.assign(document.createElement("form"),
      { action: target + path, method: "POST", enctype: "text/plain", target: "framed" });
    // A form of text that is JSON, and one whose fields are the arguments.
    const [start, end] = JSON.stringify({ ...body, x: "=" }).split("=");
    form.append(Object.assign(document.createElement("input"), { name: start, value: end }));
    document.body.append(form);
    form.submit();
    const fields = document.createElement("form");
    Object.assign(fields, { action: target + path, method: "POST", target: "framed" });
    for (const [name, value] of Object.entries(body))
      fields.append(Object.assign(document.createElement("input"), { name, value }));
    document.body.append(fields);
    within((done) => { setTimeout(() => { fields.submit(); setTimeout(done, 200); }, 50); });
  }
  for (const path of ["/client/boot", "/client/journal", "/client/history?user=U0LEA&channel=C0LEADS"])
    settled.push(fetch(target + path).then((answer) => answer.text()).then((text) => read.push(text), () => {}));
  within((done) => {
    const stream = new EventSource(`${target}/client/events?user=U0LEA`);
    stream.onopen = () => { read.push("the stream opened"); done(); };
    stream.onerror = done;
  });
  within((done) => {
    const socket = new WebSocket(target.replace("http", "ws") + "/link?ticket=TICKET".replace("TICKET", window.ticket));
    socket.onopen = () => { read.push("the socket opened"); done(); };
    socket.onerror = done;
  });
  await Promise.all(settled);
  return read;
}
"""


@pytest.fixture
async def elsewhere() -> AsyncIterator[int]:
    """The port of a web page that is not the workspace's."""
    app = web.Application()

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>another page</title>", content_type="text/html")

    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
async def tab(chromium: str) -> AsyncIterator[Tab]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield await (await browser.new_context()).new_page()
        await browser.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "evil.localhost"])
async def test_another_page_changes_nothing_and_reads_nothing(
    name: str, elsewhere: int, tab: Tab, workspace: Workspace
):
    """Even one that knows every token, in a browser where the workspace's page is open too."""
    card = await slack_client(workspace.url).chat_postMessage(channel="C0SUPPORT", text="card", blocks=CARD)
    await tab.goto(workspace.url)
    await tab.locator(".intro h2").first.wait_for()
    before, messages = workspace.journal.after(0), workspace.history.of("C0SUPPORT")
    page = await tab.context.new_page()
    await page.goto(f"http://{name}:{elsewhere}/")
    ticket = workspace.issue_ticket()
    await page.evaluate("(ticket) => { window.ticket = ticket }", ticket)
    known = {"bot": TOKENS.bot, "app": TOKENS.app, "page": workspace.tokens.page, "card": card["ts"]}
    for target in {workspace.url, workspace.url.replace("127.0.0.1", "localhost")}:
        assert await page.evaluate(ATTACK, {"target": target, **known}) == []
    assert workspace.journal.after(0) == before
    assert workspace.history.of("C0SUPPORT") == messages
    assert workspace.faults.redeliveries == 0
    assert workspace.take_ticket(ticket), "and nobody has connected with it"
    for frame in page.frames[1:]:
        assert await frame.locator("#app").count() == 0


@pytest.mark.slow
@pytest.mark.browser
async def test_a_name_that_was_made_to_mean_this_machine_is_refused(tab: Tab, workspace: Workspace):
    port = workspace.url.rpartition(":")[2]
    answer = await tab.goto(f"http://rebound.localhost:{port}/client/boot")
    assert answer is not None
    assert answer.status == 403
    assert workspace.tokens.page not in await answer.text()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("path", ["/", "/archives/C0DEPLOYS", "/archives/C0SUPPORT/p1790000000000001"])
async def test_a_link_to_the_page_opens_it(path: str, elsewhere: int, tab: Tab, workspace: Workspace):
    await tab.goto(f"http://localhost:{elsewhere}/")
    await tab.evaluate("(url) => { location.href = url }", workspace.url + path)
    await tab.locator(".intro h2").first.wait_for()


OWN = {"Origin": "{url}", "Sec-Fetch-Site": "same-origin"}
ELSEWHERE: list[Json] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "https://{host}"},
    {"Origin": "http://localhost:{port}"},
    {"Origin": "{url}.evil.example"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    {"Host": "evil.example"},
    {"Host": "evil.example:{port}"},
    {"Host": "127.0.0.1.evil.example:{port}"},
    {"Host": "127.0.0.1:x"},
]


def filled(headers: Json, url: str) -> Json:
    host = url.removeprefix("http://")
    return {name: value.format(url=url, host=host, port=host.partition(":")[2]) for name, value in headers.items()}


@pytest.mark.parametrize("headers", ELSEWHERE, ids=json.dumps)
async def test_what_a_browser_says_of_another_page_is_refused_on_every_surface(
    headers: Json, workspace: Workspace, http: aiohttp.ClientSession
):
    ticket = workspace.issue_ticket()
    say = {"user": "U0ANA", "channel": "C0SUPPORT", "text": "forged"}
    calls = [
        ("GET", "/", None, ""),
        ("HEAD", "/", None, ""),
        ("GET", "/static/app.js", None, ""),
        ("GET", "/client/boot", None, ""),
        ("POST", "/client/messages", say, workspace.tokens.page),
        ("POST", "/api/chat.postMessage", say, TOKENS.bot),
        ("OPTIONS", "/client/messages", None, ""),
        ("GET", f"/link?ticket={ticket}", None, ""),
    ]
    for method, path, body, token in calls:
        sent = filled(headers, workspace.url) | {"Authorization": f"Bearer {token}"}
        async with http.request(method, workspace.url + path, json=body, headers=sent) as answer:
            assert answer.status == 403, (method, path)
            assert "Access-Control-Allow-Origin" not in answer.headers
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await http.ws_connect(f"{workspace.url}/link?ticket={ticket}", headers=filled(headers, workspace.url))
    assert workspace.take_ticket(ticket)
    assert workspace.history.of("C0SUPPORT") == []
    assert workspace.journal.after(0) == []


async def test_its_own_page_is_let_in(workspace: Workspace, http: aiohttp.ClientSession):
    headers = filled(OWN, workspace.url) | {"Authorization": f"Bearer {workspace.tokens.page}"}
    say = {"user": "U0ANA", "channel": "C0SUPPORT", "text": "hello"}
    async with http.post(f"{workspace.url}/client/messages", json=say, headers=headers) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("token", ["", "xoxb-local", "wrong", "ü"])
@pytest.mark.parametrize(
    "call", ["messages", "edits", "deletions", "actions", "views/V1/submit", "home", "stop", "faults", "anything"]
)
async def test_without_the_pages_token_nothing_is_changed(
    call: str, token: str, page: Page, workspace: Workspace, http: aiohttp.ClientSession
):
    message = await page.say("mine")
    before = workspace.journal.after(0)
    order = {"user": "U0ANA", "channel": "C0SUPPORT", "ts": message["ts"], "thread_ts": message["ts"], "text": "forged",
             "tab": "messages", "redeliver": 1, "token": workspace.tokens.page}  # fmt: skip
    url = f"{workspace.url}/client/{call}?token={workspace.tokens.page}"
    async with http.post(url, json=order, headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 403
        assert "/client/boot" in (await answer.json())["error"]
    assert await page.messages() == [message]
    assert workspace.journal.after(0) == before
    assert workspace.faults.redeliveries == 0


async def test_nothing_is_changed_by_get_or_head(workspace: Workspace, http: aiohttp.ClientSession):
    """Whatever token comes along, and wherever."""
    for method in ("GET", "HEAD"):
        for path in ("/api/chat.postMessage", "/api/views.publish", "/api/apps.connections.open", "/api/reactions.add"):
            for token in (TOKENS.bot, TOKENS.app):
                query = {"channel": "C0SUPPORT", "text": "forged", "user_id": "U0ANA", "view": "{}"}
                headers = {"Authorization": f"Bearer {token}"}
                async with http.request(method, workspace.url + path, params=query, headers=headers) as answer:
                    assert answer.status == 405
        for path in ("messages", "actions", "faults", "home", "stop", "edits", "deletions", "views/V1/close"):
            headers = {"Authorization": f"Bearer {workspace.tokens.page}"}
            async with http.request(method, f"{workspace.url}/client/{path}", headers=headers) as answer:
                assert answer.status in (404, 405)
    async with http.head(f"{workspace.url}/client/events?user=U0ANA") as answer:
        assert answer.status == 405
    ticket = workspace.issue_ticket()
    async with http.get(f"{workspace.url}/link?ticket={ticket}") as answer:
        assert answer.status == 403
    assert workspace.take_ticket(ticket), "only a connection uses it up"
    assert workspace.journal.after(0) == []


async def test_a_token_in_an_address_is_none(workspace: Workspace, http: aiohttp.ClientSession):
    say = {"channel": "C0SUPPORT", "text": "forged"}
    for headers in ({}, {"Authorization": f"Bearer {TOKENS.bot}"}):
        url = f"{workspace.url}/api/chat.postMessage?token={TOKENS.bot}"
        async with http.post(url, json=say, headers=headers) as answer:
            assert (await answer.json())["error"] == "not_authed"
    assert workspace.history.of("C0SUPPORT") == []


async def test_each_start_has_tokens_of_its_own():
    found: set[str] = set()
    for _ in range(2):
        async with serve_workspace(port=0) as workspace:
            tokens = workspace.tokens
            assert tokens.bot.startswith("xoxb-")
            assert tokens.app.startswith("xapp-")
            assert not {tokens.bot, tokens.app, tokens.page} & found
            found |= {tokens.bot, tokens.app, tokens.page}
            assert not any(token in repr(tokens) for token in found)
    assert min(map(len, found)) >= 30


async def test_the_page_cannot_stand_in_another(workspace: Workspace, http: aiohttp.ClientSession):
    for path in ("/", "/static/app.js", "/client/boot", "/nothing"):
        async with http.get(workspace.url + path) as answer:
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_a_token_that_is_no_text_is_a_wrong_one(workspace: Workspace):
    """An HTTP client would not send it: half a character of Latin-1."""
    host, port = workspace.url.removeprefix("http://").split(":")
    for path in ("/client/home", "/api/auth.test"):
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n"
        writer.write(head.encode() + b"Authorization: Bearer \xfc\r\n\r\n")
        assert (await reader.read()).split(b" ")[1] in (b"403", b"200")
        writer.close()
