"""The docstring's two parts: the first paragraph, and a hint for each argument."""

import pytest
from inline_snapshot import snapshot

from graphs.agent.docstring import Docstring, parse


def test_the_first_paragraph_and_the_hints_are_read():
    text = """Cancel an order
        before it ships.

        Long words about it.

        Args:
            order_id: Which one.
            reason (str, optional): Why: in
                two lines,

                or three.
            *rest: The others.
            nothing:

        Raises:
            KeyError: when it is gone.
    """
    assert parse(text) == snapshot(
        Docstring(
            description="Cancel an order before it ships.",
            arguments={
                "order_id": "Which one.",
                "reason": "Why: in two lines, or three.",
                "rest": "The others.",
                "nothing": "",
            },
        )
    )


@pytest.mark.parametrize("text", ["", "   \n  ", "Args:\n    x: One."])
def test_there_may_be_no_description(text: str):
    assert parse(text).description == ""


@pytest.mark.parametrize("heading", ["Args", "Arguments", "Parameters"])
def test_the_section_has_several_names(heading: str):
    assert parse(f"Do.\n{heading}:\n  x: One.").arguments == {"x": "One."}


def test_without_a_section_there_are_no_hints():
    assert parse("Do.\n\nx: not a hint.") == Docstring("Do.", {})
