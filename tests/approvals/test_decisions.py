"""C1, C7: only the exact shapes are decisions, and only `{"type": "approve"}` approves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from graphs.approvals.decisions import DECISION_SCHEMA, Approve, Edit, Reject, Respond, UnknownDecision, parse_decision

SHAPES: list[tuple[dict[str, Any], object]] = [
    ({"type": "approve"}, Approve()),
    ({"type": "edit", "edited_action": {"name": "pay", "args": {"amount": 30}}}, Edit("pay", {"amount": 30})),
    ({"type": "edit", "edited_action": {"name": "pay", "args": {}}}, Edit("pay", {})),
    ({"type": "reject"}, Reject()),
    ({"type": "reject", "message": "too much"}, Reject("too much")),
    ({"type": "respond", "message": "done by hand"}, Respond("done by hand")),
]
OTHERS: list[Any] = [
    *(None, "", 0, 1, True, "yes", "approve", "APPROVE", {}, [], [{"type": "approve"}]),
    *({"type": each} for each in (None, "", 0, 1, True, "yes", "APPROVE", "approve ", "approved", ["approve"], {})),
    {"type": "approve", "message": "with a condition"},
    {"type": "approve", "edited_action": {"name": "pay", "args": {}}},
    {"approve": True},
    {"decision": {"type": "approve"}},
    {"decisions": [{"type": "approve"}]},
    {"type": "edit"},
    {"type": "edit", "edited_action": {"name": "pay"}},
    {"type": "edit", "edited_action": {"args": {}}},
    {"type": "edit", "edited_action": {"name": 1, "args": {}}},
    {"type": "edit", "edited_action": {"name": "pay", "args": "{}"}},
    {"type": "edit", "edited_action": {"name": "pay", "args": []}},
    {"type": "edit", "edited_action": {"name": "pay", "args": {}, "id": 1}},
    {"type": "edit", "edited_action": {"name": "pay", "args": {}}, "message": "x"},
    {"type": "edit", "args": {}},
    {"type": "reject", "message": None},
    {"type": "reject", "reason": "too much"},
    {"type": "respond"},
    {"type": "respond", "message": 1},
]
validator = Draft202012Validator(dict(DECISION_SCHEMA))

wild = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["approve", "edit", "reject", "respond"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["type", "message", "edited_action", "name", "args", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(("wire", "decision"), SHAPES)
def test_c1_the_exact_shapes_are_decisions(wire: dict[str, Any], decision: object):
    assert parse_decision(wire) == decision
    assert validator.is_valid(wire)


@pytest.mark.parametrize("wire", OTHERS, ids=repr)
def test_c7_everything_else_is_no_decision(wire: Any):
    with pytest.raises(UnknownDecision, match="and nothing beside it"):
        parse_decision(wire)
    assert not validator.is_valid(wire)


@given(wild)
def test_c7_only_the_exact_decision_approves(wire: Any):
    try:
        decision = parse_decision(wire)
    except UnknownDecision:
        assert not validator.is_valid(wire)
        return
    assert validator.is_valid(wire)
    assert isinstance(decision, Approve) == (wire == {"type": "approve"})


def test_a_decision_knows_its_verb():
    assert [parse_decision(wire).verb for wire, _ in SHAPES] == [wire["type"] for wire, _ in SHAPES]
