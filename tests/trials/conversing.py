"""One whole conversation, as the people in it have it, and what must be true of it at the end.

Ana asks in her direct message, so that the other one who may decide gets a copy of the card in hers. People do what
people do: who sees that a click did not count clicks again, who is told "Try Again" tries again.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from tests.stories.people import BOT, Json, Page, Person, Thread, labels, words
from tests.stories.programs import Stage
from tests.support.waiting import until

KNOWN = 400
"""Entries that the model knows what to say to."""

END = "nothing more to be said"
LONG = f"It took {' and '.join(['a while'] * 12)}, and there is {END}."
DOUBT = "It Ran"

PATIENCE = 1.0
"""Seconds after which somebody who sees nothing come of a click clicks again."""

SCRIPT = {
    f"transfer {n:03}.": [
        {"text": f"First a look at {n:03}.", "tool_calls": [{"name": "look_up", "arguments": {"entry": f"E{n:03}"}}]},
        {"text": f"Then to book {n:03}.", "tool_calls": [{"name": "transfer", "arguments": {"entry": f"E{n:03}"}}]},
        {"text": f"That is all of {n:03}. {LONG}"},
    ]
    for n in range(KNOWN)
}


@dataclass
class Talk:
    """The conversation about entry `number`."""

    page: Page
    stage: Stage
    number: int
    thread: Thread

    @property
    def ana(self) -> Person:
        return Person(self.page, "U0ANA", "D0ANA")

    @property
    def lea(self) -> Person:
        return Person(self.page, "U0LEA", "D0LEA")

    @property
    def entry(self) -> str:
        return f"E{self.number:03}"

    def booked(self) -> int:
        """How often the effect has happened."""
        file = Path(self.stage.folder / "ledger.txt")
        return file.read_text("utf-8").split().count(self.entry) if file.exists() else 0

    async def said(self) -> list[Json]:
        return await self.thread.said()

    async def copies(self) -> list[Json]:
        """What Lea has of it."""
        found = (await self.page.get("/client/history", user="U0LEA", channel="D0LEA"))["messages"]
        return [each for each in found if self.entry in words(each) and not each.get("ephemeral_to")]

    async def decide(self) -> None:
        """Lea opens the form to edit and leaves it, and approves, as often as it takes."""
        clicked: float | None = None

        async def decided() -> bool:
            nonlocal clicked
            for each in await self.copies():
                if "Approve" in labels(each) and (clicked is None or time.monotonic() > clicked + PATIENCE):
                    if clicked is None:
                        await self.press(self.lea, each, "Edit")
                    clicked = time.monotonic()
                    await self.press(self.lea, each, "Approve")
                    return False
            return self.booked() > 0 or await self.in_doubt() is not None

        await until(decided, lambda: f"{self.entry} to be decided")

    async def in_doubt(self) -> Json | None:
        return next((each for each in await self.said() if DOUBT in labels(each)), None)

    async def finish(self) -> None:
        """Settle what is in doubt by what the books say, try again what failed, until the end is said."""

        async def over() -> bool:
            for each in await self.said():
                if DOUBT in labels(each):
                    await self.press(self.ana, each, DOUBT if self.booked() else "Run Again")
                elif "Try Again" in labels(each):
                    await self.press(self.ana, each, "Try Again")
            return any(END in words(each) and not each.get("streaming") for each in await self.said())

        await until(over, lambda: f"the end of {self.entry} to be said")

    async def press(self, who: Person, message: Json, label: str) -> None:
        """Click, whatever comes of it."""
        for block in message.get("blocks") or ():
            for element in block.get("elements", ()) if block["type"] == "actions" else ():
                if element["text"]["text"] == label:
                    place = {"channel": message["channel"], "message_ts": message["ts"]}
                    action = {"block_id": block["block_id"], "action_id": element["action_id"]}
                    await self.page.attempt("/client/actions", user=who.id, **place, **action)
                    return

    async def told(self) -> list[Json]:
        """What Ana, who asked, can see of it: in its thread, or in her direct message."""
        home = (await self.page.get("/client/history", user=self.ana.id, channel=self.ana.home))["messages"]
        about = [each for each in home if f"{self.number:03}" in words(each) and each["ts"] > self.thread.ts]
        found = {each["ts"]: each for each in [*await self.thread.messages(), *about]}
        seen = (None, self.ana.id)
        return [each for each in found.values() if each["user"] == BOT and each.get("ephemeral_to") in seen]

    async def told_the_end(self) -> None:
        """Whoever of the two sees a card decides; until Ana has read the end, wherever that is."""
        clicked = time.monotonic()

        async def over() -> bool:
            nonlocal clicked
            if time.monotonic() > clicked + PATIENCE:
                clicked = time.monotonic()
                for each in await self.copies():
                    await self.press(self.lea, each, "Edit")
                    await self.press(self.lea, each, "Approve")
                for each in await self.told():
                    await self.press(self.ana, each, "Approve")
                    await self.press(self.ana, each, "Try Again")
            return any(END in words(each) for each in await self.told())

        await until(over, lambda: f"Ana to read the end of {self.entry}")
        assert self.booked() == 1

    async def settled(self) -> None:
        """What people must find, once all has come to rest: everything once, nothing that still asks."""
        problems: list[str] = []

        async def at_rest() -> bool:
            problems[:] = await self.problems()
            return not problems

        await until(at_rest, lambda: f"{self.entry} to be at rest: {problems}")
        assert self.booked() == 1

    async def problems(self) -> list[str]:
        """What is not yet, or not, as it must be at the end."""
        said = await self.said()
        texts = [words(each) for each in said]
        found = [f"{len(hits)} times {part!r}" for part in self._parts() if len(hits := _having(texts, part)) != 1]
        cards = [each for each in said if self.entry in words(each) and _is_card(each)]
        found += [f"{len(cards)} cards"] if len(cards) != 1 else []
        copies = await self.copies()
        found += [f"{len(copies)} copies"] if len(copies) != 1 else []
        found += [f"buttons {labels(each)}" for each in [*cards, *copies] if labels(each)]
        found += ["a stream is open" for each in said if each.get("streaming")]
        return found

    def _parts(self) -> list[str]:
        return [
            f"First a look at {self.number:03}",
            f"Then to book {self.number:03}",
            f"That is all of {self.number:03}",
        ]


def _having(texts: list[str], part: str) -> list[str]:
    return [text for text in texts if part in text]


def _is_card(message: Json) -> bool:
    """Not a reply, nor the quiet line about what ran without asking."""
    return "transfer" in words(message).lower() or "Approve" in labels(message)


async def begin(page: Page, stage: Stage, number: int, channel: str | None = None) -> Talk:
    """Ana asks; in her direct message unless told otherwise."""
    ana = Person(page, "U0ANA", "D0ANA")
    text = f"transfer {number:03}."
    thread = await ana.say(text if channel is None else f"@signoff {text}", channel=channel)
    return Talk(page, stage, number, thread)
