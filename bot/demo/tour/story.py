"""What happens on the tour. Each step is checked: nothing is printed with a ✓ that was not looked at."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal

from bot.demo.tour import reading
from bot.demo.tour.drawing import Drawing
from bot.demo.tour.effects import Change, Row, changes
from bot.demo.tour.page import Json, Page, Person, Thread, TourFailed, open_page

DECISIONS = ["Approve", "Edit", "Reject"]
UNASKED = re.compile(r"without asking|unasked|not asked", re.IGNORECASE)
SUPPORT = "C0SUPPORT"


class Tour:
    """Plays at the workspace `url`. `restart` ends the bot as a crash would, and returns when a new one works."""

    def __init__(self, url: str, restart: Callable[[], Awaitable[None]]) -> None:
        self._url = url
        self._restart = restart

    async def play(self) -> None:
        """Print it all. Raises `TourFailed` at the first step that does not do what it should."""
        async with open_page(self._url) as page:
            story = _Story(page, Drawing(sys.stdout))
            await story.begin()
            await story.edited_refund()
            await story.small_refund()
            await story.rejected_email()
            await story.cancellation(self._restart)
            story.end()


class _Story:
    def __init__(self, page: Page, drawing: Drawing) -> None:
        self._page = page
        self._drawing = drawing
        self._ana, self._lea, self._max = (page.people[handle] for handle in ("ana", "lea", "max"))
        self._shown: dict[str, str] = {}
        self._tables: dict[str, list[Row]] = {}
        self._checks = 0

    async def begin(self) -> None:
        self._tables = await self._page.tables()
        if "orders" not in self._tables:
            raise TourFailed("expected the sample's shop: the tour is written for it. Unset SIGNOFF_AGENT.")
        if self._cell("1043", "status") != "paid" or any(Decimal(each["refunded"]) for each in self._orders()):
            raise TourFailed("expected a shop in which nothing has happened yet. Name a new folder with --data.")
        self._drawing.title(
            "Signoff: the tour",
            "A workspace, a model and the bot are running on this machine. What follows is happening now.\n"
            f"The model: {self._page.note}",
        )

    def end(self) -> None:
        self._drawing.chapter("That was the tour")
        self._drawing.aside(f"{self._checks} things were looked at on the way, and all of them held.")
        self._drawing.aside("Without --tour the demo opens the same workspace as a page, for you to try.")

    async def edited_refund(self) -> None:
        self._drawing.chapter("1 · It looks up what it may, asks before it pays, and takes an edit")
        thread = await self._say(self._ana, "D0ANA", "refund order 1042, 80 euro, it came late")
        card = await self._card(self._ana, thread)
        before = [self._read(each) for each in await self._said(self._ana, thread) if each["ts"] < card["ts"]]
        self._expect("1042" in " ".join(before), "the order was looked up, and nobody had to allow it", before)
        self._expect(all(word in self._read(card) for word in ("80", "1042", "late")), "the card has her words", card)
        await self._nothing_happened("nothing is paid while it waits")
        view = await self._open(self._ana, card, "Edit")
        amount = next((each for each in reading.inputs(view) if reading.filled(each) == "80"), None)
        if amount is None:
            raise TourFailed(f"expected a field that holds 80; got {[reading.filled(e) for e in reading.inputs(view)]}")
        errors = await self._submit(self._ana, view, amount, "0")
        self._expect(list(errors) == [amount["block_id"]], "nought is refused at its own field; the form stays", errors)
        errors = await self._submit(self._ana, view, amount, "60")
        self._expect(errors == {}, "60 is taken", errors)
        decided = await self._decided(self._ana, thread, card)
        self._expect(re.search(r"80\s*→\s*60", self._read(decided)), "the card shows what was edited", decided)
        await self._effect("1042", "refunded", plus=60)

    async def small_refund(self) -> None:
        self._drawing.chapter("2 · What its rule lets pass runs at once, and the thread says so")
        thread = await self._say(self._ana, "D0ANA", "refund order 1044, 30 euro")

        async def told() -> Json | None:
            said = await self._said(self._ana, thread)
            return next((each for each in said[:-1] if UNASKED.search(self._read(each))), None)

        await self._page.until(told, "a line that says that the refund ran without asking, and a reply below it")
        said = await self._settled(self._ana, thread)
        self._expect(not any(map(reading.labels, said)), "nobody was asked", [reading.labels(each) for each in said])
        await self._effect("1044", "refunded", plus=30)

    async def rejected_email(self) -> None:
        self._drawing.chapter("3 · What is rejected does not run, and the model hears why")
        text = 'email jonas@example.com "Your refund" "It is on its way."'
        thread = await self._say(self._ana, "D0ANA", text)
        card = await self._card(self._ana, thread)
        view = await self._open(self._ana, card, "Reject")
        reason = reading.inputs(view)[0]
        self._expect(reason["label"]["text"] == "Reason", "it asks for a reason", view)
        await self._submit(self._ana, view, reason, "He asked us to phone him.")
        decided = await self._decided(self._ana, thread, card)
        self._expect("phone" in self._read(decided), "the card shows the reason", decided)
        answer = self._read((await self._said(self._ana, thread))[-1])
        self._expect("phone" in answer, "the model knows the reason", answer)
        await self._nothing_happened("the outbox is as empty as before")

    async def cancellation(self, restart: Callable[[], Awaitable[None]]) -> None:
        self._drawing.chapter("4 · One asks, another decides, and a crash in between changes nothing")
        text = "@signoff cancel order 1043, the customer changed her mind"
        thread = await self._say(self._ana, SUPPORT, text, "in #support")
        card = await self._card(self._ana, thread)
        for person in (self._ana, self._max):
            self._drawing.act(f"{person.first_name} clicks [ Approve ]")
            await self._page.click(person, card, "Approve")
            await self._told(person, thread, f"a private line that {person.first_name}'s click does not count")
        await self._nothing_happened("neither of the two clicks counted")
        self._drawing.aside("(The bot is killed while it waits, and started again.)")
        await restart()
        self._drawing.act(f"{self._lea.first_name} clicks [ Approve ], twice in a hurry")
        await asyncio.gather(*(self._page.click(self._lea, card, "Approve") for _ in range(2)))
        told = await self._told(self._lea, thread, "a private line that the second click came too late")
        self._expect(f"@{self._lea.name}" in told, "the second click is told who was first", told)
        await self._decided(self._lea, thread, card)
        await self._effect("1043", "status", becomes="cancelled")
        said = await self._settled(self._ana, thread)
        after = [self._read(each) for each in said if each["ts"] > card["ts"]]
        cards = [each for each in said if "1043" in self._read(each) and reading.is_card(each)]
        self._expect(len(cards) == 1 and len(after) == 1, "one card, one reply: it went on, and did it once", after)

    async def _say(self, who: Person, channel: str, text: str, where: str = "in her direct message") -> Thread:
        self._drawing.speaker(who.name, where)
        self._drawing.message([reading.Part("text", text)], boxed=False)
        return await self._page.say(who, channel, text)

    async def _card(self, who: Person, thread: Thread) -> Json:
        """The card that waits for a decision, once it is there; the thread so far is printed."""

        async def waiting() -> Json | None:
            return next((each for each in await self._said(who, thread) if "Approve" in reading.labels(each)), None)

        card = await self._page.until(waiting, "a card with the button Approve")
        await self._settled(who, thread)
        self._expect(reading.labels(card) == DECISIONS, f"the card offers {', '.join(DECISIONS)}", reading.labels(card))
        return card

    async def _decided(self, who: Person, thread: Thread, card: Json) -> Json:
        """The card without its buttons, once the bot has also said what came of it; both are printed."""

        async def decided() -> Json | None:
            said = await self._said(who, thread)
            now = next(each for each in said if each["ts"] == card["ts"])
            over = not reading.labels(now) and "running" not in self._read(now).lower()
            return now if over and said[-1]["ts"] > card["ts"] else None

        now = await self._page.until(decided, "the card to say what was decided, and a reply below it")
        await self._settled(who, thread)
        return now

    async def _settled(self, who: Person, thread: Thread) -> list[Json]:
        """What the bot said, when it writes no more; what is new in it is printed."""

        async def settled() -> list[Json] | None:
            said = await self._said(who, thread)
            return None if any(each.get("streaming") for each in said) else said

        said = await self._page.until(settled, "the reply to end")
        new = [each for each in said if self._shown.get(each["ts"]) != self._read(each)]
        if new:
            self._drawing.speaker(self._page.names[self._page.bot])
        for message in new:
            self._shown[message["ts"]] = self._read(message)
            parts = self._parts(message)
            self._drawing.message(parts, boxed=reading.is_card(message))
        return said

    async def _open(self, who: Person, card: Json, label: str) -> Json:
        self._drawing.act(f"{who.first_name} clicks [ {label} ]")
        view = await self._page.open_form(who, card, label)
        self._draw_form(view, {}, {})
        return view

    async def _submit(self, who: Person, view: Json, block: reading.Json, text: str) -> dict[str, str]:
        self._drawing.act(f"{who.first_name} writes “{text}” as the {block['label']['text'].lower()}, and submits")
        errors = await self._page.submit(who, view, {block["block_id"]: text})
        if errors:
            self._draw_form(view, {block["block_id"]: text}, errors)
        return errors

    def _draw_form(self, view: Json, values: dict[str, str], errors: dict[str, str]) -> None:
        fields = [
            (
                block["label"]["text"],
                values.get(block["block_id"], reading.filled(block)),
                block.get("hint", {}).get("text", ""),
                errors.get(block["block_id"], ""),
            )
            for block in reading.inputs(view)
        ]
        self._drawing.form(view["title"]["text"], fields, f"{view['submit']['text']}\t{view['close']['text']}")

    async def _told(self, who: Person, thread: Thread, expected: str) -> str:
        """The newest line that only this person sees, printed."""

        async def told() -> Json | None:
            whispers = [each for each in await self._page.thread(who, thread) if each.get("ephemeral_to") == who.id]
            return next((each for each in whispers if each["ts"] not in self._shown), None)

        message = await self._page.until(told, expected)
        self._shown[message["ts"]] = text = self._read(message)
        self._drawing.private(who.first_name, text)
        self._checks += 1
        return text

    async def _effect(self, order: str, column: str, *, plus: int = 0, becomes: str = "") -> None:
        """This cell of this order has changed, and no other of any order; printed with what came along."""

        async def changed() -> list[Change] | None:
            return changes(self._tables, await self._page.tables()) or None

        found = await self._page.until(changed, f"a change of {column} of order {order}")
        self._tables = await self._page.tables()
        cells = [each for each in found if each.column]
        right = [
            each
            for each in cells
            if (each.table, each.row, each.column) == ("orders", order, column)
            and (each.after == becomes or (plus and Decimal(each.after) - Decimal(each.before) == plus))
        ]
        told = [str(each) for each in found]
        if len(cells) != 1 or len(right) != 1 or len(found) > 2:
            raise TourFailed(f"expected order {order} to have {column} {becomes or f'+{plus}'}; what changed is {told}")
        for each in told:
            self._drawing.held(each)
        self._checks += 1

    async def _nothing_happened(self, text: str) -> None:
        tables = await self._page.tables()
        self._expect(tables == self._tables, text, tables)

    async def _said(self, who: Person, thread: Thread) -> list[Json]:
        """What everybody can see of what the bot said."""
        messages = await self._page.thread(who, thread)
        return [each for each in messages if each["user"] == self._page.bot and not each.get("ephemeral_to")]

    def _parts(self, message: Json) -> list[reading.Part]:
        return reading.parts(message, self._page.names)

    def _read(self, message: Json) -> str:
        return reading.words(message, self._page.names)

    def _orders(self) -> list[Row]:
        return self._tables["orders"]

    def _cell(self, order: str, column: str) -> str:
        return next(row[column] for row in self._orders() if order in row.values())

    def _expect(self, holds: object, text: str, came: object) -> None:
        if not holds:
            raise TourFailed(f"expected that {text}; what came is: {str(came)[:600]}")
        self._checks += 1
        self._drawing.held(text)
