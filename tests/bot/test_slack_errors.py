"""What each way in which a call of Slack can end means: asked of Slack's own client, over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack_errors import UNCERTAIN, describe, is_dead_token, is_passing, may_have_arrived, reason


@asynccontextmanager
async def answering(status: int, body: str, content_type: str) -> AsyncIterator[str]:
    """A server that answers all calls with this."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/api/"
    finally:
        await runner.cleanup()


async def ends_with(status: int, body: str, content_type: str = "application/json") -> Exception:
    async with answering(status, body, content_type) as url:
        with pytest.raises(UNCERTAIN) as ended:
            await AsyncWebClient("xoxb-local", base_url=url, retry_handlers=[]).chat_postMessage(channel="C", text="a")
        return ended.value


@pytest.mark.parametrize(
    ("status", "said", "passing", "arrived", "dead"),
    [
        (200, "internal_error", True, True, False),
        (200, "fatal_error", True, True, False),
        (200, "ratelimited", True, False, False),
        (429, "ratelimited", True, False, False),
        (500, "internal_error", True, True, False),
        (503, "a_word_of_tomorrow", True, True, False),
        (200, "a_word_of_tomorrow", False, False, False),
        (200, "channel_not_found", False, False, False),
        (200, "is_archived", False, False, False),
        (200, "invalid_blocks", False, False, False),
        (200, "missing_scope", False, False, False),
        (200, "invalid_auth", False, False, True),
        (200, "token_revoked", False, False, True),
        (200, "account_inactive", False, False, True),
    ],
)
async def test_what_slack_says(status: int, said: str, passing: bool, arrived: bool, dead: bool) -> None:
    error = await ends_with(status, f'{{"ok": false, "error": "{said}"}}')
    assert reason(error) == said
    assert (is_passing(error), may_have_arrived(error), is_dead_token(error)) == (passing, arrived, dead)
    assert describe(error) == said


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (200, "<html>log in</html>", "text/html"),
        (502, "<html>bad gateway</html>", "text/html"),
        (500, "", "application/json"),
        (200, "{", "application/json"),
        (200, "null", "application/json"),
        (503, "upstream connect error", "text/plain"),
        (200, '{"ok": false}', "application/json"),
        (200, '{"ok": false, "error": 7}', "application/json"),
    ],
)
async def test_what_is_no_answer_of_slacks_may_be_one_the_next_time(status: int, body: str, content_type: str) -> None:
    error = await ends_with(status, body, content_type)
    assert reason(error) is None
    assert (is_passing(error), may_have_arrived(error), is_dead_token(error)) == (True, True, False)
    assert "\n" not in describe(error)
    assert "html" not in describe(error)


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError("reset\nby peer"), OSError()])
def test_a_call_that_broke_off_may_have_arrived(error: Exception) -> None:
    assert (is_passing(error), may_have_arrived(error), is_dead_token(error)) == (True, True, False)
    assert describe(error)
    assert "\n" not in describe(error)


async def test_a_scope_that_is_missing_is_named_with_what_to_do() -> None:
    error = await ends_with(200, '{"ok": false, "error": "missing_scope", "needed": "users:read", "provided": "x"}')
    assert isinstance(error, SlackApiError)
    assert "users:read" in describe(error)
    assert "reinstall" in describe(error)
