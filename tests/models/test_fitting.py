"""What of a conversation is sent: whole turns, results cut where one alone is too much, the same again next time."""

from __future__ import annotations

from typing import Any

from graphs.models.fitting import CUT_AT, Fit, fitting, length
from graphs.models.transcript import call_ids
from graphs.models.window import Window


def said(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text, "id": text[:8]}


def called(*ids: str) -> dict[str, Any]:
    made = [{"id": id_, "type": "function", "function": {"name": "look", "arguments": "{}"}} for id_ in ids]
    return {"role": "assistant", "content": "", "tool_calls": made}


def result(id_: str, text: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id_, "content": text}


def turn(number: int, size: int) -> list[dict[str, Any]]:
    return [said(f"turn {number}"), called(f"c{number}"), result(f"c{number}", "x" * size)]


def is_whole(fit: Fit) -> bool:
    """Whether it begins with a person, and every call has its result."""
    told = [message["tool_call_id"] for message in fit.messages if message["role"] == "tool"]
    return fit.messages[0]["role"] == "user" and told == [id_ for each in fit.messages for id_ in call_ids(each)]


def test_what_fits_is_sent_as_it_is():
    messages = turn(1, 100)
    fit = fitting(messages, 0, Window(10_000))
    assert fit.messages is messages
    assert all(one is other for one, other in zip(fit.sent, messages, strict=True))
    assert not fit.is_cut


def test_older_turns_are_left_out_before_it_is_asked():
    messages = [message for number in range(40) for message in turn(number, 1_000)]
    window = Window(8_000)
    fit = fitting(messages, 0, window)
    assert len(fit.messages) < len(messages)
    assert is_whole(fit)
    assert window.takes(fit.length)
    assert fit.messages[-1] is messages[-1]


def test_a_turn_that_is_too_much_alone_has_its_results_cut():
    messages = [said("look"), called("a", "b"), result("a", "a" * 9_000), result("b", "b" * 9_000)]
    window = Window(4_000)
    fit = fitting(messages, 0, window)
    assert window.takes(fit.length)
    assert is_whole(fit)
    sent = fit.sent
    assert fit.is_cut
    assert "of 9000 characters left out here" in sent[2]["content"]
    assert sent[2]["content"].startswith("aaa")
    assert messages[2]["content"] == "a" * 9_000


def test_one_result_fills_no_small_window():
    fit = fitting([said("look"), called("a"), result("a", "ü" * 50_000)], 0, Window(8_192))
    assert length(fit.sent[2]) < 8_192
    assert fit.longest == Window(8_192).longest_result


def test_a_large_window_leaves_results_as_they_are():
    fit = fitting([said("look"), called("a"), result("a", "x" * 95_000)], 0, Window(200_000))
    assert not fit.is_cut


def test_what_was_cut_once_is_sent_the_same_again():
    messages = [said("look"), called(*"abcd"), *(result(id_, id_ * 9_000) for id_ in "abcd")]
    window = Window(4_000)
    first = fitting(messages, 0, window)
    assert first.longest != window.longest_result
    window.counted(6_000, 1_000)  # so it would fit with less of a cut by now
    later = [*messages, {**called("e"), CUT_AT: first.longest}, result("e", "short")]
    assert fitting(later, 0, window).sent[:6] == first.sent
    assert fitting([*later, said("next"), called("f"), result("f", "f")], 0, window).longest == window.longest_result


def test_where_nothing_is_left_to_cut_it_is_sent_as_short_as_it_can_be():
    fit = fitting([said("x" * 100_000)], 0, Window(1_000))
    assert [message["role"] for message in fit.sent] == ["user"]
    assert fit.smaller() is None


def test_a_conversation_without_a_known_window_is_halved_when_it_is_refused():
    messages = [message for number in range(8) for message in turn(number, 1_000)]
    fit: Fit | None = fitting(messages, 0, Window())
    lengths = []
    while fit is not None:
        assert is_whole(fit)
        lengths.append(fit.length)
        fit = fit.smaller()
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < 800


def test_a_picture_takes_no_more_room_than_pictures_do():
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{'A' * 500_000}"}}
    message = {"role": "user", "content": [{"type": "text", "text": "x" * 1_000}, picture, "y" * 1_000], "id": "m"}
    assert 6_000 < length(message) < 7_000
