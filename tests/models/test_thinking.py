"""However a text is cut into pieces, the same of it is said, and no thought."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.models.thinking import Spoken
from graphs.texts.surrogates import Pieces, mended, mended_json, mended_tree

PARTS = [
    "<think>",
    "</think>",
    "<thin",
    "k>",
    "`",
    "```",
    "\n",
    "\n\n",
    " ",
    "a",
    "<",
    "</",
    "<reasoning >",
    "</REASONING>",
    "[THINK]",
    "[/THINK]",
    "◁think▷",
    "<seed:think a='1'>",
    "</ think>",
    "<|channel|>analysis<|message|>",
    "<|end|><|start|>assistant",
    "<|channel|>final<|message|>",
]


def said(pieces: list[str]) -> tuple[str, str]:
    """What was given piece by piece, and the whole at the end."""
    spoken = Spoken()
    given_ = "".join([*map(spoken.add, pieces), spoken.end()])
    return given_, spoken.text


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join), st.data())
def test_it_does_not_matter_how_a_text_is_cut(text: str, data: st.DataObject):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert said(pieces)[1] == said([text])[1]


@given(st.text(st.characters(exclude_characters="<")))
def test_a_text_without_tags_is_said_as_it_is(text: str):
    assert said([text]) == (text, text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>a</think>b", "b"),
        ("<think>a `b</think>c", "c"),
        ("<think>a<think>b</think>c</think>d", "d"),
        ("a</think>b", "b"),
        ("a `</think>` b", "a `</think>` b"),
        ("it`s <think>a</think>", "it`s <think>a</think>"),
        ("it`s\n\n<think>a</think>b", "it`s\n\nb"),
        ("1 <b>2</b> <thinker>", "1 <b>2</b> <thinker>"),
        ("<think>", ""),
        ("[THINK]a[/THINK]b [think] c", "b "),
        ("◁think▷a◁/think▷b", "b"),
        ("<seed:think>a</seed:think>b", "b"),
        ("<think budget='10'>a</ think>b", "b"),
        ("<|START_THINKING|>a<|END_THINKING|>b", "b"),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b", "b"),
        ("[1] [thinker] <b>c</b> <analysis>d</analysis> <|x|>", "[1] [thinker] <b>c</b> <analysis>d</analysis> <|x|>"),
        ("  ", "  "),
    ],
)
def test_what_is_said(text: str, left: str):
    assert said([text])[1] == left


def test_a_model_that_is_known_to_think_first_says_nothing_until_it_has():
    spoken = Spoken(starts_in_thought=True)
    assert [*map(spoken.add, ["hm", "</think>", "Hello"]), spoken.end()] == ["", "", "Hello", ""]
    spoken = Spoken(starts_in_thought=True)
    assert [*map(spoken.add, ["Hello", " you"]), spoken.end()] == ["", "", "Hello you"]


@given(st.text(st.characters(categories=["L", "Cs"])), st.data())
def test_halves_of_pairs_are_mended_however_a_text_is_cut(text: str, data: st.DataObject):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=5)))
    pieces = Pieces()
    given_ = [pieces.add(text[start:end]) for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = "".join([*given_, pieces.end()])
    assert whole == mended(text)
    whole.encode()


def test_halves_of_pairs_are_mended_in_json():
    assert mended("a\ud83d\ude00b\ude00") == "a😀b\ufffd"
    assert mended_json(r'"\ud83d\ude00 \uDE00 \\ud83d"') == r'"\ud83d\ude00 \ufffd \\ud83d"'
    assert mended_tree({"\ud83d": ["\ud83d\ude00", 1, None]}) == {"\ufffd": ["😀", 1, None]}
