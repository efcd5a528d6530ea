"""Only its own end, or a signal, ends the process. The rest is played with a whole bot, in the stories."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from bot.stopping import Stop, run_to_end
from tests.support.waiting import until


async def leaves() -> None:
    sys.exit("left behind")


def interrupts() -> None:
    raise KeyboardInterrupt


async def test_a_signal_sets_it_and_handlers_are_as_they_were() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    for number in (signal.SIGTERM, signal.SIGINT):
        with Stop() as stop:
            os.kill(os.getpid(), number)
            await asyncio.wait_for(stop.wait(), 10)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def ignored() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def handled() -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)


def removed() -> None:
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)


def deaf() -> None:
    signal.set_wakeup_fd(-1)


@pytest.mark.parametrize("take", [ignored, handled, removed, deaf])
async def test_a_signal_that_an_agents_code_takes_over_is_taken_back(
    take: Callable[[], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.stopping.TAKEN_BACK_EVERY", 0.01)
    with Stop() as stop:
        ours = signal.getsignal(signal.SIGTERM)
        take()
        await asyncio.sleep(0)
        await until(lambda: signal.getsignal(signal.SIGTERM) == ours and wakes(), "the signal to be ours again")
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 10)
    said = [record.message for record in caplog.records if record.name == "bot.stopping"]
    assert len(said) == (0 if take is deaf else 1), said


def wakes() -> bool:
    """Whether a signal wakes the loop."""
    found = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(found)
    return found != -1


def test_what_is_left_in_the_loop_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> str:
        loop = asyncio.get_running_loop()
        stray = loop.create_task(leaves())
        loop.call_soon(interrupts)
        loop.call_later(0.01, loop.stop)
        gathered = await asyncio.gather(stray, return_exceptions=True)
        await asyncio.sleep(0.05)
        return type(gathered[0]).__name__

    assert run_to_end(main()) == "SystemExit"
    said = [record.message for record in caplog.records if record.name == "bot.stopping"]
    assert len(said) == 3
    assert all(each.endswith("in the event loop; it goes on") for each in said)


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), RuntimeError("broken"), ValueError("x")])
def test_what_the_program_itself_raises_ends_it(raised: BaseException) -> None:
    async def main() -> Any:
        await asyncio.sleep(0)
        raise raised

    with pytest.raises(type(raised)) as caught:
        run_to_end(main())
    assert caught.value is raised
