"""What stands in a conversation for turns that broke off: the way to try them again, as long as there is one."""

from dataclasses import dataclass
from typing import Any, cast

import pytest

from bot.shown import cards, timeline
from graphs.models.errors import ModelUnavailable, TooLong, TooManyCalls
from graphs.runtime.types import StateSnapshot
from storage import new_id


@dataclass
class Task:
    id: str
    error: str | None


def snapshot(*messages: dict[str, Any], failed: str | None = None) -> StateSnapshot:
    tasks = () if failed is None else (Task(failed, "ValueError: no"),)
    return StateSnapshot({"messages": list(messages)}, (), cast("Any", {}), None, None, None, cast("Any", tasks), ())


def user(id_: str, by: str = "U0ANA") -> dict[str, Any]:
    return {"role": "user", "content": "words", "id": id_, "by": by}


TURN = "1.0:9.0"
"""The id of a turn that was tried again before."""


def test_a_failed_turn_is_known_by_its_task_and_its_turn_and_the_button_asks_for_the_turn() -> None:
    ((subject, shown),) = timeline.wanted(snapshot(user(TURN), failed="task1"), [])
    assert subject == f"failure:task1:{TURN}"
    assert f"'value': '{TURN}'" in str(shown.blocks)
    assert "reference task1" in shown.text


def test_what_fails_within_a_minute_has_a_reference_each() -> None:
    ids = [new_id() for _ in range(3)]
    assert len({timeline.reference(each) for each in ids}) == len(ids)


@pytest.mark.parametrize("error", [TooManyCalls(128), TooLong(), ModelUnavailable("It is away.", retryable=True)])
def test_what_a_model_does_wrong_is_told_in_its_sentence(error: ModelUnavailable) -> None:
    assert timeline.sentence(f"{type(error).__name__}: {error}") == str(error)


@pytest.mark.parametrize("posted", [[f"failure:task1:{TURN}"], []])
def test_a_turn_that_is_left_keeps_its_button_and_gets_one_if_it_never_had(posted: list[str]) -> None:
    wanted = timeline.wanted(snapshot(user(TURN), user("2.0", "U0LEA")), [], posted, unfinished=[TURN])
    if posted:
        assert wanted == [], "it stays as it was posted"
        return
    ((subject, shown),) = wanted
    assert f"'value': '{TURN}'" in str(shown.blocks)
    assert timeline.wanted(snapshot(user(TURN), user("2.0", "U0LEA")), [], [subject], unfinished=[TURN]) == []
    assert timeline.wanted(snapshot(user(TURN)), [], [subject]) == [(subject, cards.overcome())]


def test_a_turn_that_was_tried_again_says_so() -> None:
    posted = [f"failure:task1:{TURN}", "failure:task0"]
    assert timeline.wanted(snapshot(user("2.0")), [], posted) == [
        ("failure:task0", cards.overcome()),
        (f"failure:task1:{TURN}", cards.overcome()),
    ]
