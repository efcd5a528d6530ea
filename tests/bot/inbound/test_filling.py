"""A form over several views, through Slack's own client: pushed, kept, mended and read as one."""

from datetime import datetime
from typing import Any, Literal

import aiohttp
import pytest
from pydantic import NaiveDatetime

from bot.demo.workspace import Workspace
from bot.forms.forms import block_id
from graphs.agent.tools import Tool, tool
from storage import Storage, drafts
from tests.agent.conversing import calls, says
from tests.bot.forms.test_forms import state_of
from tests.bot.inbound.test_clicks import filled_in, opened
from tests.bot.running import running
from tests.demo.workspace.support import Json, Page
from tests.support import linter
from tests.support.waiting import until

MANY = Literal[tuple(f"city {number}" for number in range(150))]  # type: ignore[valid-type]
NAMES = [f"a{number}" for number in range(8)]


@pytest.fixture
def booked() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def book(booked: list[dict[str, Any]]) -> Tool[..., Any]:
    async def enough(args: Any) -> str | None:
        return "Only 9 are left of each." if args.a1 + args.a7 > 18 else None

    @tool(approval=True, check=enough)
    def book(
        a0: str,
        a1: int,
        a2: str,
        a3: str,
        a4: str,
        a5: str,
        a6: str,
        a7: int,
        city: MANY = "city 0",  # type: ignore[valid-type]
    ) -> str:
        """Book it."""
        booked.append({"a0": a0, "a1": a1, "a7": a7, "city": city})
        return "booked"

    return book


ARGS: dict[str, Any] = dict.fromkeys(NAMES, "x") | {"a1": 1, "a7": 7}


async def test_a_long_form_goes_on_over_views_and_is_read_as_one(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    book: Tool[..., Any],
    booked: list[dict[str, Any]],
):
    async with running(workspace, storage, [book], calls(("book", ARGS)), says("It is booked."), http=http) as bot:
        root = (await page.say("book it", "D0ANA"))["ts"]
        card = await bot.card(root, "edit")
        async with page.watching() as watching:
            await bot.press(card, "edit")
            first = await opened(page, watching)
        assert (first["title"]["text"], first["submit"]["text"]) == ("Edit book", "Continue")
        assert sum(block["type"] == "input" for block in first["blocks"]) == 6
        wrong = await page.submit(first["id"], **filled_in(first, a1="1e400"))
        assert wrong["errors"].keys() == {block_id("a1")}
        second = (await page.submit(first["id"], **filled_in(first, a1="9", a0="y")))["view"]
        assert second["submit"]["text"] == "Run Edited Call"
        assert [block["block_id"] for block in second["blocks"] if block["type"] == "input"] == list(
            map(block_id, ["a6", "a7", "city"])
        )
        alerted = (await page.submit(second["id"], **filled_in(second, a7="10")))["view"]
        assert alerted["blocks"][0]["type"] == "alert"
        assert alerted["blocks"][0]["text"]["text"] == "Only 9 are left of each."
        assert booked == []
        state = filled_in(alerted, a7="9")
        asked = {"block_id": block_id("city"), "action_id": _action(second, "city"), "value": "city 14"}
        found = await page.post("/client/suggestions", user="U0ANA", view_id=second["id"], **asked)
        options = found["options"]
        assert [each["text"]["text"] for each in options][:2] == ["city 14", "city 140"]
        state[block_id("city")] = {_action(second, "city"): {"type": "external_select", "selected_option": options[1]}}
        assert await page.submit(second["id"], **state) == {}
        await bot.reads(root, "It is booked.")
        assert booked == [{"a0": "y", "a1": 9, "a7": 9, "city": "city 140"}]
        assert await storage.read(lambda db: db.execute("select count(*) from drafts").fetchone()[0]) == 0
        await until(lambda: _closed(workspace), "both views closed")


