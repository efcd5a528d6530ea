"""What comes to the port and is not Slack's, or cannot be read: a plain answer, nothing changed, and hardly a line in
the log, in which nothing of it stands.
"""

import asyncio
import gzip
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from bot import deliveries, http_mode
from tests.bot.posted import MESSAGE, SECRET, brief, health, in_inbox, post, signed, url
from tests.support.waiting import until

__all__ = ["brief", "health", "url"]

JSON, FORM = "application/json", "application/x-www-form-urlencoded"

CANARY = "canary-7f3a"
"""Stands in each body, and never in the log."""

BODY = json.dumps(MESSAGE | {"event_id": "Ev2", "event": MESSAGE["event"] | {"text": CANARY}})  # type: ignore[operator]


@pytest.fixture(autouse=True)
async def quiet(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """At most one line for a request, without its body, the secret, or a traceback; and it is no error."""
    caplog.set_level(logging.DEBUG, "bot")
    caplog.set_level(logging.INFO)
    yield
    said = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert not [record for record in said if CANARY in record.getMessage() or SECRET in record.getMessage()]
    assert not [record for record in said if record.exc_info]
    lines = [each.getMessage() for each in said]
    assert len(lines) == len(set(lines)), "a kind of refusal is said once a minute"
    assert all("refused" in each.getMessage() for each in said if each.levelno >= logging.WARNING)


async def send(
    http: aiohttp.ClientSession,
    url: str,
    body: str | bytes,
    headers: Any,
    method: str = "POST",
    path: str = "/slack/events",
) -> tuple[int, Any]:
    async with http.request(method, url + path, data=body, headers=headers) as answer:
        await answer.read()
        return answer.status, answer.headers


def unsigned() -> dict[str, str]:
    return {}


def without(name: str) -> Callable[[], dict[str, str]]:
    return lambda: {key: value for key, value in signed(BODY).items() if key != name}


def changed(name: str, value: str) -> Callable[[], dict[str, str]]:
    return lambda: signed(BODY) | {name: value}


def of(at: float) -> Callable[[], dict[str, str]]:
    return lambda: signed(BODY, at=time.time() + at)


NOT_SIGNED: list[Callable[[], dict[str, str]]] = [
    unsigned,
    without("X-Slack-Signature"),
    without("X-Slack-Request-Timestamp"),
    changed("X-Slack-Signature", ""),
    changed("X-Slack-Signature", "v0="),
    changed("X-Slack-Signature", "v1=" + "0" * 64),
    changed("X-Slack-Signature", "v0=" + "0" * 64),
    changed("X-Slack-Signature", "v0=" + "é" * 64),
    changed("X-Slack-Signature", "v0=" + "0" * 5000),
    changed("X-Slack-Request-Timestamp", ""),
    changed("X-Slack-Request-Timestamp", "soon"),
    changed("X-Slack-Request-Timestamp", "-1"),
    changed("X-Slack-Request-Timestamp", "1e9"),
    changed("X-Slack-Request-Timestamp", "9" * 5000),
    changed("X-Slack-Request-Timestamp", "١٧٠٠٠٠٠٠٠٠"),
    changed("X-Slack-Request-Timestamp", str(int(time.time()) - 1)),
    of(-310),
    of(310),
    lambda: signed(BODY, secret="another"),
    lambda: signed(BODY + " "),
]


async def test_what_is_not_signed_by_slack_just_now_is_401(
    http: aiohttp.ClientSession, url: str, tmp_path: Path
) -> None:
    for number, headers in enumerate(NOT_SIGNED):
        status, answered = await send(http, url, BODY, headers() | {"Content-Type": JSON})
        assert status == 401, number
        assert "X-Slack-No-Retry" not in answered, "once the secret is mended, Slack's next attempt is taken"
    assert in_inbox(tmp_path) == 0


async def test_clocks_may_be_almost_five_minutes_apart(http: aiohttp.ClientSession, url: str, tmp_path: Path) -> None:
    for at in (-290, 290):
        assert (await send(http, url, BODY, of(at)() | {"Content-Type": JSON}))[0] == 200
    assert in_inbox(tmp_path) == 1


async def test_a_header_that_comes_twice_is_401(http: aiohttp.ClientSession, url: str, tmp_path: Path) -> None:
    given = signed(BODY)
    for name in given:
        twice = [*given.items(), (name, given[name]), ("Content-Type", JSON)]
        assert (await send(http, url, BODY, twice))[0] == 401
    assert in_inbox(tmp_path) == 0


def as_form(**fields: str) -> str:
    return urlencode(fields)


UNREADABLE = [
    (JSON, ""),
    (JSON, "{"),
    (JSON, f'{{"type": "event_callback", "{CANARY}'),
    (JSON, f'["{CANARY}"]'),
    (JSON, f'"{CANARY}"'),
    (JSON, "null"),
    (JSON, "[" * 100_000),
    (JSON, '{"a":' * 100_000),
    (JSON, '{"n": ' + "9" * 10_000 + "}"),
    (JSON, json.dumps({"type": CANARY})),
    (JSON, json.dumps({"type": ["event_callback"]})),
    (JSON, json.dumps({"type": "event_callback", "event": CANARY, "event_id": "Ev1", "team_id": "T0LOCAL"})),
    (JSON, json.dumps({"type": "event_callback", "event": {"type": "message"}, "team_id": "T0LOCAL"})),
    (JSON, json.dumps({"type": "event_callback", "event_id": CANARY, "team_id": "T0LOCAL"})),
    (JSON, json.dumps({"type": "message_action", "user": {"id": CANARY}})),
    (FORM, ""),
    (FORM, CANARY),
    (FORM, "payload=" + CANARY),
    (FORM, as_form(payload="[1]")),
    (FORM, as_form(payload="")),
    (FORM, as_form(payload=json.dumps({"type": "block_actions", "user": CANARY}))),
    (FORM, as_form(payload=json.dumps({"type": "block_actions", "user": {"id": "U0ANA"}, "actions": []}))),
    (FORM, as_form(payload=json.dumps({"type": "view_submission", "user": {"id": "U0ANA"}, "view": CANARY}))),
    (FORM, as_form(payload="{}") + "&" + as_form(payload="{}")),
    (FORM, as_form(command="/signoff", text=CANARY)),
    (FORM, "&".join(f"a{number}=1" for number in range(1000))),
]


async def test_what_slack_signed_and_nobody_can_read_is_400_and_does_not_come_again(
    http: aiohttp.ClientSession, url: str, tmp_path: Path
) -> None:
    for kind, body in UNREADABLE:
        status, answered = await send(http, url, body, signed(body) | {"Content-Type": kind})
        assert (status, answered["X-Slack-No-Retry"]) == (400, "1"), body[:100]
    assert in_inbox(tmp_path) == 0


async def test_bytes_that_are_no_text_are_401(http: aiohttp.ClientSession, url: str) -> None:
    assert (await send(http, url, b"\xff\xfe", signed("x") | {"Content-Type": JSON}))[0] == 401


async def test_what_is_neither_json_nor_a_form_is_415(http: aiohttp.ClientSession, url: str, tmp_path: Path) -> None:
    for kind in ["text/plain", "multipart/form-data; boundary=x", "application/json5", "", "x"]:
        assert (await send(http, url, BODY, signed(BODY) | {"Content-Type": kind}))[0] == 415, kind
    assert in_inbox(tmp_path) == 0


async def test_what_is_packed_is_415_and_never_unpacked(http: aiohttp.ClientSession, url: str, tmp_path: Path) -> None:
    packed = gzip.compress(b"0" * 50_000_000)
    for body in (packed, gzip.compress(BODY.encode())):
        headers = signed(BODY) | {"Content-Type": JSON, "Content-Encoding": "gzip"}
        assert (await send(http, url, body, headers))[0] == 415
    assert in_inbox(tmp_path) == 0


async def test_what_is_too_large_is_413_whether_it_says_so_or_not(
    http: aiohttp.ClientSession, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "LARGEST", 100_000)
    body = json.dumps(MESSAGE | {"padding": "x" * 200_000})

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000].encode()

    headers = signed(body) | {"Content-Type": JSON}
    assert (await send(http, url, body, headers))[0] == 413
    assert (await send(http, url, pieces(), headers))[0] == 413  # type: ignore[arg-type]
    assert in_inbox(tmp_path) == 0


