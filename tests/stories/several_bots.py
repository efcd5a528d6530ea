"""Several bots on one database, and what must be true of every conversation that they have: everything once.

What each bot says to Slack and to its model goes through `Between` of its own, so that it is known which one took a
click, showed a card or asked the model, and so that it can be killed there.
"""

import asyncio
import functools
import json
import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from tests.stories.people import SUPPORT, Json, Page, Person, Thread, labels, words
from tests.stories.programs import Program, Stage
from tests.support.between import Between, Death, between
from tests.support.postgres import PASSWORD
from tests.support.waiting import until

AGENT = "tests.stories.agents.office:agent"
CROWD = 30
KNOWN = 300
"""Conversations that the model knows what to say in."""

LONG = f"It took {' and '.join(['a while'] * 12)}."
"""What takes long enough to say that it is streamed, where the model takes its time."""

WORK = {"book": {}, "share": {}, "slowly": {"pause": 1.5}, "endlessly": {"pause": 600}}
"""What people ask for, and the call's arguments beside the entry."""

SCRIPT = {
    f"{work} {n:03}.": [
        {"text": f"First a look at {n:03}.", "tool_calls": [{"name": "look_up", "arguments": {"entry": f"E{n:03}"}}]},
        {
            "text": f"Then to book {n:03}.",
            "tool_calls": [
                {"name": "share" if work == "share" else "book", "arguments": {"entry": f"E{n:03}", **arguments}}
            ],
        },
        {"text": f"That is all of {n:03}. {LONG}"},
    ]
    for n in range(KNOWN)
    for work, arguments in WORK.items()
}

PARTS = ("First a look at {}.", "Then to book {}.", "That is all of {}.")

RAN, AGAIN = "It Ran", "Run Again"
EXIT_WITHIN = 20.0
"""Seconds that a bot which is told to stop may take."""


@dataclass
class Replica:
    """One of the bots, which may be there or not."""

    stage: Stage
    number: int
    slack: Between
    model: Between
    environment: Mapping[str, str]
    program: list[str] = field(default_factory=lambda: ["bot", "run"])
    bot: Program | None = None

    @property
    def log(self) -> Path:
        return self.stage.folder / f"replica-{self.number}.log"

    @property
    def lives(self) -> bool:
        return self.bot is not None and self.bot.process.poll() is None

    def start(self) -> None:
        assert not self.lives
        if self.bot is not None:
            self.bot.kill()  # what it wrote to is closed
        self.bot = Program(self.program, self.stage.folder, self.log, self.environment)

    async def connected(self) -> None:
        await until(lambda: self.slack.greeted or not self.lives, f"replica {self.number} to be connected")
        assert self.lives, self.log.read_text("utf-8")

    def kill(self) -> None:
        assert self.bot is not None
        self.bot.kill()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.bot is not None
        async with asyncio.timeout(EXIT_WITHIN):
            return await asyncio.to_thread(self.bot.stop)

    def _signal(self, number: signal.Signals) -> None:
        assert self.bot is not None
        os.killpg(self.bot.process.pid, number)

    def took(self, kind: str) -> list[Json]:
        """The payloads of a kind that it was sent: `interactive`, `events_api`."""
        return [each["payload"] for each in self.slack.received if each["type"] == kind]


