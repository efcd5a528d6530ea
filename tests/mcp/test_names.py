"""What models call a server's tool."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.mcp.names import SERVER_NAME, wire_name

servers = st.from_regex(SERVER_NAME, fullmatch=True) | st.text(alphabet="ab_-", min_size=1, max_size=8)
tools = st.text(min_size=1, max_size=128) | st.text(alphabet="ab_-.", min_size=1, max_size=8)


@given(servers, tools)
def test_it_has_the_letters_that_wires_allow(server: str, tool: str):
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", wire_name(server, tool))


@given(st.tuples(servers, tools), st.tuples(servers, tools))
def test_two_tools_never_share_it(one: tuple[str, str], other: tuple[str, str]):
    assert (wire_name(*one) == wire_name(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b__c"), ("a__b", "c")),
        (("a_", "b"), ("a", "_b")),
        (("a", "b.c"), ("a", "b_c")),
        (("a", "x" * 100 + "1"), ("a", "x" * 100 + "2")),
    ],
)
def test_names_that_look_alike_differ(one: tuple[str, str], other: tuple[str, str]):
    assert wire_name(*one) != wire_name(*other)


def test_a_plain_name_cannot_be_made_to_look_like_another_tools():
    odd = wire_name("a", "delete!")
    assert wire_name("a", odd.removeprefix("a__")) != odd


def test_a_usual_name_is_read_at_once():
    assert wire_name("git", "git_status") == "git__git_status"
