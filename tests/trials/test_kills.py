"""Killed at any call of Slack, any call of the model, any ack and any commit: in the end all stands there once.

CI runs a few of them; `make trials` all.
"""

import asyncio
import os
import signal
import subprocess
from typing import Any, Literal

import pytest

from tests.support.between import Death
from tests.support.waiting import until
from tests.trials.conftest import Trial

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

ORDER = "die_at_commit"
"""The file by which the agent of the trials is told."""

Where = Literal["slack", "model", "ack", "commit"]

CALLS: dict[Where, int] = {"slack": 16, "model": 3, "ack": 3, "commit": 24}
"""Places of each kind that a whole conversation has, about."""

IN_CI = {("slack", 4, True), ("slack", 7, False), ("model", 2, True), ("ack", 1, True), ("commit", 6, False)}


def _cases(*kinds: Where) -> list[Any]:
    return [
        pytest.param(kind, call, after, marks=() if (kind, call, after) in IN_CI else pytest.mark.trial)
        for kind in kinds
        for call in range(1, CALLS[kind] + 1)
        for after in ((False,) if kind == "commit" else (False, True))
    ]


async def killed_at(trial: Trial, kind: Where, call: int, after: bool) -> None:
    """A conversation in which the bot is killed there, and started again."""
    assert trial.stage.bot is not None
    process = trial.stage.bot.process
    order = trial.stage.folder / ORDER
    place = trial.model if kind == "model" else trial.slack
    if kind == "commit":
        order.write_text(str(call))
    else:
        place.death = Death(call, after, lambda: os.killpg(process.pid, signal.SIGKILL), acks=kind == "ack")
    reviving = asyncio.create_task(_revive(trial, process))
    try:
        await trial.whole()
    finally:
        order.unlink(missing_ok=True)
        place.death = None
        if process.poll() is None:
            reviving.cancel()
        await asyncio.gather(reviving, return_exceptions=True)


async def _revive(trial: Trial, process: subprocess.Popen[bytes]) -> None:
    """Once it is killed, start it again."""
    await until(lambda: process.poll() is not None, "it to be killed")
    await trial.restart()


@pytest.mark.parametrize(("kind", "call", "after"), _cases("slack", "model", "ack", "commit"))
async def test_wherever_it_is_killed_all_stands_there_once(quick: Trial, kind: Where, call: int, after: bool):
    await killed_at(quick, kind, call, after)


@pytest.mark.trial
@pytest.mark.parametrize(("kind", "call", "after"), _cases("slack"))
async def test_wherever_it_is_killed_while_it_streams(streaming: Trial, kind: Where, call: int, after: bool):
    await killed_at(streaming, kind, call, after)
