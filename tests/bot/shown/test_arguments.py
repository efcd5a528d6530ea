"""Arguments on a card: two different calls never look alike, and no value writes another one's line."""

import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.shown.arguments import in_line, written
from bot.shown.labels import Labels, label
from bot.shown.naming import title
from bot.shown.text import rich

LIMIT = 9000

ODD = st.sampled_from(
    [
        *(
            "\n",
            "\r\n",
            "\r",
            "\t",
            " ",
            "  ",
            "\u00a0",
            "\u200a",
            "\u200b",
            "\U0001d159",
            "\u2028",
            "\u3000",
            "\u00ad",
        ),
        *("to: x", "a", "b: ", ", ", "│ ", " → ", "{␣ × 2}", "{⏎ × 2}", "(left out)", "\\u{200b}", "\\", '"', "true"),
        *(" · ", "·", "subject", "b x", "b 1", 'b "x"', "[1]"),
        *("null", "80", "[]", "—", "(text of 2 lines):", "می\u200cخواهم", "🩷", "\n\n\n\n", " " * 12, "\n" * 60),
    ]
)
TEXT = st.lists(ODD, max_size=6).map("".join) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUE = st.recursive(
    TEXT
    | st.sampled_from([None, True, False, 0, 1, 80, 80.0, -0.0, 1e22, "", "true", "null", "80", "[]", "{}", "80.0"])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
ARGS = st.dictionaries(
    st.sampled_from(["to", "to_b", "to_b_1", "subject", "a b", "to (text of 2 lines)", "to: x\nsubject"]),
    VALUE,
    max_size=3,
)


def lines(args: dict[str, Any], edited: dict[str, Any] | None = None) -> list[str]:
    """What stands on the card, line by line, as a person sees it: what stands in a box is seen to stand in one."""
    return drawn_as(written(args, edited or {}, LIMIT).parts)


def drawn_as(parts: Any) -> list[str]:
    read: list[str] = []
    for part in parts:
        (element,) = part["elements"]
        box = "│ " if part["type"] == "rich_text_preformatted" else ""
        read += [f"{box}{line}" for line in element["text"].split("\n")]
    return read


def seen(text: str) -> str:
    """What is left of a text when it is looked at: any space is a space, and what is not drawn is not there."""
    looked_at = re.sub(r"[\ufe0f\u200b\u200e\u200f\u2060\ufeff\u00ad\U0001d159\u202a-\u202e]", "", text)
    return re.sub(r"\s", " ", looked_at).rstrip()


def same(one: object, other: object) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def unescaped(text: str) -> str:
    """A text with our marks for what cannot be seen, or is repeated, read."""
    text = re.sub(r"\{␣ × (\d+)\}", lambda found: " " * int(found[1]), text)
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), text)


def value_of(text: str) -> Any:
    """The value that a person reads in one line: JSON, or a text as it is."""
    try:
        return json.loads(unescaped(text), strict=False)
    except ValueError:
        return unescaped(text)


def text_of(box: str) -> str:
    """The text that a person reads in a box."""
    blank = r"^\{␣ × (\d+), ⏎ × (\d+)\}\n"
    box = re.sub(blank, lambda found: (" " * int(found[1]) + "\n") * int(found[2]), box, flags=re.MULTILINE)
    box = re.sub(r"\A\{⏎ × (\d+)\}\n?", lambda found: "\n" * int(found[1]), box)
    box = re.sub(r"\n\{⏎ × (\d+)\}\Z", lambda found: "\n" * int(found[1]), box)
    return unescaped(re.sub(r"\n\{⏎ × (\d+)\}\n", lambda found: "\n" * (int(found[1]) + 1), box))


def pieces(line: str) -> list[str]:
    """What stands between the dots of a line, a dot in quotes being none."""
    quote = r'"(?:[^"\\]|\\.)*"'
    return re.sub(rf"({quote})| · ", lambda found: found[1] or "\n", line).split("\n")


def read_back(args: dict[str, Any], labels: Labels | None = None) -> dict[str, Any]:
    """What a person reads on the card, who knows how it is made and nothing of what was written."""
    found_parts = written(args, {}, LIMIT, labels or Labels()).parts
    parts = [(part["type"], part["elements"][0]["text"]) for part in found_parts]
    found: dict[str, Any] = {}
    for (kind, text), (following, box) in zip(parts, [*parts[1:], ("", "")], strict=False):
        if kind == "rich_text_preformatted":
            continue
        if heading := re.fullmatch(r"(\w+) \((text|list|object|number) of ([^)]*)\):", text):
            assert following == "rich_text_preformatted"
            read = text_of(box) if heading[2] == "text" else json.loads(unescaped(box), strict=False)
            found[heading[1]] = read.replace("\n", "\r\n") if "CRLF" in heading[3] else read
            continue
        for piece in pieces(text):
            name, _, value = piece.partition(" ")
            found[name] = value_of(value)
    return found


