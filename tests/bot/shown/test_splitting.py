"""A long reply is several messages: each reads well alone, and together they are the reply."""

import re

import pytest
from markdown_it import MarkdownIt

from bot.shown.markdown import reply_markdown
from bot.shown.splitting import parts

EVIL = "https://evil.example"


def code_in(markdown: str) -> str:
    """The contents of all fences, as CommonMark reads them."""
    return "".join(block.content for block in MarkdownIt("commonmark").parse(markdown) if block.type == "fence")


def balanced(part: str) -> bool:
    return len(re.findall(r"^[ >]*(?:[-*+] )?```", part, re.MULTILINE)) % 2 == 0


def test_a_fence_that_is_cut_is_closed_and_begun_again() -> None:
    lines = [f"row[{n}](x) = {'y' * 50}" for n in range(900)]
    text = "Here:\n\n```python\n" + "\n".join(lines) + "\n```\n\nThat is all."
    shown = [reply_markdown(part) for part in parts(text, 11_000, 50)]
    assert len(shown) > 4
    assert all(balanced(part) for part in shown)
    assert all(len(part) < 12_000 for part in shown)
    assert all(part.startswith("```python\n") for part in shown[1:])
    assert "".join(code_in(part) for part in shown) == "\n".join(lines) + "\n"
    assert shown[-1].endswith("\n```\n\nThat is all.")


@pytest.mark.parametrize(("before", "indent"), [("1. Run:\n", "   "), ("> Look\n", "> "), ("- x\n", "  ")])
def test_so_is_one_in_a_list_or_a_quote(before: str, indent: str) -> None:
    body = "".join(f"{indent}line {n} of the code\n" for n in range(1500))
    text = f"{before}{indent}```sh\n{body}{indent}```\nEnd."
    shown = list(parts(text, 11_000, 50))
    assert len(shown) > 2
    assert all(balanced(part) for part in shown)
    assert all(part.startswith(f"{indent}```sh\n") for part in shown[1:])


@pytest.mark.parametrize(
    "whole",
    [f"[a label of words]({EVIL}/a)", "`a code span`", "| a | row | of | a | table |", "🏳️‍🌈", "👩🏽‍💻", "🇩🇪", "Ế"],
)
def test_a_message_ends_outside_of_what_belongs_together(whole: str) -> None:
    separator = "\n" if whole.startswith("|") else " " if " " in whole else ""
    text = separator.join([whole] * 2000)
    for limit in range(1000, 1030):
        cut = list(parts(text, limit, 500))
        assert len(cut) > 1
        for part in cut:
            assert part.replace(whole, "").strip() == ""


def test_a_reply_is_cut_between_its_paragraphs_where_there_are_some() -> None:
    text = "\n\n".join(["A sentence of a paragraph.\nAnother."] * 100)
    assert all(part.endswith("\n\n") for part in list(parts(text, 500, 50))[:-1])
    assert "".join(parts(text, 500, 50)) == text


def test_a_reply_without_end_is_cut_and_says_so() -> None:
    shown = list(parts("word " * 100_000, 1000, 3))
    assert len(shown) == 3
    missing = int(shown[-1].rsplit("… (+", 1)[1].removesuffix(" characters)"))
    assert missing == 500_000 - len("".join(shown).rsplit("\n\n…", 1)[0])


@pytest.mark.parametrize("mark", ["[", "](", "`", "```\n", "\n", " ", "<", "\u200d", "e\u0301", "🇩🇪"])
def test_the_work_for_a_part_depends_on_the_part(mark: str) -> None:
    assert len(list(parts(mark * (100_000 // len(mark)), 11_000, 10))) <= 10
