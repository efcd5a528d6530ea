"""Many who ask the same at once are told by few calls, and by none that began before they asked."""

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.people import asking
from bot.people.asking import Asking
from tests.support.waiting import until


@dataclass
class Slack:
    """Answers with how often it was asked, each call once it is let go."""

    calls: list[asyncio.Future[None]] = field(default_factory=list)

    async def call(self) -> int:
        number = len(self.calls) + 1
        self.calls.append(asyncio.get_running_loop().create_future())
        await self.calls[number - 1]
        return number

    async def asked(self, times: int) -> None:
        await until(lambda: len(self.calls) == times, f"{times} calls")


def ask(one: Asking, slack: Slack, *, fresh: bool, times: int = 1) -> "asyncio.Future[list[int]]":
    return asyncio.gather(*(one.ask("Lea", slack.call, fresh=fresh) for _ in range(times)))


async def test_two_hundred_at_once_are_one_call():
    slack = Slack()
    told = ask(Asking(), slack, fresh=True, times=200)
    await slack.asked(1)
    slack.calls[0].set_result(None)
    assert await told == [1] * 200


async def test_who_asks_later_is_told_by_a_call_that_began_later():
    slack, one = Slack(), Asking()
    first = ask(one, slack, fresh=True)
    await slack.asked(1)
    later = ask(one, slack, fresh=True, times=200)
    anybody = ask(one, slack, fresh=False)
    slack.calls[0].set_result(None)
    assert (await first, await anybody) == ([1], [1])
    await slack.asked(2)
    slack.calls[1].set_result(None)
    assert await later == [2] * 200


async def test_a_call_that_is_never_answered_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "TURN", 0.01)
    slack, one = Slack(), Asking()
    first = ask(one, slack, fresh=True)
    await slack.asked(1)
    second = ask(one, slack, fresh=True)
    await slack.asked(2)
    slack.calls[1].set_result(None)
    assert await second == [2]
    slack.calls[0].set_exception(OSError())
    with pytest.raises(OSError):
        await first


async def test_another_thing_is_another_call():
    slack, one = Slack(), Asking()
    both = asyncio.gather(*(one.ask(what, slack.call, fresh=True) for what in ("Lea", "Kim")))
    await slack.asked(2)
    for each in slack.calls:
        each.set_result(None)
    assert await both == [1, 2]


async def test_a_call_that_fails_fails_for_all_who_asked_and_for_nobody_later():
    slack, one = Slack(), Asking()
    told = [asyncio.ensure_future(one.ask("Lea", slack.call, fresh=True)) for _ in range(3)]
    await slack.asked(1)
    told[0].cancel()
    slack.calls[0].set_exception(OSError())
    assert [type(each) for each in await asyncio.gather(*told, return_exceptions=True)] == [
        asyncio.CancelledError,
        OSError,
        OSError,
    ]
    later = ask(one, slack, fresh=True)
    await slack.asked(2)
    slack.calls[1].set_result(None)
    assert await later == [2]