@given(st.dictionaries(st.sampled_from(["to", "subject", "cc"]), VALUE, max_size=3))
def test_what_is_read_on_the_card_is_what_would_run(args: dict[str, Any]) -> None:
    assert same(read_back(args), args)


LONG = "x" * 200
ALIKE: list[tuple[Any, Any]] = [
    (True, "true"), (True, "True"), (None, "null"), (None, "—"), (None, ""), ("", "—"), (None, "None"), ("", '""'),
    (80, "80"), (80, 80.0), (80.0, "80.0"), ("80", "80.0"), ([], "[]"), (["a"], "['a']"), (["a"], '["a"]'), ({}, "{}"),
    ([1], ["1"]), ([None], ["null"]), ({"a": 1}, '{"a": 1}'), ({"a": 1}, {"a": "1"}),
    ([[]], [{}]), (["a, b"], ["a", "b"]),
    ("a b", "a  b"), ("a", " a"), ("a", "a "), ("a b", "a\tb"), ("a b", "a\u00a0b"), ("a b", "a\u200ab"),
    ("ab", "a\u200bb"), ("ab", "a\U0001d159b"), ("a b", "a\u2028b"), ("a\nb", "a\u2028b"), ("a\nb", "a\r\nb"),
    ("a\nb", "a\rb"), ("a\nb", "a\\nb"), ("a\n", "a"), ("a\n", "a\n\n"), ("\na", "a"), ("a \nb", "a\nb"),
    ("a\n\nb", "a\n \nb"), ("a\u200bb", "a\\u{200b}b"), ("a" + " " * 40 + "b", "a" + " " * 41 + "b"),
    ("a" + "\n" * 60 + "b", "a" + "\n" * 61 + "b"), ("a" + "\n" * 61 + "b", "a\n{⏎ × 60}\nb"),
    ("a" + " " * 60 + "b", "a{␣ × 60}b"), (LONG, LONG + " "), (LONG, LONG.replace("x", "x\u200b", 1)),
    ([LONG], f'["{LONG}"]'),
    ("\U0001f3f4", "\U0001f3f4\U000e0075\U000e0073\U000e007f"), ("मक", "म\u200cक"), ("(left out)", "left out"),
    (" ", "\u3000"), ("a b", "a\u1680b"), ("\U0001f4e7", "\U0001f4e7\ufe0f"),
    ("\u2588", "\u2588\ufe0f"), ("\U0001f44d\U0001f3fb", "\U0001f44d\U0001f3fb\ufe0f"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE, ids=range(len(ALIKE)))
def test_different_values_look_different(one: Any, other: Any) -> None:
    assert [*map(seen, lines({"x": one}))] != [*map(seen, lines({"x": other}))]
    assert seen(in_line({"x": one}, 3000)) != seen(in_line({"x": other}, 3000))
    for edited in ([*map(seen, lines({"x": one}, {"x": other}))],):
        assert edited != [*map(seen, lines({"x": other}, {"x": one}))]
        assert edited != [*map(seen, lines({"x": one}, {"x": one}))]


@given(ARGS, ARGS)
@example({"to": "a\nsubject: hello", "subject": "pay"}, {"to": "a", "subject": "hello\nsubject: pay"})
def test_different_arguments_look_different(one: dict[str, Any], other: dict[str, Any]) -> None:
    if same(one, other) and list(one) == list(other):
        assert (lines(one), in_line(one, 3000)) == (lines(other), in_line(other, 3000))
    elif not same(one, other):
        assert lines(one) != lines(other)
        assert in_line(one, 3000) != in_line(other, 3000)


@given(ARGS, ARGS.filter(bool), ARGS, ARGS.filter(bool))
@example({"to": "a → b"}, {"to": "c"}, {"to": "a"}, {"to": "b → c"})
@example({"to": "a"}, {"subject": None}, {"to": "a", "subject": None}, {"to": None, "subject": None})
def test_different_edits_look_different(
    before: dict[str, Any], after: dict[str, Any], other_before: dict[str, Any], other_after: dict[str, Any]
) -> None:
    if not (same(before, other_before) and same(after, other_after)):
        assert lines(before, after) != lines(other_before, other_after)


@given(st.dictionaries(st.sampled_from(["to", "subject", "cc"]), VALUE, min_size=1))
def test_each_argument_has_one_line_of_its_own_and_its_value_none(args: dict[str, Any]) -> None:
    shown = lines(args)
    assert all(line.startswith(("│ ", "to", "subject", "cc")) for line in shown)
    own = [piece for line in shown if not line.startswith("│ ") for piece in pieces(line)]
    assert {re.match(r"\w+", line).group() for line in own} == set(args)  # type: ignore[union-attr]
    assert len(own) == len(args)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("came late", ["x came late"]),
        ("10:42, or https://a.example/?q=1", ["x 10:42, or https://a.example/?q=1"]),
        ("a: b", ['x "a: b"']),
        ("a · b", ['x "a · b"']),
        ("came on 3", ['x "came on 3"']),
        (80, ["x 80"]),
        (None, ["x null"]),
        ("", ['x ""']),
        (["a", "b"], ['x ["a", "b"]']),
        ("a  b", ['x "a{␣ × 2}b"']),
        ("pay\u200b100", ["x pay\\u{200b}100"]),
        ("می\u200cخواهم 🩷", ["x می\u200cخواهم 🩷"]),
        ("Dear Ana,\n\nhello\n", ["x (text of 4 lines):", "│ Dear Ana,", "│ ", "│ hello", "│ {⏎ × 1}"]),
        ("a\r\nb", ["x (text of 2 lines, which end with CRLF):", "│ a", "│ b"]),
        ("a" + "\n" * 61 + "b", ["x (text of 62 lines):", "│ a", "│ {⏎ × 60}", "│ b"]),
        ("a\n" + " \n" * 60 + "b", ["x (text of 62 lines):", "│ a", "│ {␣ × 1, ⏎ × 60}", "│ b"]),
        ("def f():\n\treturn", ["x (text of 2 lines):", "│ def f():", "│ \\u{9}return"]),
        ({"a": LONG}, ["x (object of 209 characters):", "│ {", f'│   "a": "{LONG}"', "│ }"]),
    ],
)
def test_values_are_shown_as_people_read_them(value: Any, shown: list[str]) -> None:
    assert lines({"x": value}) == shown


