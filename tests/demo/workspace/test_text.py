"""What a person types becomes what Slack stores, in one pass."""

import pytest

from bot.demo.workspace import HARBOUR_GOODS
from bot.demo.workspace.text import to_wire


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["z", "1", "-", ".", "a.", "a@", "a@b", "@", "#", "<", "http://", "<@U", "a@b."])
def test_a_long_message_is_read_in_one_pass(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    assert to_wire(text, HARBOUR_GOODS).replace("&lt;", "<").replace("<mailto:", "").replace("http", "")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("write to a.b+c@d-e.example.", "write to <mailto:a.b+c@d-e.example|a.b+c@d-e.example>."),
        ("@lea and a@b, a@b.c", "<@U0LEA> and a@b, <mailto:a@b.c|a@b.c>"),
    ],
)
def test_addresses_are_marked(typed: str, stored: str) -> None:
    assert to_wire(typed, HARBOUR_GOODS) == stored