@dataclass(frozen=True)
class Errand:
    """One conversation, in which an entry is to be booked."""

    replicas: "Replicas"
    number: int
    asker: Person
    thread: Thread

    @property
    def entry(self) -> str:
        return f"E{self.number:03}"

    @property
    def booked(self) -> int:
        """How often the effect has happened."""
        return self.replicas.ledger().count(self.entry)

    async def card(self) -> Json:
        return await self.thread.card()

    async def approve(self, *people: Person) -> None:
        """All of them click at once."""
        card = await self.card()
        await asyncio.gather(*(each.click(card, "Approve") for each in people or (self.asker,)))

    async def press(self, who: Person, label: str) -> bool:
        """Click, whatever comes of it. Whether it was acknowledged; False where there is no such button."""
        card = next((each for each in reversed(await self.thread.said()) if label in labels(each)), None)
        for block in card["blocks"] if card is not None else ():
            for element in block.get("elements", ()) if block["type"] == "actions" else ():
                if card is not None and element["text"]["text"] == label:
                    place = {"channel": card["channel"], "message_ts": card["ts"]}
                    action = {"block_id": block["block_id"], "action_id": element["action_id"]}
                    answer = await self.replicas.page.attempt("/client/actions", user=who.id, **place, **action)
                    return answer.get("acked", False)
        return False

    async def finish(self) -> None:
        """What people do until the end is said: settle what is in doubt by the books, try again; and approve, until
        that is acknowledged, for then it must count.
        """
        refused = Counter[str]()
        approved = False

        async def over() -> bool:
            nonlocal approved
            for each in await self.thread.said():
                for label in {"Approve", RAN, AGAIN, "Try Again"} & set(labels(each)):
                    wanted = {RAN: self.booked > 0, AGAIN: self.booked == 0, "Approve": not approved}.get(label, True)
                    acknowledged = wanted and await self.press(self.asker, label)
                    approved |= acknowledged and label == "Approve"
                    refused[label] += wanted and not acknowledged
            return any(PARTS[2].format(f"{self.number:03}") in words(each) for each in await self.thread.said())

        await until(over, lambda: f"the end of {self.entry} to be said; not acknowledged were {refused}")

    async def is_whole(self, booked: int = 1) -> None:
        """At rest, and everything there once."""
        problems: list[str] = []

        async def at_rest() -> bool:
            problems[:] = await self.problems(booked)
            return not problems

        await until(at_rest, lambda: f"{self.entry} to be at rest: {problems}")

    async def problems(self, booked: int = 1) -> list[str]:
        """What is not, or not yet, as it must be at the end."""
        said = await self.thread.said()
        texts = [words(each) for each in said]
        found = [
            f"{hits} times {part!r}"
            for part in (each.format(f"{self.number:03}") for each in PARTS)
            if (hits := sum(part in text for text in texts)) != 1
        ]
        cards = [each for each in said if self.entry in words(each) and re.search("[Aa]pproved by", words(each))]
        found += [f"{len(cards)} cards"] if len(cards) != 1 else []
        found += [f"{len(said)} messages: {texts}"] if len(said) != 5 and not found else []
        found += [f"buttons {labels(each)}" for each in said if labels(each)]
        found += ["a stream is open" for each in said if each.get("streaming")]
        found += [f"booked {self.booked} times"] if self.booked != booked else []
        return found


