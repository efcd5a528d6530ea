"""How often somebody who cannot be looked up is looked up again, and when they hear of it."""

from itertools import pairwise

from bot.people.unknown import Unknown
from tests.support.clock import Clock


def test_the_pauses_grow_up_to_a_minute_and_the_author_is_told_once() -> None:
    clock = Clock()
    unknown = Unknown(clock.seconds)
    begun = clock.seconds()
    looks, told = list[float](), list[float]()
    for _ in range(600):
        if not unknown.rests("Ev1"):
            looks.append(clock.seconds() - begun)
            if unknown.failed("Ev1"):
                told.append(clock.seconds() - begun)
        clock.forward(1)
    assert looks[:6] == [0, 2, 6, 14, 30, 62]
    assert {after - before for before, after in pairwise(looks[5:])} == {60}
    assert told == [14]


def test_one_message_waits_for_no_other() -> None:
    unknown = Unknown(Clock().seconds)
    unknown.failed("Ev1")
    assert unknown.rests("Ev1")
    assert not unknown.rests("Ev2")