def test_before_and_after_an_edit() -> None:
    assert lines({"a": 80, "b": "x"}, {"a": 60, "b": "x"}) == ["a 80 → 60 · b x"]
    assert lines({"a": True}, {"a": 1}) == ["a true → 1"]
    assert lines({"a": 1}, {"b": None}) == ["a 1 → (left out) · b (left out) → null"]
    assert lines({"a": "x → y"}, {"a": "z"}) == ['a "x → y" → z']
    assert lines({"a": "x\ny"}, {"a": "z"}) == ["a (before, text of 2 lines):", "│ x", "│ y", "a (after): z"]


def test_a_card_says_in_words_how_it_writes_what_cannot_be_seen() -> None:
    assert written({"x": "late"}, {}, LIMIT).notes == []
    (note,) = written({"x": "la\u00adte"}, {}, LIMIT).notes
    assert "cannot be seen" in note
    (note,) = written({"x": "a" + "\n" * 60 + "b"}, {}, LIMIT).notes
    assert "empty lines are counted" in note


HUGE: dict[str, dict[str, Any]] = {
    "long": {"x": "".join(f"line {n}\n" for n in range(50_000)), "y": "short"},
    "invisible": {"x": "\u200b" * 200_000, "y": "short"},
    "a list": {"x": list(range(200_000)), "y": "short"},
    "both long": {"x": "x" * 100_000, "y": "y" * 100_000},
    "an object": {"x": {f"key {n}": n for n in range(20_000)}, "y": "short"},
    "many": {f"name_{n}": n for n in range(5000)},
    "many long ones": {f"name_{n}": "z" * 5000 for n in range(200)},
    "long names": {f"{n}\n" * 300: "\u200b" * 100 for n in range(100)},
}


