"""Whatever a tool takes: its call, submitted as its form shows it, is the very same call; and every view is one that
Slack takes and that keeps the standard of forms.
"""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AnyUrl,
    AwareDatetime,
    BaseModel,
    Field,
    HttpUrl,
    NaiveDatetime,
    SecretStr,
    StringConstraints,
    create_model,
)

from bot.forms.forms import PAGE, PAGES, Form
from bot.forms.modals import edit_modal
from bot.shown import naming
from graphs.agent.arguments import validate
from graphs.agent.schema import parameters_schema
from graphs.agent.typed import TypedArguments
from tests.bot.forms.test_forms import state_of
from tests.support import linter


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Address(BaseModel):
    street: str
    number: int = 1
    since: date | None = None


FEW = ("small", "medium", "large")
SOME = tuple(f"size {number}" for number in range(30))
MANY = tuple(f"city {number}" for number in range(150))
LENGTHY = tuple(f"{number} {'long ' * 40}" for number in range(4))

TEXT = st.text(max_size=90)
MINUTES = st.integers(1_000_000_000 // 60 + 1, 9_999_999_999 // 60).map(
    lambda minutes: datetime.fromtimestamp(60 * minutes, UTC).replace(tzinfo=None)
)
MOMENTS = st.datetimes() | MINUTES
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-3, minutes=-30))])
AWARE = st.builds(lambda moment, zone: moment.replace(tzinfo=zone), MOMENTS, ZONES)
NUMBERS = st.decimals(-(10**9), 10**9, places=2) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**40)
)

KINDS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (str, TEXT),
    (Annotated[str, StringConstraints(min_length=1, max_length=4000)], st.text(min_size=1, max_size=4000)),
    (int, st.integers()),
    (Annotated[int, Field(ge=1, le=50)], st.integers(1, 50)),
    (Decimal, NUMBERS),
    (Annotated[Decimal, Field(ge=0, le=500, decimal_places=2)], st.decimals(0, 500, places=2)),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (bool, st.booleans()),
    (Literal[FEW], st.sampled_from(FEW)),
    (Literal[SOME], st.sampled_from(SOME)),
    (Literal[MANY], st.sampled_from(MANY)),
    (Literal[LENGTHY], st.sampled_from(LENGTHY)),
    (Literal[1, "1", True, None], st.sampled_from([1, "1", True, None])),
    (Colour, st.sampled_from(Colour)),
    (Level, st.sampled_from(Level)),
    (list[Literal[FEW]], st.lists(st.sampled_from(FEW), max_size=4)),
    (list[Literal[SOME]], st.lists(st.sampled_from(SOME), max_size=9, unique=True)),
    (list[Literal[MANY]], st.lists(st.sampled_from(MANY), max_size=9, unique=True)),
    (set[Colour], st.sets(st.sampled_from(Colour))),
    (list[str], st.lists(TEXT, max_size=3)),
    (date, st.dates()),
    (time, st.times() | st.builds(time, st.integers(0, 23), st.integers(0, 59))),
    (datetime, MOMENTS | AWARE),
    (NaiveDatetime, MOMENTS),
    (AwareDatetime, AWARE),
    (timedelta, st.timedeltas(timedelta(0), timedelta(days=400))),
    (
        Annotated[str, Field(json_schema_extra={"format": "email"})],
        st.sampled_from(["ana@example.com", "o'hara+x@mail.example.org"]),
    ),
    (HttpUrl, st.sampled_from(["https://example.com", "http://example.com/a?b=1#c"])),
    (AnyUrl, st.sampled_from(["ftp://example.com/x", "mailto:a@b.example"])),
    (UUID, st.uuids()),
    (bytes, st.text(max_size=20).map(str.encode)),
    (Address, st.builds(Address, street=TEXT, number=st.integers(), since=st.none() | st.dates())),
    (list[Address], st.lists(st.builds(Address, street=TEXT), max_size=3)),
    (dict[str, int], st.dictionaries(TEXT, st.integers(), max_size=3)),
    (Any, st.none() | st.booleans() | st.integers() | TEXT | st.lists(st.integers(), max_size=3)),
    (int | str, st.integers() | TEXT),
    (SecretStr, TEXT),
]


@st.composite
def proposals(draw: st.DrawFn) -> tuple[type[BaseModel], dict[str, Any]]:
    """A tool's arguments, and values that it takes."""
    parts: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for number in range(draw(st.integers(1, 24))):
        name = draw(st.sampled_from(["order_id", "amount", "note", "sku", "when", "to"])) + f"_{number}"
        kind, good = draw(st.sampled_from(KINDS))
        default: Any = ...
        if draw(st.booleans()):
            kind, good, default = kind | None, st.none() | good, None
        parts[name] = (kind, default)
        if default is ... or draw(st.booleans()):
            values[name] = draw(good)
    return create_model("Proposed", **parts), values


@settings(deadline=None, max_examples=150)
@given(proposals(), st.sampled_from(["", "Europe/Berlin", "Asia/Kathmandu", "America/Los_Angeles"]))
def test_a_call_submitted_as_its_form_shows_it_is_the_same_call(
    proposal: tuple[type[BaseModel], dict[str, Any]], zone: str
):
    model, values = proposal
    proposed = validate("book", TypedArguments(model), values)
    form = Form(parameters_schema(model), json.loads(proposed.data), zone)
    if form.unsupported is not None:
        return
    shown, pages = form, form.pages
    state = {block: held for page in pages for block, held in state_of(page).items()}
    form = Form(parameters_schema(model), json.loads(proposed.data))  # as when the reader's zone is not known any more
    assert validate("book", TypedArguments(model), form.read(state)).data == proposed.data
    assert len(pages) <= PAGES
    for number, page in enumerate(pages):
        inputs = [block for block in page if block["type"] == "input"]
        assert len(inputs) <= PAGE
        place = (number + 1, len(pages))
        view = edit_modal("edit", "0f" * 16, naming.in_words("book"), page, place=place, problem="No.")
        assert [each for each in linter.view(view) if "is Python" not in each and "shows an id" not in each] == []
        assert shown.page(number, state) == page


@settings(deadline=None, max_examples=50)
@given(proposals())
def test_one_emptied_input_changes_no_other_argument(proposal: tuple[type[BaseModel], dict[str, Any]]):
    model, values = proposal
    proposed = validate("book", TypedArguments(model), values)
    form = Form(parameters_schema(model), json.loads(proposed.data))
    state = {block: held for page in form.pages for block, held in state_of(page).items()}
    before = form.read(state) if state else {}
    for block in (block for page in form.pages for block in page if block.get("optional")):
        (action,) = state[block["block_id"]]
        emptied = {**state, block["block_id"]: {action: {"type": block["element"]["type"]}}}
        after = form.read(emptied)
        changed = {name for name in before.keys() | after.keys() if before.get(name, ...) != after.get(name, ...)}
        assert len(changed) <= 1
