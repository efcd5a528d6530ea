"""What is told privately with a button, and what a thread says that is being stopped, by the standard."""

import pytest

from bot import halting, telling, withdrawing
from bot.inbound import arrivals
from bot.shown import notices
from graphs.agent import halting as ends
from tests.support import linter


@pytest.mark.parametrize(
    "text",
    [
        telling.QUEUED,
        withdrawing.READ_ALREADY,
        withdrawing.NOT_YOURS,
        withdrawing.NOTHING_WAITS,
        halting.NOTHING,
        halting.UNKNOWN,
        halting.NOT_YOURS.format(asker="<@U0ANA>"),
        halting.NOT_ALLOWED,
        arrivals.STOPS_LATER,
        ends.STOPPED,
    ],
)
def test_a_sentence_is_one_that_people_can_use(text: str) -> None:
    assert linter.sentence(text) == []


def test_a_message_that_is_kept_has_one_button_that_says_all_that_it_does() -> None:
    blocks = notices.queued(telling.QUEUED, "Ev0")
    assert linter.message(telling.QUEUED, blocks) == []
    (button,) = blocks[1]["elements"]
    assert (button["text"]["text"], button["value"]) == ("Reject and Send This", "Ev0")
    assert "style" not in button, "declining is the safe choice"


@pytest.mark.parametrize("calls", [["Refund 30 euro"], ["Refund 30 euro", "Send it"], ["x" * 5000]])
def test_what_still_runs_is_named(calls: list[str]) -> None:
    shown = notices.stopping(calls)
    assert linter.message(shown.text, shown.blocks) == []
    (said,) = linter.lines(shown.blocks)
    assert said.startswith("Stopped. Still running: ")
    assert all(call[:20] in said for call in calls)
    assert shown.blocks[0]["text"]["type"] == "plain_text", "what a model wrote is no format"