@pytest.mark.parametrize("what", HUGE)
def test_what_does_not_fit_shows_head_tail_length_and_digest(what: str) -> None:
    args = HUGE[what]
    made = written(args, {}, LIMIT)
    assert not made.is_whole
    text = json.dumps(rich(*made.parts), ensure_ascii=False)
    assert (
        sum(len(element["text"]) for part in made.parts for element in part["elements"]) <= made.length <= LIMIT + 300
    )
    assert re.search(r"SHA-256 [0-9a-f]{64}", text)
    changed = {**args, list(args)[len(args) // 2]: "another"}
    assert written(changed, {}, LIMIT).parts != made.parts
    assert in_line(changed, 300) != in_line(args, 300)
    assert len(in_line(args, 300)) < 400


def test_the_end_of_a_long_text_is_shown() -> None:
    shown = lines({"x": "begin " + "x" * 50_000 + " end", "y": "short"})
    assert shown[:2] == ["y short", "x (text of 50010 characters):"]
    assert shown[2].startswith("│ begin xxx")
    assert re.fullmatch(r"\(\d+ characters of x are left out here\)", shown[3])
    assert shown[4].endswith("xxx end")


def test_no_long_value_pushes_a_short_one_away() -> None:
    shown = lines({"body": ".\n" * 2000, "subject": "pay", "cc": None, "to": "a\nb"})
    assert shown[:2] == ["subject pay · cc null", "to (text of 2 lines):"]
    assert shown[4] == "body (text of 2001 lines):"


COMPOSED = [
    ("caf\u00e9", "cafe\u0301"), ("5 K", "5 \u212a"), ("a;b", "a\u037eb"), ("\ud55c", "\u1112\u1161\u11ab"),
    ("\u0958", "\u0915\u093c"), (["\u00c5"], ["\u212b"]), ("caf\u00e9 cafe\u0301", "cafe\u0301 caf\u00e9"),
]  # fmt: skip
"""The same letters, of other characters."""


@pytest.mark.parametrize(("one", "other"), COMPOSED, ids=range(len(COMPOSED)))
@pytest.mark.parametrize("name", ["to", "to\u00e9"])
def test_letters_that_are_drawn_alike_are_told_apart(one: Any, other: Any, name: str) -> None:
    def drawn(args: dict[str, Any], edited: dict[str, Any] | None = None) -> list[str]:
        notes = written(args, edited or {}, LIMIT).notes
        return [unicodedata.normalize("NFC", line) for line in [*lines(args, edited), *notes]]

    assert drawn({name: one}) != drawn({name: other})
    assert drawn({name: one}, {name: other}) != drawn({name: other}, {name: one})
    for in_words in (in_line({name: one}, 300), title("pay", {name: one})):
        other_words = {in_line({name: other}, 300), title("pay", {name: other})}
        assert unicodedata.normalize("NFC", in_words) not in {
            unicodedata.normalize("NFC", each) for each in other_words
        }


@pytest.mark.parametrize(
    ("name", "said"),
    [("order_id", "order id"), ("amount", "amount"), ("_x", '"_x"'), ("a__b", '"a__b"'), ("a b", '"a b"'), ("", '""')],
)
def test_a_label_is_the_name_in_words_where_no_other_name_has_the_same(name: str, said: str) -> None:
    assert label(name) == said


DECLARED = Labels.of(["order", "order_id", "reason", "reason_for_it", "amount"])


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ({"order_id": 1042, "amount": 80, "reason": "it came late"}, "order id 1042 · amount 80 · reason it came late"),
        ({"order_id": "A 7", "reason": "see order 7"}, "order id A 7 · reason see order 7"),
        ({"order": "id 7"}, 'order "id 7"'),
        ({"reason": "for it 7"}, 'reason "for it 7"'),
        ({"reason": "for it"}, 'reason "for it"'),
        ({"reason": "x · amount 7"}, 'reason "x · amount 7"'),
        ({"reason": "x" * 90, "amount": 1, "order": "y" * 40}, f"reason {'x' * 90} · amount 1\norder {'y' * 40}"),
    ],
)
def test_short_arguments_of_a_known_tool_share_a_line(args: dict[str, Any], shown: str) -> None:
    assert "\n".join(drawn_as(written(args, {}, LIMIT, DECLARED).parts)) == shown


OWN = st.dictionaries(
    st.sampled_from(["order", "order_id", "order_id_1"]),
    VALUE | st.lists(st.sampled_from(["id", "1", " ", "order", "x", " · "]), max_size=6).map("".join),
    max_size=3,
)


@given(OWN, OWN)
def test_different_calls_of_a_known_tool_look_different(one: dict[str, Any], other: dict[str, Any]) -> None:
    labels = Labels.of(["order", "order_id", "order_id_1"])
    if not same(one, other):
        assert drawn_as(written(one, {}, LIMIT, labels).parts) != drawn_as(written(other, {}, LIMIT, labels).parts)
        assert in_line(one, 3000, labels) != in_line(other, 3000, labels)
