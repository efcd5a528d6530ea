"""Only its own end, or a signal, ends the process. The rest is played with a whole bot, in the stories."""

import asyncio
import os
import signal
import sys
from typing import Any

import pytest

from bot.stopping import Stop, run_to_end


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
