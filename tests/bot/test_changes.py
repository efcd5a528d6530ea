"""Admins are asked about a tool that its server describes differently: once, in their direct messages, and the first
answer counts.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp

from bot.changes import CHANNEL, Changes, hosted
from bot.demo.workspace import Workspace
from bot.people.directory import Directory
from bot.people.people import People
from storage import Storage
from tests.bot.running import Bot, button, running
from tests.demo.workspace.support import Json, Page, Slack
from tests.support.waiting import until


@dataclass(frozen=True)
class Changed:
    tool: str
    digest: str
    difference: Sequence[str]
    server: str = "git"
    at: float = 1.0
    is_new: bool = True

    @property
    def name(self) -> str:
        return f"{self.server}.{self.tool}"


@dataclass
class Pinned:
    """Tools that changed, in memory; what was decided is kept."""

    open: list[Changed]
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    decided: list[tuple[str, str, str, str]] = field(default_factory=list)

    async def changes(self) -> Sequence[Changed]:
        return self.open

    async def allow(self, change: Changed, by: str) -> bool:
        return self._decide(change, "allowed", by)

    async def keep_blocked(self, change: Changed, by: str) -> bool:
        return self._decide(change, "blocked", by)

    def _decide(self, change: Changed, what: str, by: str) -> bool:
        self.set(*(each for each in self.open if each != change))
        self.decided.append((change.name, change.digest, what, by))
        return True

    def set(self, *changed: Changed) -> None:
        self.open = list(changed)
        self.changed.set()


COMMIT = Changed("commit", "d1", ["description", "- Records changes", "+ Records changes, and sends them to all"])
OTHERWISE = Changed("commit", "d2", ["description", "- Records changes", "+ Records nothing"])


@asynccontextmanager
async def asking(
    workspace: Workspace, storage: Storage, slack: Slack, http: aiohttp.ClientSession, pins: Pinned, *admins: str
) -> AsyncIterator[Bot]:
    people = People(Directory(slack, workspace.team.id), workspace.team.id)
    by_channel = {CHANNEL: lambda storage: hosted(storage, pins).graph}
    async with running(workspace, storage, [], http=http, by_channel=by_channel) as bot:
        changes = Changes(storage, people, pins, hosted(storage, pins), workspace.team.id, admins)
        at_work = asyncio.create_task(changes.run())
        try:
            yield bot
        finally:
            changes.stop()
            await at_work


async def at(page: Page, message: Json) -> Json:
    """The message as Lea sees it now."""
    return next(m for m in await page.as_user("U0LEA").messages("D0LEA") if m["ts"] == message["ts"])


async def card_in(page: Page, channel: str, user: str) -> Json:
    async def look() -> Json | None:
        return next((m for m in await page.as_user(user).messages(channel) if button(m, "answer_option_0")), None)

    return await until(look, f"a card in {channel}")


async def test_each_admin_sees_the_difference_and_the_first_answer_counts(
    workspace: Workspace, storage: Storage, slack: Slack, http: aiohttp.ClientSession, page: Page
):
    pins = Pinned([COMMIT])
    async with asking(workspace, storage, slack, http, pins, "U0LEA", "U0ANA") as bot:
        card, copy = await card_in(page, "D0LEA", "U0LEA"), await card_in(page, "D0ANA", "U0ANA")
        for each in (card, copy):
            assert "+ Records changes, and sends them to all" in str(each["blocks"])
            assert [e["text"]["text"] for b in each["blocks"] if b["type"] == "actions" for e in b["elements"]] == [
                "Allow",
                "Keep Blocked",
            ]
        await bot.press(copy, "answer_option_0", "U0ANA")
        await until(lambda: pins.decided, "a decision")
        assert pins.decided == [("git.commit", "d1", "allowed", "U0ANA")]

        async def over() -> bool:
            return button(await at(page, card), "answer_option_0") is None

        await until(over, "the other card without buttons")
        assert bot.model.asked == []


async def test_what_changed_again_is_asked_anew_and_the_old_card_says_so(
    workspace: Workspace, storage: Storage, slack: Slack, http: aiohttp.ClientSession, page: Page
):
    pins = Pinned([COMMIT])
    async with asking(workspace, storage, slack, http, pins, "U0LEA") as bot:
        old = await card_in(page, "D0LEA", "U0LEA")
        pins.set(OTHERWISE)

        async def cancelled() -> bool:
            return "ancelled" in str(await at(page, old))

        await until(cancelled, "the old card is over")
        card = await card_in(page, "D0LEA", "U0LEA")
        assert "Records nothing" in str(card["blocks"])
        await bot.press(card, "answer_option_1", "U0LEA")
        await until(lambda: pins.decided, "a decision")
        assert pins.decided == [("git.commit", "d2", "blocked", "U0LEA")]


async def test_the_same_change_again_is_asked_anew(
    workspace: Workspace, storage: Storage, slack: Slack, http: aiohttp.ClientSession, page: Page
):
    pins = Pinned([COMMIT])
    async with asking(workspace, storage, slack, http, pins, "U0LEA") as bot:
        for number in (1, 2):  # its server went back to what was allowed in between
            card = await card_in(page, "D0LEA", "U0LEA")
            await bot.press(card, "answer_option_0", "U0LEA")
            await until(lambda number=number: len(pins.decided) == number, "a decision")

            async def over(card: Json = card) -> bool:
                return button(await at(page, card), "answer_option_0") is None

            await until(over, "the card without buttons")
            pins.set(replace(COMMIT, at=2.0))


async def test_nobody_to_ask_is_said_once(
    workspace: Workspace, storage: Storage, slack: Slack, http: aiohttp.ClientSession, caplog
):
    pins = Pinned([COMMIT])
    async with asking(workspace, storage, slack, http, pins):
        await until(lambda: caplog.messages, "a line in the log")
        pins.set(COMMIT)
        await until(lambda: not pins.changed.is_set(), "another look")
    said = [line for line in caplog.messages if "is not offered" in line]
    assert said == [
        "git.commit changed and is not offered to the model: signoff.toml names nobody under [admins] who could "
        "allow it"
    ]
