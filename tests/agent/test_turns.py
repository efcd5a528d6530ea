"""Whose turn each message is, and what of the transcript a model may act on: never two people's wishes as one."""

from typing import Any

import pytest

from graphs.agent.turns import BROKE_OFF, GO_ON, as_seen, broken_off, latest

Message = dict[str, Any]


def user(id_: str, by: str = "U0ANA", **more: Any) -> Message:
    return {"role": "user", "content": f"words {id_}", "id": id_, "by": by, **more}


def reply(text: str = "Done.", *calls: str) -> Message:
    made = [{"id": call, "type": "function", "function": {"name": "pay", "arguments": "{}"}} for call in calls]
    return {"role": "assistant", "content": text, "id": f"r{text}"} | ({"tool_calls": made} if made else {})


def result(call: str) -> Message:
    return {"role": "tool", "tool_call_id": call, "content": "paid", "id": f"result:{call}"}


LEA = "U0LEA"

TRANSCRIPTS: list[tuple[str, list[Message], list[str], list[str]]] = [
    ("nobody", [], [], []),
    ("one", [user("1")], ["words 1"], []),
    ("one author twice after a failure", [user("1"), user("2")], ["words 1", "words 2"], []),
    ("another after a failure", [user("1"), user("2", LEA)], ["words 2"], ["1"]),
    ("two failures of two", [user("1"), user("2", LEA), user("3")], ["words 3"], ["1", "2"]),
    ("two messages of one turn", [user("1"), user("2"), user("3", LEA)], ["words 3"], ["2"]),
    ("no author is nobody else", [user("1"), user("2", ""), user("3")], ["words 1", "words 2", "words 3"], []),
    ("one that follows no author", [user("1"), user("2", ""), user("3", LEA)], ["words 3"], ["2"]),
    ("over", [user("1"), reply(), user("2", LEA)], ["U0ANA: words 1", "Done.", "U0LEA: words 2"], []),
    (
        "in the middle",
        [user("1"), reply("", "a"), result("a"), user("2", LEA)],
        ["U0ANA: words 1", "", "paid", BROKE_OFF, "U0LEA: words 2"],
        ["1"],
    ),
    (
        "in the middle, and the same author goes on",
        [user("1"), reply("", "a"), result("a"), user("2")],
        ["words 1", "", "paid", "words 2"],
        [],
    ),
    (
        "asked for again",
        [user("1"), user("2", LEA), reply(), user("1:9", again="1"), reply("Yes.")],
        ["U0LEA: words 2", "Done.", "U0ANA: words 1:9", "Yes."],
        [],
    ),
    (
        "asked for again, and broken off again",
        [user("1"), user("2", LEA), reply(), user("1:9", again="1"), user("3", LEA)],
        ["words 2", "Done.", "words 3"],
        ["1:9"],
    ),
]


@pytest.mark.parametrize(
    ("messages", "seen", "open_turns"), [each[1:] for each in TRANSCRIPTS], ids=[each[0] for each in TRANSCRIPTS]
)
def test_what_a_model_sees_and_which_turns_are_left(messages: list[Message], seen: list[str], open_turns: list[str]):
    assert [message["content"] for message in as_seen(messages)] == seen
    assert [turn.id for turn in broken_off(messages)] == open_turns
    assert latest(messages) == next((each["id"] for each in reversed(messages) if each["role"] == "user"), None)


def test_what_one_person_wrote_alone_stays_the_very_same():
    messages = [{"role": "system", "content": "Be brief."}, user("1"), reply(), user("2")]
    assert [id(message) for message in as_seen(messages)] == [id(message) for message in messages]


def test_who_wrote_is_said_by_name_and_id():
    empty = user("3", name="Ana Ruiz") | {"content": " "}
    seen = as_seen([user("1", name="Ana Ruiz"), reply(), user("2", LEA, name="Lea Brandt"), reply(), empty])
    assert [message["content"] for message in seen] == [
        "Ana Ruiz (U0ANA): words 1",
        "Done.",
        "Lea Brandt (U0LEA): words 2",
        "Done.",
        " ",
    ]


def test_a_turn_is_asked_for_again_with_all_its_words_and_says_so_when_it_had_begun():
    (turn,) = broken_off([user("1"), user("2"), user("3", LEA)])
    assert turn.author == "U0ANA"
    assert [(each["id"], each["content"], each["by"], each["again"]) for each in turn.again("9.0")] == [
        ("1:9.0", "words 1", "U0ANA", "2"),
        ("2:9.0", "words 2", "U0ANA", "2"),
    ]
    (begun,) = broken_off([user("1"), reply("", "a"), result("a"), user("2", LEA)])
    (copy,) = begun.again("9.0")
    assert copy["content"] == f"words 1\n\n{GO_ON}"
    assert copy["said"] == "words 1"