class Replicas:
    """The bots of one stage, the people who talk to them, and what they have talked about."""

    def __init__(self, stage: Stage, page: Page, bots: list[Replica], database: str) -> None:
        self.stage = stage
        self.page = page
        self.all = bots
        self.database = database
        self.errands: list[tuple[Errand, int]] = []
        self._numbers = count()

    def __iter__(self) -> Iterator[Replica]:
        return iter(self.all)

    def person(self, number: int) -> Person:
        """One of the crowd, from 1 on."""
        return Person(self.page, f"U0P{number:02}", f"D0P{number:02}")

    def ledger(self) -> list[str]:
        return [line.split()[0] for line in self._lines()]

    def booker(self, entry: str) -> Replica | None:
        """The one that did it."""
        pid = next((int(line.split()[1]) for line in self._lines() if line.split()[0] == entry), None)
        return self.who(lambda each: each.bot is not None and each.bot.process.pid == pid)

    def _lines(self) -> list[str]:
        file = self.stage.folder / "ledger.txt"
        return file.read_text("utf-8").splitlines() if file.exists() else []

    async def errand(
        self, work: str = "book", asker: Person | None = None, channel: str | None = None, *, booked: int = 1
    ) -> Errand:
        """Somebody asks, in their direct message unless told otherwise. `booked`: how often it will be in the end."""
        number = next(self._numbers)
        asker = asker or self.person(number % CROWD + 1)
        text = f"{work} {number:03}."
        thread = await asker.say(text if channel is None else f"@signoff {text}", channel=channel)
        found = Errand(self, number, asker, thread)
        self.errands.append((found, booked))
        return found

    async def in_support(self, work: str = "book") -> Errand:
        """In the channel where everybody may decide."""
        return await self.errand(work, channel=SUPPORT)

    async def all_there(self) -> None:
        """Start those that are not there, and wait until all are connected."""
        for each in self.all:
            if not each.lives:
                each.start()
        for each in self.all:
            await each.connected()

    def who(self, does: Callable[[Replica], object]) -> Replica | None:
        return next((each for each in self.all if does(each)), None)

    def at(
        self,
        does: Callable[[Replica], None],
        *,
        at_model: bool = False,
        but: Sequence[Replica] = (),
        call: int = 1,
        after: bool = False,
        **where: Any,
    ) -> list[Replica]:
        """Do this to whichever bot is the first at this call (see `Death`) of Slack, or of the model; it is in the list
        then. To no other, and not to those of `but`.
        """
        there: list[Replica] = []

        def is_there(replica: Replica) -> None:
            self.disarm()
            does(replica)
            there.append(replica)

        self.disarm()
        for each in self.all:
            if each not in but:
                death = Death(call, after, functools.partial(is_there, each), **where)
                (each.model if at_model else each.slack).death = death
        return there

    def disarm(self) -> None:
        for each in self.all:
            each.slack.death = each.model.death = None

    async def audited(self) -> list[Json]:
        """The rows of the audit, whose chain has to be whole."""
        code, printed, said = await self.command("audit", "verify")
        assert code == 0, said
        assert "the chain is whole" in printed
        _, exported, _ = await self.command("audit", "export")
        return [json.loads(line) for line in exported.splitlines()[:-1]]

    async def command(self, *arguments: str) -> tuple[int, str, str]:
        """`signoff …` on the bots' database, as the first of them knows it: exit code, what it printed, and what it
        said on stderr.
        """
        log = self.stage.folder / "command.log"
        log.unlink(missing_ok=True)
        first = self.all[0]
        program = Program([*first.program[:-1], *arguments], self.stage.folder, log, first.environment)
        return await asyncio.to_thread(program.outcome)

    async def check(self) -> None:
        """Of everything that was talked about: it is whole, and on record once."""
        for errand, booked in self.errands:
            assert not await errand.problems(booked), errand.entry
        given_up = [each["payload"] for each in await self.page.journal() if each.get("type") == "given_up"]
        assert given_up == []
        rows = await self.audited()
        decided = Counter(row["interrupt_id"] for row in rows if row["kind"] == "decision")
        assert {entry: times for entry, times in decided.items() if times != 1} == {}
        votes = Counter((row["interrupt_id"], row["user"]) for row in rows if row["kind"] == "vote")
        assert {vote: times for vote, times in votes.items() if times != 1} == {}
        for each in self.all:
            said = each.log.read_text("utf-8")
            assert "Traceback" not in said, said
            assert PASSWORD not in said


@asynccontextmanager
async def replicas(
    folder: Path,
    number: int,
    database: str,
    *,
    latency: float = 0.0,
    programs: Iterable[list[str]] = (),
    others: Mapping[int, str] | None = None,
) -> AsyncIterator[Replicas]:
    """So many bots on the database at the URL, connected. `programs` are what the first of them are started with, if
    not as `signoff run`; `others` are the URLs of those that come to the database by another way.
    """
    stage = await asyncio.to_thread(Stage, folder, agent=AGENT, script=SCRIPT, latency=latency, crowd=CROWD)
    bots: list[Replica] = []
    async with AsyncExitStack() as stack:
        stack.callback(stage.close)
        stack.callback(lambda: [each.bot.kill() for each in bots if each.bot is not None])
        for index in range(number):
            slack = await stack.enter_async_context(between(stage.url))
            model = await stack.enter_async_context(between(stage.model_url))
            told = {"SLACK_API_URL": f"{slack.url}/api/", "OPENAI_BASE_URL": f"{model.url}/v1"}
            told["DATABASE_URL"] = (others or {}).get(index, database)
            bots.append(Replica(stage, index, slack, model, stage.environment | told))
        for replica, program in zip(bots, programs, strict=False):
            replica.program = program
        http = await stack.enter_async_context(aiohttp.ClientSession())
        found = Replicas(stage, Page(http, stage.url, stage.model_url), bots, database)
        await found.all_there()
        yield found