async def test_a_body_may_come_in_pieces(http: aiohttp.ClientSession, url: str, tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for character in BODY:
            yield character.encode()

    assert (await send(http, url, pieces(), signed(BODY) | {"Content-Type": JSON}))[0] == 200  # type: ignore[arg-type]
    assert in_inbox(tmp_path) == 1


ELSEWHERE = [
    *((method, "/slack/events", 405) for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")),
    *((method, path, 405) for method in ("POST", "PUT") for path in ("/healthz", "/readyz")),
    *(("POST", path, 404) for path in ("/", "/slack", "/slack/events/", "/slack/events/x", "//slack/events")),
    ("GET", "/metrics", 404),
    ("GET", "/../etc/passwd", 404),
    ("GET", "/readyz/", 404),
]


async def test_other_methods_and_paths_are_refused(http: aiohttp.ClientSession, url: str, tmp_path: Path) -> None:
    for method, path, status in ELSEWHERE:
        assert (await send(http, url, BODY, signed(BODY) | {"Content-Type": JSON}, method, path))[0] == status, (
            method,
            path,
        )
    assert in_inbox(tmp_path) == 0


async def test_headers_that_steer_bolt_are_nobodys_to_send(
    http: aiohttp.ClientSession, url: str, tmp_path: Path
) -> None:
    headers = {"X-Slack-Bolt-Lazy-Only": "1", "X-Slack-Bolt-Lazy-Function-Name": "nothing"}
    typed = {"command": "/signoff", "text": "", "user_id": "U0ANA", "team_id": "T0LOCAL", "channel_id": "C0SUPPORT"}
    body = urlencode(typed)
    async with http.post(
        f"{url}/slack/events", data=body, headers=signed(body) | headers | {"Content-Type": FORM}
    ) as answer:
        assert (answer.status, json.loads(await answer.text())["text"]) == (200, "Nothing waits for you.")


async def test_a_command_that_somebody_sends_again_as_it_was_is_409(http: aiohttp.ClientSession, url: str) -> None:
    typed = {"command": "/signoff", "text": "", "user_id": "U0ANA", "team_id": "T0LOCAL", "channel_id": "C0SUPPORT"}
    at = time.time()
    assert [(await post(http, url, typed, "form", at=at))[0] for _ in range(3)] == [200, 409, 409]
    assert (await post(http, url, typed, "form", at=at - 1))[0] == 200, "typed again"


async def raw(url: str, *pieces: bytes) -> bytes:
    """What is answered to these bytes until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


HEAD = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def signed_head(body: str = BODY) -> bytes:
    return HEAD + "".join(f"{name}: {value}\r\n" for name, value in signed(body).items()).encode()


NO_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"SSH-2.0-x\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /slack/events HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n",
    b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"a%d: b\r\n" % n for n in range(1000)) + b"\r\n",
]


async def test_what_is_no_http_is_400_without_a_word(url: str) -> None:
    for sent in NO_HTTP:
        assert b" 400 " in (await raw(url, sent)).partition(b"\r\n")[0], sent[:100]


async def test_a_broken_piece_of_a_body_is_400(url: str, tmp_path: Path) -> None:
    head = signed_head() + b"Transfer-Encoding: chunked\r\n\r\n"
    assert b" 400 " in await raw(url, head, b"5\r\nhello\r\n", b"nonsense\r\n")
    assert in_inbox(tmp_path) == 0


async def test_a_body_that_does_not_come_is_408(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "BODY_SECONDS", 0.2)
    answered = await raw(url, signed_head() + b"Content-Length: 1000\r\n\r\n", b"{")
    assert answered.startswith(b"HTTP/1.1 408 ")
    assert in_inbox(tmp_path) == 0


async def test_whoever_hangs_up_in_a_body_leaves_nothing(url: str, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(signed_head() + b"Content-Length: 1000\r\n\r\n{")
        await writer.drain()
        writer.transport.abort()
    assert (await send(http, url, BODY, signed(BODY) | {"Content-Type": JSON}))[0] == 200
    assert in_inbox(tmp_path) == 1


async def test_a_connection_that_sends_no_head_is_ended(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_mode, "HEAD_SECONDS", 0.2)
    assert await raw(url, b"POST /slack/ev") == b""
    assert await raw(url) == b""


@pytest.mark.parametrize("sent", [b"", b"POST /sla", b"body"])
async def test_many_connections_that_come_to_nothing_keep_nobody_out(
    url: str, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_mode, "MOST_CONNECTIONS", 20)
    monkeypatch.setattr(deliveries, "BODY_SECONDS", 30.0)
    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    for _ in range(100):
        opened.append(await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2])))
        opened[-1][1].write(signed_head() + b"Content-Length: 9\r\n\r\n" if sent == b"body" else sent)
        async with http.get(f"{url}/healthz") as answer:  # it has come by then
            assert answer.status == 200
    assert (await send(http, url, BODY, signed(BODY) | {"Content-Type": JSON}))[0] == 200
    async with http.get(f"{url}/healthz") as answer:
        assert answer.status == 200
    for reader, _ in opened[:75]:
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
    for _, writer in opened:
        writer.close()


async def test_bodies_that_come_in_at_once_have_a_bound(
    url: str, http: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MOST_HELD", 50_000)
    _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(signed_head() + b"Content-Length: 60000\r\n\r\n" + b"x" * 49_900)
    await writer.drain()
    headers = signed(BODY) | {"Content-Type": JSON}

    async def status() -> int:
        return (await send(http, url, BODY, headers))[0]

    async def is_refused() -> bool:
        return await status() == 503

    await until(is_refused, "no more to be held")
    writer.close()

    async def is_taken() -> bool:
        return await status() == 200

    await until(is_taken, "place again")
    assert in_inbox(tmp_path) == 1