async def test_a_moment_without_a_zone_is_picked_as_the_clock_time_where_the_reader_is(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    begun: list[tuple[datetime, datetime | None]] = []

    @tool(approval=True)
    def begin(at: datetime, until: NaiveDatetime | None = None) -> str:
        """Begin it."""
        begun.append((at, until))
        return "begun"

    line = calls(("begin", {"at": "2026-07-01T14:30:00"}))
    async with running(workspace, storage, [begin], line, says("It began."), http=http) as bot:
        root = (await page.say("begin it", "D0ANA"))["ts"]
        card = await bot.card(root, "edit")
        async with page.watching() as watching:
            await bot.press(card, "edit")
            view = await opened(page, watching)
        pickers = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
        assert {element["type"] for element in pickers.values()} == {"datetimepicker"}
        shown = pickers[block_id("at")]["initial_date_time"]
        state = state_of(view["blocks"])
        state[block_id("until")] = {_action(view, "until"): {"selected_date_time": shown + 3600}}
        assert await page.submit(view["id"], **state) == {}
        await bot.reads(root, "It began.")
    assert begun == [(datetime(2026, 7, 1, 14, 30), datetime(2026, 7, 1, 15, 30))]  # noqa: DTZ001 - none is asked for


async def test_a_restart_between_two_views_loses_nothing(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    book: Tool[..., Any],
    booked: list[dict[str, Any]],
):
    lines = calls(("book", ARGS)), says("It is booked.")
    async with running(workspace, storage, [book], *lines, http=http) as bot:
        root = (await page.say("book it", "D0ANA"))["ts"]
        card = await bot.card(root, "edit")
        async with page.watching() as watching:
            await bot.press(card, "edit")
            first = await opened(page, watching)
        second = (await page.submit(first["id"], **filled_in(first, a0="y", a1="2")))["view"]
    async with running(workspace, storage, [book], *lines, http=http) as bot:
        assert await page.submit(second["id"], **filled_in(second, a7="3")) == {}
        await bot.reads(root, "It is booked.")
    assert booked == [{"a0": "y", "a1": 2, "a7": 3, "city": "city 0"}]


async def test_what_earlier_views_held_and_is_lost_is_not_made_up(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    book: Tool[..., Any],
    booked: list[dict[str, Any]],
):
    async with running(workspace, storage, [book], calls(("book", ARGS)), says("It is booked."), http=http) as bot:
        card = await bot.card((await page.say("book it", "D0ANA"))["ts"], "edit")
        async with page.watching() as watching:
            await bot.press(card, "edit")
            first = await opened(page, watching)
        second = (await page.submit(first["id"], **filled_in(first, a1="2")))["view"]
        await storage.write(lambda db: drafts.drop(db, first["id"]))
        told = (await page.submit(second["id"], **filled_in(second, a7="3")))["view"]
        assert "A0: This field did not arrive." in told["blocks"][0]["text"]["text"]
        (row,) = await storage.interrupts()
    assert (booked, row.status) == ([], "waiting")


async def test_what_was_typed_stays_when_the_whole_is_refused(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, book: Tool[..., Any]
):
    async with running(workspace, storage, [book], calls(("book", ARGS)), says("It is booked."), http=http) as bot:
        card = await bot.card((await page.say("book it", "D0ANA"))["ts"], "edit")
        async with page.watching() as watching:
            await bot.press(card, "edit")
            first = await opened(page, watching)
        second = (await page.submit(first["id"], **filled_in(first)))["view"]
        told = (await page.submit(second["id"], **filled_in(second, a6="typed", a7="40")))["view"]
        held = {block["block_id"]: block["element"] for block in told["blocks"] if block["type"] == "input"}
        assert held[block_id("a6")]["initial_value"] == "typed"
        assert held[block_id("a7")]["initial_value"] == "40"
        assert held[block_id("city")]["initial_option"]["text"]["text"] == "city 0"
        for view in (first, second, told):
            assert linter.view({key: view[key] for key in ("type", "title", "submit", "close", "blocks")}) == []


async def test_a_view_of_a_call_that_was_decided_meanwhile_leads_to_no_other(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, book: Tool[..., Any]
):
    async with running(workspace, storage, [book], calls(("book", ARGS)), says("It is booked."), http=http) as bot:
        root = (await page.say("book it", "D0ANA"))["ts"]
        card = await bot.card(root, "edit")
        async with page.watching() as watching:
            await bot.press(card, "edit")
            first = await opened(page, watching)
        await bot.press(card, "approve")
        await bot.reads(root, "It is booked.")
        told = (await page.submit(first["id"], **filled_in(first)))["view"]
        assert told["title"]["text"] == "Not counted"
        assert await storage.read(lambda db: db.execute("select count(*) from drafts").fetchone()[0]) == 0


async def _closed(workspace: Workspace) -> bool:
    return not workspace.views._modals  # pyright: ignore[reportPrivateUsage] - Slack shows them or not


def _action(view: Json, name: str) -> str:
    return next(block["element"]["action_id"] for block in view["blocks"] if block["block_id"] == block_id(name))
